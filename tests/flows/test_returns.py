"""Returns from request to reply: every ending, and every sentence of DOMAIN 5 and DOMAIN-BRANCHES 5 on the way."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from tasks.durable.stage import advance
from tests.flows.returns import (
    CHAIRS,
    ORDER,
    bring_back,
    bring_back_on,
    form_of,
    in_stock,
    no_reason,
    out_of_stock,
    paid,
    sale,
    unsigned,
)
from tests.play import Play, cells, open_to_gate

Today = time_machine.Traveller


def expire(play: Play, today: Today, case: int, key: str) -> None:
    """Let the time of a question run out."""
    today.move_to(play.items(case)[key].expires_at)
    assert play.time_out(case, key).accepted
    advance(play.db, case)


# review


def test_the_review_shows_every_rule_that_holds_with_its_dates_and_each_row_of_the_refund(play: Play) -> None:
    """Eligible if any one holds, and the case records which; shown before approval."""
    case = bring_back(play)
    brief = "\n".join(play.items(case)["review-1"].brief)
    assert "defect within the months of the factory date 2026-11-09 → 2027-02-09 [S3 §8 5.1.4]" in brief
    assert "remote sale, without reason 2026-11-16 → 2026-11-23 [LAW, S2]" in brief
    assert "第1行 按实付 price paid ×2 +1,500.00" in brief
    assert "我方责任退送货费 delivery, ours +60.00" in brief
    assert "应退 refund **1,560.00**" in brief
    play.finish(case)
    from tasks.returns.queries import return_table

    with play.db.connect() as connection:
        facts = dict(return_table(connection, case).facts)
    assert facts["依据 Rule"].endswith("2026-11-09 → 2027-02-09 [S3 §8 5.1.4]")
    assert facts["退款 Refund"] == "1,650.00 CNY 已付款 2026-11-18"


def test_eligibility_is_said_by_an_agent_other_than_the_recorder(play: Play) -> None:
    """Who: eligibility by an AGENT other than the recorder."""
    case = bring_back(play, 申报人工号="E1025")
    assert "不能审批" in play.refused(case, "review-1", "E1025", 退换结论="同意")
    play.decide(case, "review-1", "E1026", 退换结论="同意")


def test_what_no_rule_allows_is_refused_or_a_special_approval_of_the_manager(play: Play) -> None:
    """Special approval by the MANAGER."""
    play.run("UPDATE sales_record SET channel = 'shop' WHERE order_no = :o", o=ORDER)
    case = no_reason(play)
    assert "没有可依据的规则" in play.refused(case, "review-1")
    play.decide(case, "review-1", 依据更正="特批")
    assert play.items(case)["special-1"].role == "MANAGER"
    assert (play.finish(case), paid(play, case)) == ("refunded", [1500])


def test_the_manager_may_refuse(play: Play) -> None:
    case = no_reason(play)
    play.decide(case, "review-1", 依据更正="特批")
    play.decide(case, "special-1", 审批结论="不同意", 原因="不属实")
    assert (play.case(case).ending, play.case(case).ending_reason) == ("refused", "不属实")
    assert sale(play).returned == 0


def test_an_agent_refuses_with_a_reason(play: Play) -> None:
    case = bring_back(play)
    assert "必填" in play.refused(case, "review-1", 退换结论="不同意")
    play.decide(case, "review-1", 退换结论="不同意", 原因="人为损坏")
    assert play.case(case).ending == "refused"
    told = [row.role for row in play.rows("SELECT role FROM notice WHERE case_id = :c ORDER BY role", c=case)]
    assert told == ["AGENT", "OFFICE"]


def test_a_later_defect_is_exchanged_and_returned_only_if_the_manager_decides(play: Play, today: Today) -> None:
    """Later: return where the contract may be rescinded, MANAGER decides; else exchange or repair."""
    today.move_to("2027-05-18T10:00:00+08:00")
    case = bring_back(play)
    play.decide(case, "review-1")
    assert play.items(case)["special-1"].role == "MANAGER"
    play.decide(case, "special-1", 审批结论="不同意", 原因="可换货")
    case = bring_back(play, 客户意愿="换货")
    play.decide(case, "review-1")
    assert "special-1" not in play.items(case)


@pytest.mark.parametrize(
    ("price", "roles"), [(2000, []), (10_000, ["SUPERVISOR"]), (50_000, ["SUPERVISOR", "MANAGER"])]
)
def test_the_ladder_climbs_by_refund_and_our_freight(play: Play, price: int, roles: list[str]) -> None:
    """Review (AGENT, then the ladder); ladder amount = refund + our freight."""
    play.run("UPDATE sales_record SET price_paid = :p - 150, offer_from = 0 WHERE order_no = :o", o=ORDER, p=price)
    case = bring_back(play)
    play.decide(case, "review-1", 预计运费=90)
    for role in roles:
        (key,) = [key for key in play.items(case) if key.startswith("approve-")]
        assert play.items(case)[key].role == role
        play.decide(case, key)
    assert "notice-1" in play.items(case)
    assert (play.finish(case), paid(play, case)) == ("refunded", [price])
    assert sum(key.startswith("approve-") for key in play.keys(case)) == len(roles), "no dearer than approved"


def test_a_leader_who_refuses_ends_it(play: Play) -> None:
    play.run("UPDATE sales_record SET price_paid = 9000 WHERE order_no = :o", o=ORDER)
    case = bring_back(play)
    play.decide(case, "review-1")
    play.decide(case, "approve-claim-1-1", 审批结论="不同意", 原因="先维修")
    assert play.case(case).ending == "refused"


# before shipment


@pytest.mark.parametrize(("state", "booked"), [("未打印", {}), ("已打印", {}), ("已打包", {"DK-553": 2})])
def test_what_was_not_shipped_is_cancelled_with_the_supervisors_approval(
    play: Play, state: str, booked: dict[str, int]
) -> None:
    """Not yet shipped: the print and pack are recalled, the order cancelled with the SUPERVISOR's approval, goods back."""
    unsigned(play, delivered=False)
    case = no_reason(play)
    play.run_to(case, "stop")
    play.decide(case, "stop", 单据状态=state)
    assert play.items(case)["call-off"].role == "SUPERVISOR"
    assert (play.finish(case), paid(play, case)) == ("cancelled_before_shipment", [1560])
    assert play.moved(case, "return_to_stock") == booked
    (sent,) = play.rows("SELECT payload FROM outbox WHERE case_id = :c AND kind = 'cancel_order'", c=case)
    assert sent.payload["order"] == ORDER


def test_a_cancellation_that_the_supervisor_refuses(play: Play) -> None:
    unsigned(play, delivered=False)
    case = no_reason(play)
    play.run_to(case, "call-off")
    play.decide(case, "call-off", 审批结论="不同意", 原因="已排产")
    assert (play.case(case).ending, sale(play).returned) == ("refused", 0)


def test_attributes_or_the_address_are_changed_before_the_goods_go(play: Play) -> None:
    """Before shipment (S2 售前⑤⑥; also changes of attribute or address): unprinted → void or edit."""
    unsigned(play, delivered=False)
    case = no_reason(play, 客户意愿="更改订单", 改成="颜色改为胡桃色")
    assert play.finish(case) == "changed"
    (sent,) = play.rows("SELECT payload FROM outbox WHERE case_id = :c", c=case)
    assert (sent.payload["change"], sale(play).returned) == ("颜色改为胡桃色", 0)


def test_a_parcel_on_its_way_is_intercepted_and_its_receipt_books_it_back(play: Play) -> None:
    """On the way: intercepted with 快件退回单; receipt books it back, then the refund."""
    unsigned(play)
    case = no_reason(play)
    play.run_to(case, "intercept")
    assert "必填" in play.refused(case, "intercept", 快递员="")
    play.decide(case, "intercept")
    (slip,) = play.documents(case, "KT")
    assert (slip.content["tracking"], len(slip.content["copies"])) == ("ZT1", 2)
    play.run_to(case, "came-back")
    play.decide(case, "came-back")
    assert play.moved(case, "customer_return_in") == {"DK-553": 2}
    assert len(play.documents(case, "DJ")) == 1
    assert (play.finish(case), paid(play, case)) == ("refunded", [1500])


def test_an_order_that_has_gone_after_all_is_intercepted(play: Play) -> None:
    unsigned(play, delivered=False)
    case = no_reason(play)
    play.run_to(case, "stop")
    play.decide(case, "stop", 单据状态="已发出")
    assert "intercept" in play.items(case)


def test_where_interception_fails_it_is_an_ordinary_return(play: Play) -> None:
    """Interception failed → ordinary return."""
    unsigned(play)
    case = no_reason(play)
    play.run_to(case, "intercept")
    play.decide(case, "intercept", 拦截结果="拦截失败")
    assert "notice-1" in play.items(case)
    assert (play.finish(case), paid(play, case)) == ("refunded", [1500])


def test_a_parcel_that_our_carrier_lost_is_paid_back_whole(play: Play) -> None:
    """Endings also: lost."""
    unsigned(play)
    case = no_reason(play)
    play.run_to(case, "intercept")
    play.decide(case, "intercept", 拦截结果="已丢失")
    assert (play.finish(case), paid(play, case)) == ("lost", [1560])


# the way back


def test_the_notice_names_address_person_and_phone_and_the_parcel_has_a_note(play: Play) -> None:
    """通知返货 names address, person, phone; the parcel carries a note: number, name, phone, reason, wanted article."""
    case = bring_back(play)
    play.decide(case, "review-1")
    notice = play.items(case)["notice-1"]
    assert {"返货地址", "返货联系人", "返货电话"} <= set(notice.prefill)
    play.decide(case, "notice-1")
    (note,) = play.documents(case, "SD")
    assert note.content["customer"].startswith("阮清禾 13800004101")
    assert (note.content["lines"][0]["reason"], note.content["wish"]) == ("桌面开裂", "退货")
    assert "0757" in note.content["receiver_address"]


def test_the_tracking_number_stands_in_the_record_of_returns(play: Play) -> None:
    """Tracking number in 退货记录表."""
    case = bring_back(play)
    play.run_to(case, "sent-1")
    play.decide(case, "sent-1", 返货运单号="ZT20261120")
    assert [one.content["tracking"] for one in play.documents(case, "TJ")] == ["ZT20261120"]


def test_goods_that_never_come_end_the_case_after_the_days_from_the_notice(play: Play, today: Today) -> None:
    """Goods never returned (10 days): they run from the address notice."""
    case = bring_back(play)
    play.run_to(case, "sent-1")
    assert f"{play.items(case)['sent-1'].expires_at:%Y-%m-%d %H:%M}" == "2026-11-28 16:00"  # 24:00 in Shanghai
    expire(play, today, case, "sent-1")
    assert (play.case(case).ending, sale(play).returned) == ("never_returned", 0)


def test_the_days_do_not_run_while_goods_move_or_we_collect(play: Play) -> None:
    """Not while goods move or we collect them."""
    case = no_reason(play)
    play.decide(case, "review-1", 上门取货="是")
    play.run_to(case, "sent-1")
    assert (play.items(case)["sent-1"].expires_at, play.items(case)["sent-1"].role) == (None, "LOGISTICS")


def test_a_later_arrival_reopens_it_with_the_day_of_the_first_request(play: Play, today: Today) -> None:
    """Later arrival reopens."""
    case = no_reason(play)
    play.run_to(case, "sent-1")
    expire(play, today, case, "sent-1")
    today.move_to("2026-12-20T10:00:00+08:00")
    number = play.case(case).number
    again = no_reason(play, 原退换单号=number)
    assert "2026-11-23" in "\n".join(play.items(again)["review-1"].brief), "the no-reason rule still holds"
    assert play.case(again).parent_id == case
    assert play.finish(again) == "refunded"


def overdue(play: Play, today: Today, **review: Any) -> int:
    case = no_reason(play)
    play.decide(case, "review-1", **review)
    play.run_to(case, "sent-1")
    play.decide(case, "sent-1")
    expire(play, today, case, "count-1-way")
    return case


def test_goods_that_do_not_arrive_are_traced(play: Play, today: Today) -> None:
    case = overdue(play, today)
    assert {"trace-1-0", "count-1-late-0"} <= set(play.items(case))
    play.decide(case, "trace-1-0", 返货查询结果="仍在途")
    assert "count-1-1" in play.items(case)
    assert play.finish(case) == "refunded"


def test_what_the_customers_carrier_lost_is_not_paid(play: Play, today: Today) -> None:
    case = overdue(play, today)
    play.decide(case, "trace-1-0", 返货查询结果="途中丢失")
    assert (play.case(case).ending, paid(play, case), sale(play).returned) == ("lost", [], 0)


def test_what_our_carrier_lost_counts_as_received(play: Play, today: Today) -> None:
    """Lost with our carrier = received."""
    case = overdue(play, today, 上门取货="是")
    play.decide(case, "trace-1-0", 返货查询结果="途中丢失")
    assert (play.finish(case), paid(play, case)) == ("lost", [1500])
    assert play.moved(case, "customer_return_in") == {}


# inspection


def test_three_inspections_and_the_report(play: Play) -> None:
    """WAREHOUSE counts, WORKSHOP appraises, QUALITY re-inspects every claimed piece; 检验报告 attached."""
    case = bring_back(play)
    roles = {}
    while play.items(case):
        key = play.next_key(case)
        roles[key] = play.items(case)[key].role
        play.decide(case, key)
    assert (roles["count-1-way"], roles["appraise-1"], roles["reinspect-1"]) == ("WAREHOUSE", "WORKSHOP", "QUALITY")
    (report,) = play.documents(case, "JY")
    (tested,) = report.content["lines"]
    assert (tested["tests"], tested["result"][:5]) == ("结构、漆面", "属质量 2")


def test_failures_are_isolated_and_what_is_fit_for_resale_is_good_stock(play: Play) -> None:
    """Failures are isolated; stock: fit for resale → good, else damaged."""
    defect, plain = bring_back(play, 1), no_reason(play, 1)
    assert (play.finish(defect), play.finish(plain)) == ("refunded", "refunded")
    where = "SELECT warehouse, quantity FROM stock_movement WHERE case_id = :c"
    assert [tuple(row) for row in play.rows(where, c=defect)] == [("MAIN-DAMAGED", 1)]
    assert [tuple(row) for row in play.rows(where, c=plain)] == [("MAIN-GOOD", 1)]


def test_an_unclear_test_is_ours_within_the_months_of_the_burden_of_proof(play: Play) -> None:
    """Within 6 months the burden of proof is ours: an unclear test = ours."""
    case = bring_back(play)
    play.run_to(case, "reinspect-1")
    play.decide(case, "reinspect-1", 明细=cells("属质量问题", {1: 0}, 无法判定=2))
    assert (play.finish(case), paid(play, case)) == ("refunded", [1650])


def test_an_unclear_test_is_not_ours_after_that(play: Play, today: Today) -> None:
    today.move_to("2027-06-18T10:00:00+08:00")
    case = bring_back(play)
    play.decide(case, "review-1")
    play.run_to(case, "reinspect-1")
    play.decide(case, "reinspect-1", 明细=cells("属质量问题", {1: 0}, 无法判定=2))
    assert (play.finish(case), paid(play, case)) == ("refused", [])


def test_what_is_not_intact_is_refused_and_goes_back_at_the_customers_cost(play: Play, today: Today) -> None:
    """完好 means quality, function, parts, labels; refused and sent back; uncollected 30 days: SUPERVISOR."""
    case = no_reason(play)
    play.run_to(case, "appraise-1")
    play.decide(case, "appraise-1", 明细={1: {"完好数量": 0, "可再售数量": 0}})
    assert "不接受 refused" in "\n".join(play.items(case)["difference-1"].brief)
    play.decide(case, "difference-1")
    back = play.items(case)["back-1"]
    assert f"{back.due_at:%Y-%m-%d %H:%M}" == "2026-12-18 16:00"
    assert [one["role"] for one in back.schedule] == ["WAREHOUSE", "SUPERVISOR"]
    assert (play.finish(case), paid(play, case), sale(play).returned) == ("refused", [], 0)
    assert play.moved(case, "customer_return_in") == {}


def test_one_piece_is_accepted_and_the_other_refused(play: Play) -> None:
    """Endings also: partly refunded."""
    case = no_reason(play)
    play.run_to(case, "appraise-1")
    play.decide(case, "appraise-1", 明细={1: {"完好数量": 1, "可再售数量": 1}})
    assert (play.finish(case), paid(play, case), sale(play).returned) == ("partly_refunded", [700], 1)


def test_a_goodwill_return_must_be_fit_for_resale(play: Play) -> None:
    """S2's 包装完整、不影响第二次销售 only sorts stock and binds goodwill returns."""
    case = no_reason(play)
    play.decide(case, "review-1", 依据更正="特批")
    play.run_to(case, "appraise-1")
    play.decide(case, "appraise-1", 明细={1: {"可再售数量": 1}})
    assert play.finish(case) == "partly_refunded"


def test_a_difference_is_told_reckoned_anew_and_approved_again(play: Play) -> None:
    """A difference → the customer is told, the amount recomputed, approval again."""
    play.run("UPDATE sales_record SET price_paid = 9000 WHERE order_no = :o", o=ORDER)
    case = bring_back(play)
    play.run_to(case, "reinspect-1")
    play.decide(case, "reinspect-1", 明细=cells("属质量问题", {1: 1}))
    assert play.items(case)["difference-1"].role == "AGENT"
    play.decide(case, "difference-1")
    assert "approve-part-1-1" in play.items(case), "the other SUPERVISOR: nobody approves twice"
    play.decide(case, "approve-part-1-1")
    assert (play.finish(case), paid(play, case)) == ("refunded", [9000 + 30 + 90])


def test_silence_agrees_to_a_difference(play: Play, today: Today) -> None:
    case = no_reason(play)
    play.run_to(case, "appraise-1")
    play.decide(case, "appraise-1", 明细={1: {"完好数量": 1}}, 拟扣金额=200)
    expire(play, today, case, "difference-1")
    assert (play.finish(case), paid(play, case)) == ("refunded", [1300])


@pytest.mark.parametrize(("ruling", "sums"), [("同意", [1300, 200]), ("不同意", [1300])])
def test_of_a_disputed_deduction_the_undisputed_part_is_paid_in_time(play: Play, ruling: str, sums: list[int]) -> None:
    """A disputed deduction: the undisputed part in time."""
    case = no_reason(play)
    play.run_to(case, "appraise-1")
    play.decide(case, "appraise-1", 明细={1: {"完好数量": 1}}, 拟扣金额=200)
    play.decide(case, "difference-1", 客户意见="不认可", 说明="原有划痕")
    play.run_to(case, "dispute-1")
    assert paid(play, case) == [1300]
    play.decide(case, "dispute-1", 审批结论=ruling, 原因="照片可辨")
    assert (play.finish(case), paid(play, case)) == ("refunded", sums)


def test_after_inspection_a_leader_may_still_refuse_and_the_goods_go_back(play: Play) -> None:
    play.run("UPDATE sales_record SET price_paid = 9000 WHERE order_no = :o", o=ORDER)
    case = bring_back(play)
    play.run_to(case, "reinspect-1")
    play.decide(case, "reinspect-1", 明细=cells("属质量问题", {1: 1}))
    play.run_to(case, "approve-part-1-1")
    play.decide(case, "approve-part-1-1", 审批结论="不同意", 原因="人为")
    assert "back-1-refused" in play.items(case)
    assert (play.finish(case), play.moved(case, "customer_return_in")) == ("refused", {})


def test_scrap_is_released_by_quality_and_its_cost_approved_by_the_supervisor(play: Play) -> None:
    """QUALITY releases scrap, the SUPERVISOR approves its cost."""
    case = bring_back(play, 1)
    play.run_to(case, "appraise-1")
    play.decide(case, "appraise-1", 明细={1: {"拟报废数量": 1, "可再售数量": 0}})
    play.run_to(case, "scrap-1-release")
    assert play.items(case)["scrap-1-release"].role == "QUALITY"
    play.decide(case, "scrap-1-release")
    assert play.items(case)["scrap-1-cost"].role == "SUPERVISOR"
    play.decide(case, "scrap-1-cost")
    assert play.finish(case) == "refunded"
    assert play.moved(case, "scrap_out") == {"DK-553": -1}


def test_fewer_goods_back_are_settled_and_the_rest_awaited(play: Play, today: Today) -> None:
    """Fewer goods back: accepted units are settled, the rest awaited."""
    case = bring_back(play)
    play.run_to(case, "sent-1")
    play.decide(case, "sent-1")
    play.decide(case, "count-1-way", 明细=cells("实返数量", {1: 1}))
    play.run_to(case, "sent-2")
    assert paid(play, case) == [870]
    expire(play, today, case, "sent-2")
    assert (play.case(case).ending, sale(play).returned, sale(play).settled) == ("partly_refunded", 1, 1)


def test_the_rest_comes_later(play: Play) -> None:
    case = bring_back(play)
    play.run_to(case, "sent-1")
    play.decide(case, "sent-1")
    play.decide(case, "count-1-way", 明细=cells("实返数量", {1: 1}))
    assert (play.finish(case), paid(play, case)) == ("refunded", [870, 870])


# the sheet and its signature


def test_the_list_is_signed_by_the_sales_manager_and_has_a_red_copy(play: Play) -> None:
    """退换货清单 → SALES_MANAGER signs (1 wd) → FINANCE; printed with a red copy 红联."""
    case = bring_back(play)
    play.run_to(case, "sign-1")
    assert play.items(case)["sign-1"].role == "SALES_MANAGER"
    (sheet,) = play.documents(case, "TH")
    (line,) = sheet.content["lines"]
    assert (sheet.content["copies"][1][:2], line["out_on"]) == ("红联", "2026-11-14")
    assert (line["reason"], line["finding"][:4]) == ("桌面开裂", "我方责任"), "why it comes back, and what was found"
    play.decide(case, "sign-1")
    assert play.items(case)["pay-1"].role == "FINANCE"


def test_where_the_sales_manager_is_silent_the_manager_signs(play: Play, today: Today) -> None:
    """SALES_MANAGER silent 1 wd → MANAGER."""
    case = bring_back(play)
    play.run_to(case, "sign-1")
    expire(play, today, case, "sign-1")
    assert play.items(case)["sign-manager-1"].role == "MANAGER"
    assert play.finish(case) == "refunded"


@pytest.mark.parametrize(("ruling", "ending"), [("同意", "refunded"), ("不同意", "refused")])
def test_where_the_sales_manager_refuses_the_supervisor_decides(play: Play, ruling: str, ending: str) -> None:
    """Refusal → SUPERVISOR."""
    case = bring_back(play)
    play.run_to(case, "sign-1")
    play.decide(case, "sign-1", 审批结论="不同意", 原因="型号不符")
    assert play.items(case)["sign-ruling-1"].role == "SUPERVISOR"
    play.decide(case, "sign-ruling-1", 审批结论=ruling, 原因="核对过")
    assert play.finish(case) == ending


# exchange


def test_exchange_goods_leave_only_after_the_goods_are_in_and_the_list_is_issued(play: Play) -> None:
    """Exchange only after receipt: the returned goods are in and the list is issued (S3 §8 5.1.5)."""
    in_stock(play, "DK-553", 5)
    case = bring_back(play, 客户意愿="换货")
    while "order-exchange-1-stock" not in play.keys(case):
        play.go_on(case, play.items(case))
    keys = play.keys(case)
    assert keys.index("issue-sheet-1") < keys.index("order-exchange-1-stock") > keys.index("book-return-1-damaged")
    assert len(play.rows("SELECT 1 FROM service_case WHERE parent_id = :c", c=case)) == 1
    child = play.child(case, "exchange-1-stock")
    advance(play.db, child)
    assert "goods-out-1-1" in play.items(child), "from stock, without a review"
    assert "choice-1" not in keys
    assert (play.finish(case), paid(play, case)) == ("exchanged", [90])


def test_the_manager_may_except_an_exchange_before_receipt(play: Play) -> None:
    """Exchange before receipt: MANAGER may except (S3 5.1.5 原则上)."""
    case = bring_back(play, 客户意愿="换货")
    play.decide(case, "review-1", 先换后退="是")
    assert play.items(case)["special-1"].role == "MANAGER"
    play.decide(case, "special-1")
    play.run_to(case, "sent-1")
    assert "order-exchange-ahead-stock" in play.keys(case)
    assert play.finish(case) == "exchanged"


def test_out_of_stock_the_customer_waits_for_a_parts_case_from_its_stock_step(play: Play) -> None:
    """Exchange out of stock: wait (a PA from step 4)."""
    out_of_stock(play)
    case = bring_back(play, 1, 客户意愿="换货")
    play.run_to(case, "choice-1")
    play.decide(case, "choice-1", 缺货选择="等待")
    assert play.finish(case) == "exchanged"
    child = play.child(case, "exchange-1-stock")
    assert {"reserve-stock-1", "review-1"} & set(play.keys(child)) == {"reserve-stock-1"}


def test_out_of_stock_the_customer_takes_the_money(play: Play) -> None:
    out_of_stock(play)
    case = bring_back(play, 1, 客户意愿="换货")
    play.run_to(case, "choice-1")
    play.decide(case, "choice-1", 缺货选择="改为退款")
    assert (play.finish(case), paid(play, case)) == ("refunded", [870])


def test_out_of_stock_silence_takes_the_money(play: Play, today: Today) -> None:
    """Silent 5 wd → refund."""
    out_of_stock(play)
    case = bring_back(play, 1, 客户意愿="换货")
    play.run_to(case, "choice-1")
    expire(play, today, case, "choice-1")
    assert (play.finish(case), paid(play, case)) == ("refunded", [870])


def test_a_cheaper_article_is_exchanged_and_the_difference_paid_back(play: Play) -> None:
    out_of_stock(play)
    play.run("UPDATE part_price SET price = 700 WHERE part = 'TV-531'")
    case = bring_back(play, 1, 客户意愿="换货")
    play.run_to(case, "choice-1")
    assert "不是标准配件" in play.refused(case, "choice-1", 缺货选择="改换其他商品", 另换型号="飞机")
    play.decide(case, "choice-1", 缺货选择="改换其他商品", 另换型号="暖白电视柜(2.0米)")
    assert (play.finish(case), paid(play, case)) == ("exchanged", [140])


def test_where_the_exchange_fails_the_customer_gets_the_money(play: Play) -> None:
    in_stock(play, "DK-553", 5)
    case = bring_back(play, 1, 客户意愿="换货")
    while "exchange-1-stock" not in play.items(case):
        play.go_on(case, play.items(case))
    child = play.child(case, "exchange-1-stock")
    advance(play.db, child)
    assert play.withdraw(child, "E1040").accepted
    advance(play.db, case)
    assert (play.finish(case), paid(play, case)) == ("refunded", [90, 780])


def test_an_exchange_starts_the_periods_anew(play: Play, today: Today) -> None:
    """An exchange starts them anew."""
    case = bring_back(play, 1, 客户意愿="换货")
    assert play.finish(case) == "exchanged"
    today.move_to("2027-02-10T10:00:00+08:00")  # more than three months after the factory date
    assert "2026-11-18 → 2027-02-18" in "\n".join(play.items(bring_back(play, 1))["review-1"].brief)


# reduction and changes of mind


def test_silence_on_a_reduction_leaves_the_return_open(play: Play, today: Today) -> None:
    """Reduction: photos, offer, consent 5 wd (silence: the return stays open), approval, refund; no goods move."""
    case = bring_back(play, 1, 客户意愿="折价")
    assert "折价时必填" in play.refused(case, "review-1")
    play.decide(case, "review-1", 折价比例=20)
    assert play.items(case)["reduction-1"].brief[0].startswith("报价 Quote: **150.00 CNY**")
    expire(play, today, case, "reduction-1")
    assert "notice-1" in play.items(case)
    assert (play.finish(case), paid(play, case)) == ("refunded", [870])


def test_a_reduction_that_is_declined_is_a_return(play: Play) -> None:
    case = bring_back(play, 1, 客户意愿="折价")
    play.decide(case, "review-1", 折价比例=20)
    play.decide(case, "reduction-1", 答复="不同意报价", 原因="要退货", 签字日期="")
    assert play.finish(case) == "refunded"


def test_a_large_reduction_climbs_the_ladder_after_consent(play: Play) -> None:
    play.run("UPDATE sales_record SET price_paid = 20000 WHERE order_no = :o", o=ORDER)
    case = bring_back(play, 2, 客户意愿="折价")
    play.decide(case, "review-1", 折价比例=20)
    play.decide(case, "reduction-1")
    assert play.items(case)["approve-reduction-1-1"].role == "SUPERVISOR"
    play.decide(case, "approve-reduction-1-1", 审批结论="不同意", 原因="过高")
    assert play.case(case).ending == "refused"


def test_the_wish_may_change_to_an_exchange(play: Play) -> None:
    """The wish may change until the refund is granted; approved again only if dearer."""
    case = bring_back(play)
    play.run_to(case, "reinspect-1")
    (news,) = [key for key in play.items(case) if key.startswith("news")]
    play.decide(case, news, 意愿更改为="换货")
    assert play.finish(case) == "exchanged"


def test_the_wish_may_change_to_a_reduction_until_the_goods_leave(play: Play) -> None:
    case = bring_back(play, 1)
    play.run_to(case, "sent-1")
    play.decide(case, "news-1", 意愿更改为="折价")
    assert "review-2" in play.items(case)
    play.decide(case, "review-2", 折价比例=20)
    assert (play.finish(case), paid(play, case)) == ("reduced", [150])


def test_it_may_not_become_a_reduction_once_the_goods_are_on_their_way(play: Play) -> None:
    case = bring_back(play, 1)
    play.run_to(case, "sent-1")
    play.decide(case, "sent-1")
    (news,) = [key for key in play.items(case) if key.startswith("news")]
    assert "不能再改" in play.refused(case, news, 意愿更改为="折价")


def test_after_the_refund_is_granted_nothing_changes_any_more(play: Play) -> None:
    case = bring_back(play)
    play.run_to(case, "pay-1")
    assert [key for key in play.items(case) if key.startswith("news")] == []


def test_a_dispute_on_the_platform_is_a_flag_with_its_own_watch(play: Play) -> None:
    """A platform dispute (维权) is a flag with its own watch: daily 9:00 holder reminded, list to SUPERVISOR."""
    case = bring_back(play, 平台维权="是")
    daily = [(one["kind"], one["role"]) for one in play.items(case)["news-1"].schedule if one["kind"] == "daily"]
    assert daily == [("daily", "AGENT"), ("daily", "SUPERVISOR")]
    other = bring_back_on(play, CHAIRS, 1)
    play.decide(other, "news-1", 平台维权="是")
    from tasks.returns.queries import return_table

    with play.db.connect() as connection:
        assert dict(return_table(connection, other).facts)["维权 Dispute"].startswith("平台维权")


# the clocks of the law


def test_a_refund_is_due_within_seven_days_of_delivery_and_alarmed_on_days_five_and_six(
    play: Play, today: Today
) -> None:
    """Within 7 days of receiving the goods; alarm to FINANCE and MANAGER on day 5 and 6; if day 7 is a day of rest, before."""
    case = bring_back(play)
    play.run_to(case, "sent-1")
    play.decide(case, "sent-1")
    today.move_to("2026-11-21T10:00:00+08:00")  # a Saturday: its seventh day is one too
    play.decide(case, "count-1-way", 送达日期="2026-11-21")
    (news,) = [play.items(case)[key] for key in play.items(case) if key.startswith("news")]
    alarms = [(one["at"][:10], one["role"]) for one in news.schedule if one["term"] == "refund-2026-11-21"]
    assert alarms == [
        ("2026-11-26", "FINANCE"),
        ("2026-11-26", "MANAGER"),
        ("2026-11-27", "FINANCE"),
        ("2026-11-27", "MANAGER"),
    ]
    assert {one["due"][:10] for one in news.schedule if one["term"] == "refund-2026-11-21"} == {"2026-11-27"}
    assert [one["at"][:10] for one in news.schedule if one["term"] == "wilful-2026-11-21"][::2] == [
        "2026-12-04", "2026-12-05", "2026-12-06",
    ]  # fmt: skip
    assert f"{play.items(case)['appraise-1'].due_at:%m-%d}" == "11-24"


def test_gates_between_delivery_and_payment_fall_due_by_day_five(play: Play, today: Today) -> None:
    """Gates between fall due by day 5."""
    case = bring_back(play)
    play.run_to(case, "sent-1")
    play.decide(case, "sent-1")
    today.move_to("2026-11-24T10:00:00+08:00")
    play.decide(case, "count-1-way", 送达日期="2026-11-19")
    assert f"{play.items(case)['appraise-1'].due_at:%m-%d %H:%M}" == "11-24 09:30"  # 17:30 in Shanghai
    play.run_to(case, "pay-1")
    assert f"{play.items(case)['pay-1'].due_at:%m-%d}" == "11-25"


def test_from_the_request_a_return_that_is_not_arranged_is_wilful_delay_after_fifteen_days(play: Play) -> None:
    """Two wilful-delay clocks of 15 days: from the request and from receipt."""
    case = bring_back(play)
    told = [
        (one["at"][:10], one["role"]) for one in play.items(case)["news-1"].schedule if one["term"].startswith("wilful")
    ]
    assert [told[0], told[-1]] == [("2026-12-01", "SUPERVISOR"), ("2026-12-03", "MANAGER")]


# taken back


def test_the_applicant_withdraws_until_the_goods_are_on_their_way(play: Play) -> None:
    case = bring_back(play)
    play.run_to(case, "sent-1")
    assert play.withdraw(case, play.case(case).applicant).accepted
    assert (play.case(case).ending, sale(play).returned) == ("withdrawn", 0)
    other = bring_back(play)
    play.run_to(other, "sent-1")
    play.decide(other, "sent-1")
    assert "不能撤回" in str(play.withdraw(other, "E1040").problems[0])


def test_another_request_may_claim_what_a_withdrawn_one_gave_back(play: Play) -> None:
    """Open requests reserve units of the order."""
    case = bring_back(play)
    from schemas.problems import BadInput

    with pytest.raises(BadInput, match="已退或待退"):
        open_to_gate(play.db, form_of(play, 1), "RF")
    assert play.withdraw(case, play.case(case).applicant).accepted
    assert bring_back(play)


def test_an_article_of_no_catalogue_comes_back_too(play: Play) -> None:
    play.run("UPDATE sales_record SET model = 'OLD-1', model_name = '旧款书桌' WHERE order_no = :o", o=ORDER)
    case = bring_back(play, 1, 客户意愿="换货")
    assert play.finish(case) == "exchanged"
    (part,) = [row.part for row in play.lines(case)]
    assert play.moved(case, "customer_return_in") == {part: 1}


def test_days_in_repair_are_excluded_from_the_periods(play: Play, today: Today) -> None:
    """Repair days are excluded."""
    from tests.flows.repairs import Repairs

    people = Repairs(play.db)
    repair = people.arrived()
    today.shift(timedelta(days=10))
    assert people.finish(repair) == "repaired"
    play.run("UPDATE service_case SET order_no = :o WHERE id = :c", o=ORDER, c=repair)
    assert "2026-11-09 → 2027-02-19" in "\n".join(play.items(bring_back(play))["review-1"].brief)


def test_what_was_rejected_was_not_in_repair(play: Play, today: Today) -> None:
    """Repair days are excluded: as the warranty counts them, those of repairs that were done or came back unrepaired."""
    from tests.flows.repairs import Repairs

    people = Repairs(play.db)
    repair = people.apply_repair()
    today.shift(timedelta(days=10))
    people.decide(repair, "review-1", 返修结论="驳回", 原因="未见损坏")
    assert people.case(repair).ending == "rejected"
    play.run("UPDATE service_case SET order_no = :o WHERE id = :c", o=ORDER, c=repair)
    assert "2026-11-09 → 2027-02-09" in "\n".join(play.items(bring_back(play))["review-1"].brief)
