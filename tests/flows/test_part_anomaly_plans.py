"""处理方案, 领导审核, 重新下单生产, 回复申报方: what is done about an anomaly, and who says so (DOMAIN 6)."""

from datetime import date

import pytest

import flows.repair_return
import flows.return_list  # noqa: F401  register RR and its lists
from schemas.words import Role
from tasks.durable.stage import advance
from tests.flows.anomalies import KEY, at, charges, in_production, planned, reported, source
from tests.play import Play, cells, line

LEADERS = "SELECT role FROM work_item WHERE case_id = :case AND link = '领导审核' ORDER BY step_key"
AGAIN = {"处理办法": "重新制作", "货物去向": "报废"}


def test_a_re_make_is_an_urgent_linked_application_without_a_new_review(play: Play) -> None:
    case = source(play)
    again = play.ordered(child := play.settle(case, KEY))
    row, old = play.case(again), play.case(case)
    assert (row.process, row.parent_id, row.urgency) == ("PA", child, "urgent")
    assert (row.order_no, row.applicant, row.customer_phone) == (old.order_no, old.applicant, old.customer_phone)
    play.run_to(again, "plan-1")
    assert "review-1" not in play.keys(again)
    assert "place-order" in play.keys(again)
    (made,) = play.lines(again)
    assert (made.part, made.quantity, made.fee, made.again) == ("P-PB-001", 2, "free", True)


def test_a_re_order_is_exempt_from_the_duplicate_rule(play: Play) -> None:
    case = source(play)
    again = play.ordered(play.settle(case, KEY))
    old, new = play.lines(case)[0], play.lines(again)[0]
    assert (old.open, new.open) == (True, True)
    assert (old.order_no, old.part, old.reason) == (new.order_no, new.part, new.reason)


def test_a_re_send_is_an_application_from_step_4_from_stock(play: Play) -> None:
    case = play.apply([line("P-HW-001", 4), line("P-HW-002", 2)])
    play.run_to(case, "pickup-1")
    play.decide(case, "pickup-1", 核对结果="短少", 明细=cells("完好数量", {1: 3}))
    again = play.ordered(play.settle(case, "anomaly-pickup-1-1", "补发"))
    assert not {"review-1", "place-order"} & set(play.keys(again))
    assert "reserve-stock-1" in play.keys(again)
    assert {"goods-out-1-1"} < set(play.items(again)), "at once, from stock"
    assert play.finish(again) == "delivered"
    assert play.moved(again, "delivery_out") == {"P-HW-001": -1}


def test_a_refund_opens_a_return_for_a_line_of_the_order_and_its_source_owes_nothing_more(play: Play) -> None:
    """Refund → RF."""
    case = source(play)
    child = play.anomaly(case, KEY)
    play.run_to(child, "plan-1")
    play.decide(child, "plan-1", 处理办法="退款", 货物去向="无实物")
    assert play.finish(child) == "settled"
    advance(play.db, case)
    refund = play.ordered(child)
    assert (play.case(refund).process, list(play.items(refund))) == ("RF", ["review-1", "news-1"])
    play.decide(refund, "review-1", 折价比例=5)
    assert play.finish(refund) == "reduced"
    (paid,) = play.rows("SELECT state, amount FROM refund WHERE case_id = :case", case=refund)
    order = play.case(case).order_no
    (sold,) = play.rows("SELECT price_paid, quantity FROM sales_record WHERE order_no = :o AND line_no = 1", o=order)
    assert (paid.state, paid.amount) == ("paid", round(sold.price_paid / sold.quantity * 5 / 100, 2))
    assert play.finish(case)


def test_where_nothing_of_the_order_is_left_to_refund_there_is_no_refund(play: Play) -> None:
    case = source(play)
    child = play.anomaly(case, KEY)
    play.run_to(child, "plan-1")
    play.run("UPDATE sales_record SET returned = quantity WHERE order_no = :o", o=play.case(case).order_no)
    assert "没有可退的商品" in play.refused(child, "plan-1", 处理办法="退款", 货物去向="无实物")
    play.run("UPDATE sales_record SET returned = 0 WHERE order_no = :o", o=play.case(case).order_no)


def repaired(play: Play, case: int, key: str) -> int:
    """Settle an anomaly by a repair, and let its source hear of it; gives the repair at its first gate."""
    child = play.anomaly(case, key)
    play.run_to(child, "plan-1")
    assert "先留在原处" in play.refused(child, "plan-1", 处理办法="返修", 货物去向="入残次品库")
    play.decide(child, "plan-1", 处理办法="返修", 货物去向="留在原处")
    assert play.finish(child) == "settled"
    advance(play.db, case)
    return play.ordered(child)


def test_a_repair_of_what_never_left_the_house_begins_with_its_appraisal(play: Play) -> None:
    """Repair → RR; each says where the goods at hand go."""
    case = source(play)
    repair = repaired(play, case, KEY)
    row = play.case(repair)
    assert (row.process, row.urgency, list(play.items(repair))) == ("RR", "urgent", ["appraise-1"])
    assert play.items(repair)["appraise-1"].role == "WORKSHOP"
    assert play.moved(repair, "damaged_in") == {"P-PB-001": 2}
    assert play.finish(repair) == "repaired"
    assert play.moved(repair, "own_use_out") == {"P-PB-001": -2}
    assert play.finish(case) == "delivered"
    assert play.lines(case)[0].replaced == 2


def test_a_repair_of_what_an_office_has_is_sent_back_by_it_without_a_review(play: Play) -> None:
    case = play.apply([line("P-HW-001", 4)])
    play.run_to(case, "pickup-1")
    play.decide(case, "pickup-1", 核对结果="损坏", 照片编号="IMG-1", 明细=cells("完好数量", {1: 3}))
    repair = repaired(play, case, "anomaly-pickup-1-1")
    assert list(play.items(repair)) == ["list-1"]
    assert "review-1" not in play.keys(repair)
    (stands,) = play.rows("SELECT warehouse FROM stock_movement WHERE case_id = :case", case=repair)
    assert stands.warehouse == "BJ-DAMAGED"
    assert play.finish(case) == "delivered"


def test_what_is_missing_is_not_repaired(play: Play) -> None:
    _, child = at(play, "plan-1", kind="缺件(单货不符)")
    assert "须有实物" in play.refused(child, "plan-1", 处理办法="返修", 货物去向="留在原处")


def test_each_plan_says_where_the_goods_at_hand_go(play: Play) -> None:
    _, child = at(play, "plan-1")
    form = play.answer(child, "plan-1", **AGAIN)
    del form["货物去向"]
    assert "货物去向" in play.refused_form(child, "plan-1", form)
    play.decide(child, "plan-1", **AGAIN)
    assert "货物去向 报废" in play.items(child)["approve-1-1"].brief[-2]


def test_accepting_as_is_needs_the_reporter_s_consent_and_may_reduce_the_price(play: Play) -> None:
    case, child = at(play, "plan-1")
    assert "申报方同意 consent" in play.refused(child, "plan-1", 处理办法="让步接收", 申报方同意="")
    assert "只用于让步接收" in play.refused(child, "plan-1", **AGAIN, 折让金额=50)
    play.decide(child, "plan-1", 处理办法="让步接收", 申报方同意="王先生 11-18", 折让金额="12000")
    play.decide(child, "approve-1-1")
    assert play.items(child)["approve-1-2"].role == "MANAGER", "by the reduction"
    assert play.finish(child) == "settled"
    advance(play.db, case)
    assert play.finish(case) == "delivered"
    assert play.moved(case, "delivery_out") == {"P-PB-001": -1, "P-PT-001": -2}


def test_a_wrong_address_is_redirected(play: Play) -> None:
    _, other = at(play, "plan-1")
    assert "只用于地址错误" in play.refused(other, "plan-1", 处理办法="改送", 新地址="松涛里9栋")
    case = play.apply([line("P-HW-001", 4)], office="TJ")
    child = reported(play, case, 异常类别="地址错误")
    play.run_to(child, "plan-1")
    assert "改送时必填" in play.refused(child, "plan-1", 处理办法="改送", 新地址="")
    assert "没有短缺" in play.refused(child, "plan-1", 处理办法="重新制作")
    play.decide(child, "plan-1", 处理办法="改送", 新地址="松涛里9栋")
    assert play.finish(child) == "settled"
    assert play.finish(case) == "delivered"
    assert play.case(case).customer_address == "松涛里9栋"


def test_what_is_delayed_gets_a_new_date_that_does_not_move_the_promise(play: Play) -> None:
    _, other = at(play, "plan-1")
    assert "只用于延期" in play.refused(other, "plan-1", 处理办法="改期", 新日期="2026-12-10")
    case, child = at(play, "plan-1", kind="延期")
    assert "改期时必填" in play.refused(child, "plan-1", 处理办法="改期", 新日期="")
    assert "不能早于今天" in play.refused(child, "plan-1", 处理办法="改期", 新日期="2026-11-17")
    play.decide(child, "plan-1", 处理办法="改期", 新日期="2026-12-10")
    assert play.finish(child) == "settled"
    advance(play.db, case)
    first, _ = play.lines(case)
    assert (first.planned, first.promised) == (date(2026, 12, 10), date(2026, 11, 27))
    assert play.items(case)["produce-1-panel-2"].prefill["明细"][0]["完成数量"] == 2, "the line is made on"
    assert play.finish(case) == "delivered"


def test_what_is_only_for_another_remedy_is_refused(play: Play) -> None:
    _, child = at(play, "plan-1", kind="延期")
    moved = {"处理办法": "改期", "新日期": "2026-12-10"}
    assert "只用于改期" in play.refused(child, "plan-1", **AGAIN, 新日期="2026-12-10")
    assert "只用于改送" in play.refused(child, "plan-1", **moved, 货物去向="无实物", 新地址="松涛里9栋")
    assert "不重新下单的货留在原处" in play.refused(child, "plan-1", **moved, 货物去向="报废")


def test_a_new_date_is_planned_whoever_reported_the_delay(play: Play) -> None:
    case = in_production(play)
    child = planned(play, reported(play, case, 异常类别="延期"), 处理办法="改期", 新日期="2026-12-10")
    assert play.finish(child) == "settled"
    play.rest()
    days = {(row.planned, row.promised) for row in (play.lines(case)[0], play.orders(case)[0])}
    assert days == {(date(2026, 12, 10), date(2026, 11, 27))}


@pytest.mark.parametrize("kind", ["延期", "其他(不缺货)", "地址错误"])
def test_to_accept_what_is_late_or_of_which_nothing_is_missing_gives_nothing_up(play: Play, kind: str) -> None:
    case = in_production(play)
    child = planned(play, reported(play, case, 异常类别=kind), 处理办法="让步接收", 申报方同意="客户同意")
    assert play.finish(child) == "settled"
    play.rest()
    assert play.finish(case) == "delivered"
    assert play.moved(case, "delivery_out") == {"P-PB-001": -3, "P-PT-001": -2}


def test_a_manager_who_may_not_approve_does_not_decide_the_plan_either(play: Play) -> None:
    play.grant("E1049", Role.MANAGER)  # who applied for the source
    _, child = at(play, "plan-1")
    for turn in (1, 2):
        play.decide(child, f"plan-{turn}", **AGAIN)
        play.decide(child, f"approve-{turn}-1", 审批结论="不同意", 原因="太贵")
    assert "不能审批" in play.refused(child, "plan-3", staff="E1049", **AGAIN)


def test_a_part_that_was_discontinued_is_not_made_again(play: Play) -> None:
    _, child = at(play, "plan-1")
    play.run("UPDATE part SET discontinued_on = '2026-11-01' WHERE code = 'P-PB-001'")
    assert "停产" in play.refused(child, "plan-1", **AGAIN)


def test_a_part_that_is_discontinued_while_its_plan_is_approved_gets_another_plan(play: Play) -> None:
    """A business answer, no fault: the PLANNER hears why and plans anew, the line still waits."""
    _, child = at(play, "plan-1")
    play.decide(child, "plan-1", 处理办法="重新制作", 货物去向="无实物")
    play.run_to(child, "confirm-1")
    play.run("UPDATE part SET discontinued_on = '2026-11-18' WHERE code = 'P-PB-001'")
    play.decide(child, "confirm-1")
    item = play.items(child)["plan-2"]
    assert (item.role, "停产" in "".join(item.brief)) == ("PLANNER", True)
    play.decide(child, "plan-2", 处理办法="让步接收", 货物去向="无实物", 申报方同意="同意")
    assert play.finish(child) == "settled"
    assert not play.rows("SELECT 1 FROM service_case WHERE parent_id = :c AND process = 'PA'", c=child)


def test_a_part_that_was_discontinued_is_not_sent_again_either(play: Play) -> None:
    """What stock does not cover by then would have to be made (DOMAIN 1.1)."""
    _, child = at(play, "plan-1")
    play.run("UPDATE part SET discontinued_on = '2026-11-01' WHERE code = 'P-PB-001'")
    assert "停产" in play.refused(child, "plan-1", 处理办法="补发", 货物去向="报废")


def test_who_made_a_plan_does_not_approve_it(play: Play) -> None:
    """Nobody approves what is their own (DOMAIN, "Approvals"), a PLANNER who is SUPERVISOR too neither."""
    _, child = at(play, "plan-1")
    (planner, *_) = play.holders(Role.PLANNER)
    play.grant(planner, Role.SUPERVISOR)
    play.decide(child, "plan-1", staff=planner, **AGAIN)
    assert "不能审批" in play.refused(child, "approve-1-1", staff=planner)
    other = next(code for code in play.holders(Role.SUPERVISOR) if code != planner)
    play.decide(child, "approve-1-1", staff=other)


def test_the_planner_has_a_working_day(play: Play) -> None:
    _, child = at(play, "plan-1")
    item = play.items(child)["plan-1"]
    assert (item.role, item.due_at.isoformat()) == ("PLANNER", "2026-11-19T09:30:00+00:00")


def test_a_refused_plan_is_followed_by_a_new_one_and_after_two_the_manager_decides(play: Play) -> None:
    case, child = at(play, "plan-1")
    for turn in (1, 2):
        play.decide(child, f"plan-{turn}", **AGAIN)
        play.decide(child, f"approve-{turn}-1", 审批结论="不同意", 原因=f"太贵 {turn}")
    item = play.items(child)["plan-3"]
    assert (item.role, "太贵 2" in item.brief[0]) == ("MANAGER", True)
    play.decide(child, "plan-3", 处理办法="让步接收", 申报方同意="客户同意")
    assert list(play.items(child)) == ["confirm-1"], "nobody approves what the MANAGER decides"
    assert play.finish(child) == "settled"
    advance(play.db, case)
    assert play.finish(case) == "delivered"


def test_an_anomaly_on_a_re_order_is_approved_one_rung_higher_the_third_by_the_manager(play: Play) -> None:
    case, rungs = source(play), []
    for _ in range(3):
        child = play.anomaly(case, KEY)
        play.run_to(child, "plan-1")
        play.decide(child, "plan-1", **AGAIN)
        assert play.finish(child) == "settled"
        leaders = [item.role for item in play.rows(LEADERS, case=child)]
        assert leaders == ["SUPERVISOR", "MANAGER"][: len(leaders)], "in order"
        rungs.append(leaders[-1])
        advance(play.db, case)
        case = play.ordered(child)
        play.run_to(case, "produce-1-panel-1")
        play.decide(case, "produce-1-panel-1", 明细=cells("完成数量", {1: 0}, 异常说明="又缺料"))
    assert rungs == ["SUPERVISOR", "MANAGER", "MANAGER"]
    play.settle(case, KEY, "让步接收", 申报方同意="客户放弃")
    assert play.case(case).ending == "replaced"


def test_the_reply_follows_the_re_ordering_and_goes_to_who_reported_it(play: Play) -> None:
    child = play.settle(source(play), KEY)
    keys = play.keys(child)
    assert keys.index("order-again") < keys.index("reply-to-reporter") < keys.index("close")
    (notice,) = play.rows("SELECT role, text FROM notice WHERE case_id = :case", case=child)
    assert (notice.role, "重新制作" in notice.text) == ("WORKSHOP", True)
    first, second = play.documents(child, "YC")
    assert (first.content["edition"], second.content["edition"]) == (1, 2)
    assert "重新制作" in second.content["became"]


@pytest.mark.parametrize("heard", [False, True], ids=["untold", "told"])
def test_an_anomaly_of_whose_settlement_its_source_was_told_is_withdrawn_by_nobody(play: Play, heard: bool) -> None:
    case, child = at(play, "plan-1", 责任方类别="不明", 异常费用=90)
    play.decide(child, "plan-1", **AGAIN)
    play.decide(child, "approve-1-1")
    again = play.ordered(child)
    if heard:
        advance(play.db, case)
    for staff in ("E1007", "E1040"):
        assert "或已处理、只待查责" in str(play.withdraw(child, staff).problems[0])
    play.rest()
    assert [play.case(one).ending for one in (child, again)] == [None, None], "the source counts on it"


def test_an_anomaly_that_is_withdrawn_costs_nobody_anything(play: Play) -> None:
    _, child = at(play, "plan-1", 责任方类别="不明", 异常费用=90)
    assert play.withdraw(child, "E1007").accepted
    assert charges(play, child) == [("unknown", "", 90), ("unknown", "", -90)]


def test_the_source_case_ends_replaced_with_its_last_line(play: Play) -> None:
    case = play.apply([line("P-PB-001", 3), line("P-PT-001", 2)])
    play.run_to(case, "produce-1-panel-1")
    for unit, no in (("panel", 1), ("paint", 2)):
        play.decide(case, f"produce-1-{unit}-1", 明细=cells("完成数量", {no: 0}, 异常说明="停产"))
    play.settle(case, "anomaly-1-1-1")
    assert play.state(case) != "closed", "another line is left"
    play.settle(case, "anomaly-1-2-2")
    assert play.case(case).ending == "replaced"


# 齐套 ships with the re-order


def ordered_again(play: Play, **form: object) -> tuple[int, int]:
    """Bring a case to what two of its doors, which were ordered again, make it wait for; gives it and that."""
    case = source(play, **form)
    again = play.ordered(play.settle(case, KEY))
    play.decide(case, "goods-in-1-1")
    play.decide(case, "produce-1-paint-1")
    play.decide(case, next(iter(play.items(case))))
    return case, again


def test_goods_that_leave_together_leave_with_what_was_ordered_again(play: Play) -> None:
    case, again = ordered_again(play)
    assert [item.title for item in play.items(case).values()] == ["等待齐套"]
    play.run_to(again, "goods-in-1-1")
    play.decide(again, "goods-in-1-1")
    play.rest()
    assert list(play.items(case)) == ["goods-out-1-1"]
    assert set(play.items(again)) == {"goods-out-1-1", "release-1-1"}
    assert [play.finish(one) for one in (case, again)] == ["delivered", "delivered"]


def test_what_was_ordered_again_waits_for_the_rest_too(play: Play) -> None:
    case = source(play)
    again = play.ordered(play.settle(case, KEY))
    play.run_to(again, f"together-{case}")
    assert "goods-out-1-1" not in play.items(again)
    play.run_to(case, "goods-out-1-1")
    play.rest()
    assert "goods-out-1-1" in play.items(again)


def test_as_ready_nobody_waits_for_what_was_ordered_again(play: Play) -> None:
    case, again = ordered_again(play, 发货方式="分批")
    assert not [key for key in play.items(case) if key.startswith("together")]
    assert play.finish(again) == "delivered"
    assert play.finish(case) == "delivered"


@pytest.mark.parametrize("first", ["source", "re-order"])
def test_nobody_waits_for_a_case_that_was_withdrawn(play: Play, first: str) -> None:
    case, again = ordered_again(play)
    gone, left = (case, again) if first == "source" else (again, case)
    assert play.withdraw(gone, "E1040").accepted
    play.rest()
    play.run_to(left, "goods-out-1-1")
    assert play.finish(left) == "delivered"


def test_after_ten_working_days_goods_leave_without_those_that_they_waited_for(play: Play) -> None:
    case, again = ordered_again(play)
    key = f"together-{again}"
    play.run(
        "UPDATE work_item SET expires_at = opened_at WHERE case_id = :case AND step_key = :key", case=case, key=key
    )
    assert play.time_out(case, key).accepted
    assert list(play.items(case)) == ["goods-out-1-1"]


# where the goods at hand go, they go through the books


def at_the_office(play: Play, goods: str, remedy: str = "重新制作") -> tuple[int, int]:
    """Settle an anomaly about one of three doors that arrived; gives its source and itself."""
    case = play.apply([line("P-PB-001", 3)])
    play.run_to(case, "pickup-1")
    play.decide(case, "pickup-1", 核对结果="损坏", 照片编号="IMG-1", 明细=cells("完好数量", {1: 2}))
    child = play.anomaly(case, "anomaly-pickup-1-1")
    play.run_to(child, "plan-1")
    play.decide(child, "plan-1", 处理办法=remedy, 货物去向=goods)
    play.run_to(child, "confirm-1")
    play.decide(child, "confirm-1")
    return case, child


BOOKED = {
    "入良品库": ({"return_to_stock": 1}, [("CK", True, "-1")]),
    "入残次品库": ({"damaged_in": 1}, [("RK", False, "1")]),
    "报废": ({"damaged_in": 1, "scrap_out": -1}, [("CK", False, "1"), ("RK", False, "1")]),
}


@pytest.mark.parametrize("goods", BOOKED)
def test_goods_at_hand_are_counted_and_booked_where_the_plan_says(play: Play, goods: str) -> None:
    _, child = at_the_office(play, goods)
    item = play.items(child)["goods-at-hand"]
    assert (item.role, item.title) == ("WAREHOUSE", "实物入库")
    assert not play.rows("SELECT 1 FROM stock_movement WHERE case_id = :case", case=child), "nothing before the count"
    play.decide(child, "goods-at-hand")
    moved = play.rows("SELECT kind, quantity, warehouse FROM stock_movement WHERE case_id = :case", case=child)
    slips = [
        (row.kind, row.content["red"], row.content["lines"][0]["quantity"])
        for kind in ("CK", "RK")
        for row in play.documents(child, kind)
    ]
    assert ({row.kind: row.quantity for row in moved}, slips) == BOOKED[goods]
    assert {row.warehouse for row in moved} == {"MAIN-GOOD" if goods == "入良品库" else "MAIN-DAMAGED"}
    assert play.case(child).ending == "settled"


def test_the_line_does_not_wait_until_the_goods_at_hand_have_come(play: Play) -> None:
    case, child = at_the_office(play, "入残次品库")
    play.rest()
    assert play.case(case).ending == "delivered"
    assert list(play.items(child)) == ["goods-at-hand"]
    assert play.finish(child) == "settled"


def test_goods_at_hand_that_do_not_come_are_a_difference_with_its_reason(play: Play) -> None:
    _, child = at_the_office(play, "入良品库", "补发")
    assert "差异原因" in play.refused(child, "goods-at-hand", 明细=cells("实收数量", {1: 0}))
    play.decide(child, "goods-at-hand", 明细=cells("实收数量", {1: 0}, 差异原因="未寄回"))
    assert play.case(child).ending == "settled"
    assert not play.documents(child, "CK"), "a count of zero issues no slip"


@pytest.mark.parametrize("goods", ["留在原处", "退回发货方", "无实物"])
def test_goods_that_come_to_no_warehouse_of_ours_are_not_counted(play: Play, goods: str) -> None:
    _, child = at_the_office(play, goods)
    assert play.case(child).ending == "settled"
    assert not play.rows("SELECT 1 FROM stock_movement WHERE case_id = :case", case=child)


def test_goods_at_hand_that_are_accepted_go_their_way_with_the_line(play: Play) -> None:
    case, child = at(play, "plan-1")
    accepted = {"处理办法": "让步接收", "申报方同意": "客户同意"}
    assert "不重新下单的货留在原处" in play.refused(child, "plan-1", **accepted, 货物去向="报废")
    play.decide(child, "plan-1", **accepted, 货物去向="留在原处")
    assert play.finish(child) == "settled"
    advance(play.db, case)
    assert play.items(case)["produce-1-panel-2"].prefill["明细"][0]["完成数量"] == 2
    assert play.finish(case) == "delivered"
    assert play.moved(case, "delivery_out") == {"P-PB-001": -3, "P-PT-001": -2}
