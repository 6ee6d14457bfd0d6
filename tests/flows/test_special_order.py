"""A special order from its application to its endings (DOMAIN 7, DOMAIN-BRANCHES 7)."""

from datetime import date
from decimal import Decimal

import pytest
import time_machine

from schemas.words import LinkKind
from tasks.desk.chain import waits_of
from tasks.durable import clock
from tasks.durable.process import PROCESSES
from tasks.durable.stage import advance
from tasks.notices.watch import watch_deadlines
from tests.flows.specials import DOOR, SHELF, changed, edited, offered, order
from tests.play import Play, cells

CHAIN = "特殊订货申报 → 初步审核 → 确认生产 → 确认价格和周期 → 审批 → 回复申报方 → 下单生产"


def due(play: Play, case: int, key: str) -> str:
    item = play.items(case)[key]
    return f"{item.role} {item.due_at.astimezone(clock.now().tzinfo):%m-%d}"


def silent(play: Play, today: time_machine.Traveller, case: int, key: str) -> None:
    """Let nobody answer an item until its time is over."""
    today.move_to(play.items(case)[key].expires_at)
    assert play.time_out(case, key).accepted
    advance(play.db, case)


def test_drawings_dimensions_material_colour_quantity_and_day_are_kept_from_application_to_delivery(play: Play) -> None:
    case = order(play, DOOR, SHELF)
    assert play.finish(case) == "delivered"
    line, other = play.lines(case)
    assert (line.specification, line.colour, line.quantity) == ("800×600×18 实木颗粒板 图号 DZ-0880", "胡桃木", 2)
    assert (other.specification, other.colour, other.quantity) == ("450×450 多层板 图号 DZ-0881", "白橡", 1)
    assert [document.content["wanted_on"] for document in play.documents(case, "TD")] == ["2026-12-30"] * 2


def test_the_links_of_a_played_order_wait_for_whom_the_chain_says(play: Play) -> None:
    case = order(play)
    assert play.finish(case) == "delivered"
    found = play.rows("SELECT link, role FROM work_item WHERE case_id = :case AND role <> 'SYSTEM'", case=case)
    opened, said = {(row.link, row.role) for row in found}, waits_of(PROCESSES["SO"])
    assert PROCESSES["SO"].chain == CHAIN
    assert {link for link, _ in opened} == {link for link, _ in said} - {"特殊订货申报"}
    assert {(link, wait.role) for link, wait in said if wait.kind is LinkKind.GATE} <= opened


def test_each_gate_has_its_role_and_term(play: Play) -> None:
    case, found = order(play), list[str]()  # on Wednesday 11-18
    for key in ("review-1", "makeable", "proposal-1", "approve-offer-1-0", "offer-1"):
        play.run_to(case, key)
        found.append(due(play, case, key))
    assert found == ["PARTS_REVIEWER 11-19", "WORKSHOP 11-20", "PLANNER 11-20", "PARTS_REVIEWER 11-19", "OFFICE 11-25"]


def test_an_order_that_lacks_something_cannot_pass_and_is_completed_by_the_office(play: Play) -> None:
    case = order(play, DOOR | {"图号": "", "材质": ""}, 要求日期="")
    assert play.items(case)["review-1"].brief[-3:] == [
        "缺 missing: 图号 drawing",
        "缺 missing: 材质 material",
        "缺 missing: 要求日期 wanted on",
    ]
    told = play.refused(case, "review-1", 初审结论="通过")
    assert "第1行 row 1, 图号 drawing" in told
    assert "要求日期 wanted on" in told
    assert "退回或驳回时必填" in play.refused(case, "review-1", 初审结论="退回办事处")
    play.decide(case, "review-1", 初审结论="退回办事处", 原因="缺图号、材质、日期")
    rows = edited(case, play, "resubmit-1", 图号="DZ-1", 材质="橡木")
    assert play.state(case) == "特殊订货申报"
    play.decide(case, "resubmit-1", 要求日期="2026-12-30", 明细=rows)
    assert play.finish(case) == "delivered"
    assert [document.content["edition"] for document in play.documents(case, "TD")] == [1, 2, 3]
    assert play.lines(case)[0].specification == "800×600×18 橡木 图号 DZ-1"


def test_an_office_that_does_not_complete_its_order_lets_it_lapse(play: Play, today: time_machine.Traveller) -> None:
    case = order(play, DOOR | {"图号": ""})
    play.decide(case, "review-1", 初审结论="退回办事处", 原因="缺图号")
    silent(play, today, case, "resubmit-1")
    assert play.case(case).ending == "lapsed"


def test_a_reviewer_may_reject_an_order(play: Play) -> None:
    case = order(play)
    play.decide(case, "review-1", 初审结论="驳回", 原因="标准件可满足")
    assert (play.case(case).ending, play.case(case).ending_reason) == ("rejected", "标准件可满足")
    (told,) = play.rows("SELECT role, text FROM notice WHERE case_id = :case", case=case)
    assert (told.role, "已驳回：标准件可满足" in told.text) == ("OFFICE", True)


def test_what_the_workshop_cannot_make_ends_as_cannot_be_made(play: Play) -> None:
    case = order(play)
    play.run_to(case, "makeable")
    assert "改动或不能生产时必填" in play.refused(case, "makeable", 生产结论="不能生产")
    play.decide(case, "makeable", 生产结论="不能生产", 原因="超出机台宽度")
    assert (play.case(case).ending, play.case(case).ending_reason) == ("cannot_be_made", "超出机台宽度")


def test_the_workshop_says_changes_by_the_lines_and_in_words(play: Play) -> None:
    case = order(play)
    play.run_to(case, "makeable")
    rows = edited(case, play, "makeable", 尺寸="800×590×18")
    assert "请写成改动后的样子" in play.refused(case, "makeable", 生产结论="改动后可生产", 原因="太宽")
    assert "明细有改动" in play.refused(case, "makeable", 生产结论="可以生产", 明细=rows)
    assert "改动或不能生产时必填" in play.refused(case, "makeable", 生产结论="改动后可生产", 明细=rows)


def test_changes_go_to_the_applicant_and_count_once_agreed(play: Play) -> None:
    case = changed(play)
    assert (due(play, case, "changes"), play.state(case)) == ("OFFICE 11-25", "确认生产")
    assert play.items(case)["changes"].brief[0] == "须改动 Changes: **机台最宽590**"
    assert play.finish(case) == "delivered"
    assert "800×590×18" in play.lines(case)[0].specification


def test_an_applicant_may_decline_changes(play: Play) -> None:
    case = changed(play)
    assert "不同意时必填" in play.refused(case, "changes", 改动意见="不同意")
    play.decide(case, "changes", 改动意见="不同意", 原因="尺寸不合")
    assert (play.case(case).ending, play.case(case).ending_reason) == ("declined", "尺寸不合")


@pytest.mark.parametrize("key", ["changes", "offer-1"])
def test_changes_and_offers_are_due_in_5_days_with_a_reminder_and_lapse_after_10(
    play: Play, today: time_machine.Traveller, key: str
) -> None:
    case = changed(play) if key == "changes" else offered(play, order(play))
    item = play.items(case)[key]
    assert (item.due_at.date(), item.expires_at.date()) == (date(2026, 11, 25), date(2026, 12, 2))
    today.move_to(item.due_at)
    watched = watch_deadlines(play.db, clock.now())
    assert watched is not None
    assert len(watched.told) == 1
    silent(play, today, case, key)
    assert play.case(case).ending == "lapsed"


def test_the_ladder_approves_from_its_first_rung_by_somebody_who_did_not_review(play: Play) -> None:
    case = order(play)
    play.run_to(case, "proposal-1")
    play.decide(case, "proposal-1", 明细={1: {"单价": 6000}}, 定金=0)  # two of them: 12,000
    for rung, role in enumerate(("PARTS_REVIEWER", "SUPERVISOR", "MANAGER")):
        key = f"approve-offer-1-{rung}"
        assert (play.items(case)[key].role, play.state(case)) == (role, "审批")
        if rung == 0:
            (reviewer,) = {entry.actor for entry in play.timeline(case) if entry.step_key == "review-1"}
            assert "不能审批" in play.refused(case, key, staff=reviewer)
        play.decide(case, key)
    assert "offer-1" in play.items(case)


def test_a_refused_approval_is_followed_by_one_new_offer(play: Play) -> None:
    case = order(play)
    play.run_to(case, "approve-offer-1-0")
    play.decide(case, "approve-offer-1-0", 审批结论="不同意", 原因="价低于成本")
    assert play.state(case) == "确认价格和周期"
    assert play.items(case)["proposal-2"].brief[0] == "重新报价 A new offer: **价低于成本**"
    play.run_to(case, "approve-offer-2-0")
    play.decide(case, "approve-offer-2-0", 审批结论="不同意", 原因="仍低")
    assert (play.case(case).ending, play.case(case).ending_reason) == ("rejected", "仍低")


def test_an_applicant_may_decline_the_offer(play: Play) -> None:
    case = offered(play, order(play))
    play.decide(case, "offer-1", 答复="不同意报价", 原因="太贵")
    assert (play.case(case).ending, play.case(case).ending_reason) == ("declined", "太贵")


def test_production_and_delivery_are_those_of_a_parts_application_from_its_order_on(play: Play) -> None:
    case = order(play)
    assert play.finish(case) == "delivered"
    (sent,) = play.rows("SELECT * FROM outbox WHERE case_id = :case", case=case)
    assert (sent.kind, [line["quantity"] for line in sent.payload["lines"]]) == ("place_order", ["2"])
    assert [len(play.documents(case, kind)) for kind in ("RK", "CK", "FH", "ZX")] == [2, 1, 1, 1]
    (line,) = play.lines(case)
    days = (line.promised, line.made_on, line.in_on, line.out_on, line.picked_on)
    assert days == (date(2026, 12, 9), *[date(2026, 11, 18)] * 4)
    assert play.moved(case, "production_in") == {line.part: Decimal(2)}
    assert play.moved(case, "delivery_out") == {line.part: Decimal(-2)}


def test_the_days_that_were_agreed_are_promised_and_asked_of_nobody_again(play: Play) -> None:
    case = order(play, 紧急程度="加急")
    play.run_to(case, "proposal-1")
    assert play.items(case)["proposal-1"].prefill["明细"][0]["周期天数"] == 10
    play.decide(case, "proposal-1", 明细={1: {"周期天数": 4}}, 定金=0)
    play.run_to(case, "produce-1-custom-1")
    assert play.lines(case)[0].promised == date(2026, 11, 24)
    assert "cycle-1" not in play.keys(case)


def test_what_is_made_is_an_item_of_its_own_at_the_agreed_price_and_no_standard_part(play: Play) -> None:
    case = offered(play, order(play, DOOR, DOOR | {"尺寸": "900×600×18"}), 1234.5)
    assert play.finish(case) == "delivered"
    items = play.rows(
        "SELECT code, price, category, made_for FROM part JOIN part_price ON part = code WHERE made_for IS NOT NULL"
    )
    assert [(one.code, one.price, one.category, one.made_for) for one in items] == [
        (f"TZ{case}-{no}", Decimal("1234.50"), "CUSTOM", case) for no in (1, 2)
    ]
    from tasks.lookups.parts import find_parts
    from tasks.sheets.queries import template_lists

    with play.db.connect() as connection:
        listed = [name for names in template_lists(connection).values() for name in names]
        assert not [name for name in listed if "TZ" in name]
        assert list(find_parts(connection, f"TZ{case}").rows) == []


def test_made_to_order_goods_go_back_only_with_a_defect_as_the_signed_order_says(play: Play) -> None:
    case = offered(play, order(play))
    said = play.documents(case, "TD")[-1].content
    assert "定制商品，无质量问题不退换" in said["clause"]
    assert any("无质量问题不退换" in line for line in play.items(case)["offer-1"].brief)
    assert "consent must be signed" in play.refused(case, "offer-1", 答复="同意报价", 签字日期="")


def test_an_anomaly_that_stops_production_ends_it_as_cannot_be_made(play: Play) -> None:
    case = order(play)
    play.run_to(case, "produce-1-custom-1")
    play.decide(case, "produce-1-custom-1", 明细=[{"行号": 1, "完成数量": 0, "异常说明": "板材断货"}])
    play.settle(case, "anomaly-1-1-1", "让步接收", 申报方同意="客户同意不做")
    play.decide(case, "give-back")
    assert play.case(case).ending == "cannot_be_made"


def test_what_an_anomaly_orders_again_is_the_same_item_and_leaves_once_it_is_paid(play: Play) -> None:
    case = order(play)
    play.run_to(case, "produce-1-custom-1")
    play.decide(case, "produce-1-custom-1", 明细=[{"行号": 1, "完成数量": 0, "异常说明": "板材开裂"}])
    again = play.ordered(play.settle(case, "anomaly-1-1-1", "重新制作"))
    assert [line.part for line in play.lines(again)] == [f"TZ{case}-1"]
    assert list(play.items(case)) == ["balance-1"]
    assert (play.finish(case), play.finish(again)) == ("replaced", "delivered")


def test_a_special_order_may_be_withdrawn_by_its_applicant_until_production_has_started(play: Play) -> None:
    case = offered(play, order(play))
    assert play.withdraw(case, play.case(case).applicant).accepted
    assert play.case(case).ending == "withdrawn"
    other = order(play)
    play.run_to(other, "produce-1-custom-1")
    refused = play.withdraw(other, play.case(other).applicant)
    assert "生产已开始，只有客服主管可以撤回" in str(refused.problems[0])


def test_goods_that_are_counted_partly_wait_for_what_is_decided(play: Play) -> None:
    case = order(play)
    play.run_to(case, "goods-in-1-1")
    play.decide(case, "goods-in-1-1", 明细=cells("实收数量", {1: 1}, 差异原因="破损一块"))
    assert play.finish(case) == "delivered"


def test_a_withdrawn_order_is_undone_visibly(play: Play) -> None:
    case = order(play)
    play.run_to(case, "goods-out-1-1")
    assert play.withdraw(case, "E1040").accepted
    play.finish(case)
    assert play.case(case).ending == "withdrawn"
    assert [row.kind for row in play.rows("SELECT kind FROM outbox WHERE case_id = :case ORDER BY id", case=case)] == [
        "place_order",
        "cancel_order",
    ]
    assert play.stock(f"TZ{case}-1") == (2, 0)  # made, and kept for nobody


def test_urgent_goods_may_leave_before_their_form_once_they_are_paid(play: Play) -> None:
    case = order(play, 紧急程度="加急")
    play.run_to(case, "balance-1")
    assert not [key for key in play.items(case) if key.startswith("release")]
    play.decide(case, "balance-1")
    play.decide(case, "release-1-1")
    assert play.finish(case) == "delivered"


def test_the_forms_of_a_special_order_hold_contact_data_only_where_they_ask_for_it(play: Play) -> None:
    case = order(play, 客户电话="13800001111", 客户姓名="凌霄", 客户地址="松涛里9栋")
    play.run_to(case, "balance-1")
    shown = play.rows("SELECT brief::text || prefill::text AS text FROM work_item WHERE case_id = :case", case=case)
    assert not [row for row in shown if "13800001111" in row.text or "松涛里" in row.text]


def test_what_was_delivered_is_in_the_sales_records_as_custom_made_and_confirmed(
    play: Play, today: time_machine.Traveller
) -> None:
    """Custom-made goods are refused only if marked and confirmed at purchase (DOMAIN-BRANCHES 5): a return finds it there."""
    case = order(play, DOOR, SHELF)
    offered(play, case, 1000)
    play.run_to(case, "pickup-1")
    today.move_to("2026-11-20T10:00:00+08:00")
    assert play.finish(case) == "delivered"
    row = play.case(case)
    door, shelf = play.rows("SELECT * FROM sales_record WHERE order_no = :no ORDER BY line_no", no=row.number)
    assert (door.custom_made, door.custom_confirmed, shelf.custom_made) == (True, True, True)
    assert (door.quantity, door.price_paid, shelf.quantity, shelf.price_paid) == (2, 2000, 1, 1000)
    assert (door.model, door.customer_phone, door.office) == (f"TZ{case}-1", row.customer_phone, "BJ")
    assert (door.delivery_date, door.signing_date) == (date(2026, 11, 18), date(2026, 11, 20))
    (change, _) = play.rows("SELECT * FROM sales_change WHERE order_no = :no", no=row.number)
    assert (change.staff, change.changes) == (row.applicant, {})


def test_an_order_that_ends_without_its_goods_is_no_sale(play: Play) -> None:
    case = offered(play, order(play))
    play.decide(case, "offer-1", 答复="不同意报价", 原因="太贵")
    assert play.case(case).ending == "declined"
    assert play.rows("SELECT * FROM sales_record WHERE order_no = :no", no=play.case(case).number) == []
