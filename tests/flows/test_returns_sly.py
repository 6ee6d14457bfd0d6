"""Returns as a sly or clumsy colleague or customer plays them (DOMAIN 5; DOMAIN-BRANCHES 5)."""

import threading
from typing import Any

import pytest
import time_machine

from schemas.answers import Answer, Turn
from schemas.problems import BadInput
from schemas.words import Channel
from tasks.durable.stage import advance, advance_chunk
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
UNFIT = {1: {"完好数量": 0, "可再售数量": 0}}


def second_line(play: Play, price: int) -> None:
    """Let the order have one more line, of one piece."""
    play.run(
        "INSERT INTO sales_record SELECT (jsonb_populate_record(s, jsonb_build_object('line_no', 2, 'quantity', 1, "
        "'price_paid', CAST(:p AS int), 'list_price', CAST(:p AS int), 'delivery_fee', 0, 'coupon', 0))).* "
        "FROM sales_record s WHERE order_no = :o",
        o=ORDER, p=price,
    )  # fmt: skip


def counted(play: Play, case: int, many: int, part: int = 1, **more: Any) -> None:
    """Let so many come in a delivery."""
    play.run_to(case, f"sent-{part}")
    play.decide(case, f"sent-{part}")
    play.decide(case, f"count-{part}-way", 明细=cells("实返数量", {1: many}), **more)


def news(play: Play, case: int) -> str:
    (key,) = [key for key in play.items(case) if key.startswith("news")]
    return key


# what is not accepted


@pytest.mark.parametrize("wish", ["退货", "换货"])
def test_where_nothing_is_accepted_there_is_no_list_to_sign(play: Play, wish: str) -> None:
    case = no_reason(play, 客户意愿=wish)
    play.run_to(case, "appraise-1")
    play.decide(case, "appraise-1", 明细=UNFIT)
    assert play.finish(case) == "refused"
    assert (play.documents(case, "TH"), "sign-1" in play.keys(case)) == ([], False)


def test_a_gift_that_is_kept_is_deducted_where_the_first_delivery_was_refused(play: Play) -> None:
    case = no_reason(play)
    play.decide(case, "review-1", 赠品留用=40)
    counted(play, case, 1)
    play.decide(case, "appraise-1", 明细=UNFIT)
    assert (play.finish(case), paid(play, case)) == ("partly_refunded", [700 - 40])


def test_the_freight_of_a_delivery_that_was_not_ours_is_not_repaid_with_the_next(play: Play) -> None:
    play.run("UPDATE sales_record SET channel = 'shop' WHERE order_no = :o", o=ORDER)
    case = bring_back(play)
    counted(play, case, 1, 返货运费=90)
    play.run_to(case, "reinspect-1")
    play.decide(case, "reinspect-1", 明细=cells("属质量问题", {1: 0}))
    play.run_to(case, "sent-2")
    counted(play, case, 1, 2, 返货运费=50)
    assert (play.finish(case), paid(play, case)) == ("partly_refunded", [750 + 30 + 50])


def test_a_refusal_of_the_second_delivery_leaves_it_partly_refunded(play: Play) -> None:
    case = bring_back(play)
    counted(play, case, 1)
    play.run_to(case, "sent-2")
    counted(play, case, 1, 2)
    play.run_to(case, "sign-2")
    play.decide(case, "sign-2", 审批结论="不同意", 原因="型号不符")
    play.decide(case, "sign-ruling-2", 审批结论="不同意", 原因="核对过")
    assert (play.finish(case), paid(play, case)) == ("partly_refunded", [870])


def test_a_disputed_deduction_over_two_lines_is_paid_whole_where_the_manager_says_so(play: Play) -> None:
    second_line(play, 100)
    lines = [{"行号": no, "退换数量": many, "退换原因": "不喜欢"} for no, many in ((1, 2), (2, 1))]
    case = no_reason(play, 明细=lines)
    play.run_to(case, "appraise-1")
    play.decide(case, "appraise-1", 明细={2: {"完好数量": 0}}, 拟扣金额=1550)
    play.decide(case, "difference-1", 客户意见="不认可", 说明="原有划痕")
    play.run_to(case, "dispute-1")
    assert paid(play, case) == [50]
    play.decide(case, "dispute-1")
    assert (play.finish(case), paid(play, case)) == ("refunded", [50, 1550])


def test_what_is_ruled_back_is_the_deduction_and_not_the_gift(play: Play) -> None:
    case = no_reason(play)
    play.decide(case, "review-1", 赠品留用=40)
    counted(play, case, 1)
    play.decide(case, "appraise-1", 明细=UNFIT, 拟扣金额=100)
    play.decide(case, "difference-1", 客户意见="不认可", 说明="原有划痕")
    play.run_to(case, "dispute-1")
    play.decide(case, "dispute-1")
    assert (play.finish(case), paid(play, case)) == ("refunded", [700 - 40 - 100, 100, 800])


def test_no_more_is_deducted_than_was_paid_for_what_came(play: Play) -> None:
    case = no_reason(play, 1)
    assert "750" in play.refused(case, "review-1", 赠品留用=751)
    play.run_to(case, "appraise-1")
    assert "750" in play.refused(case, "appraise-1", 明细=UNFIT, 拟扣金额=751)


# exchange


def test_an_exchange_that_we_collect_repays_no_freight(play: Play) -> None:
    in_stock(play, "DK-553", 5)
    case = bring_back(play, 1, 客户意愿="换货")
    play.decide(case, "review-1", 上门取货="是")
    assert (play.finish(case), paid(play, case)) == ("exchanged", [])


@pytest.mark.parametrize(("collect", "deduction", "owed"), [("是", 0, [90]), ("否", 200, [200])])
def test_an_exchange_without_fault_of_ours_costs_our_collection_and_what_was_agreed(
    play: Play, collect: str, deduction: int, owed: list[int]
) -> None:
    in_stock(play, "DK-553", 5)
    case = no_reason(play, 1, 客户意愿="换货")
    play.decide(case, "review-1", 上门取货=collect)
    play.run_to(case, "appraise-1")
    play.decide(case, "appraise-1", **({"明细": UNFIT, "拟扣金额": 200} if deduction else {}))
    assert play.finish(case) == "exchanged"
    assert [row.amount for row in play.rows("SELECT amount FROM payment WHERE case_id = :c", c=case)] == owed


@pytest.mark.parametrize("price", [700, 900])
def test_where_another_article_is_not_delivered_the_customer_gets_back_just_what_was_paid(
    play: Play, price: int
) -> None:
    """Cheaper: the difference was paid back before; dearer: the customer has paid it."""
    out_of_stock(play)
    play.run("UPDATE part_price SET price = :p WHERE part = 'TV-531'", p=price)
    case = bring_back(play, 1, 客户意愿="换货")
    play.run_to(case, "choice-1")
    play.decide(case, "choice-1", 缺货选择="改换其他商品", 另换型号="TV-531")
    while "exchange-1-stock" not in play.items(case):
        play.go_on(case, play.items(case))
    child = play.child(case, "exchange-1-stock")
    advance(play.db, child)
    assert play.withdraw(child, "E1040").accepted
    advance(play.db, case)
    assert play.finish(case) == "refunded"
    owed = sum(row.amount for row in play.rows("SELECT amount FROM payment WHERE case_id = :c", c=case))
    assert sum(paid(play, case)) - float(owed) == 870


def test_a_difference_that_was_paid_back_is_not_paid_again_with_the_goods(play: Play) -> None:
    """Refunds ≤ paid per part: goods."""
    out_of_stock(play)
    play.run("UPDATE part_price SET price = 700 WHERE part = 'TV-531'")
    case = bring_back(play, 1, 客户意愿="换货")
    play.run_to(case, "choice-1")
    play.decide(case, "choice-1", 缺货选择="改换其他商品", 另换型号="TV-531")
    assert (play.finish(case), paid(play, case)) == ("exchanged", [140])
    again = no_reason(play)
    assert (play.finish(again), paid(play, again)) == ("refunded", [1450])


def test_a_dearer_article_that_comes_back_is_refunded_at_what_was_paid_for_it(play: Play) -> None:
    """Refunds ≤ paid per part: the difference was paid for the goods, whatever freight it was settled with."""
    out_of_stock(play)
    play.run("UPDATE part_price SET price = 900 WHERE part = 'TV-531'")
    case = bring_back(play, 1, 客户意愿="换货")
    play.run_to(case, "choice-1")
    play.decide(case, "choice-1", 缺货选择="改换其他商品", 另换型号="TV-531")
    assert (play.finish(case), paid(play, case)) == ("exchanged", [])
    again = bring_back(play)
    assert (play.finish(again), paid(play, again)) == ("refunded", [1500 + 150 + 60 + 90])
    assert sale(play).refunded == sale(play).price_paid + sale(play).paid_more


def test_the_ladder_climbs_by_the_value_of_the_new_goods(play: Play) -> None:
    out_of_stock(play)
    play.run("UPDATE part_price SET price = 9000 WHERE part = 'TV-531'")
    case = bring_back(play, 1, 客户意愿="换货")
    play.run_to(case, "choice-1")
    play.decide(case, "choice-1", 缺货选择="改换其他商品", 另换型号="TV-531")
    assert play.items(case)["approve-part-1-1"].role == "SUPERVISOR"


def ahead(play: Play, **review: Any) -> int:
    in_stock(play, "DK-553", 5)
    case = bring_back(play, 客户意愿="换货")
    play.decide(case, "review-1", 先换后退="是", **review)
    play.decide(case, "special-1")
    play.run_to(case, "sent-1")
    return case


def test_what_went_ahead_is_not_also_withdrawn_or_paid(play: Play) -> None:
    case = ahead(play)
    assert "不能撤回" in str(play.withdraw(case, play.case(case).applicant).problems[0])
    assert "不能再改" in play.refused(case, news(play, case), 意愿更改为="退货")


def test_where_the_old_goods_never_come_supervisor_and_finance_hear_what_went_ahead(play: Play, today: Today) -> None:
    case = ahead(play)
    today.move_to(play.items(case)["sent-1"].expires_at)
    assert play.time_out(case, "sent-1").accepted
    assert play.case(case).ending == "never_returned"
    told = play.rows("SELECT role FROM notice WHERE case_id = :c AND kind LIKE 'unreturned%'", c=case)
    assert {row.role for row in told} == {"SUPERVISOR", "FINANCE"}


def test_what_the_customer_still_owes_comes_back_first_and_is_not_paid(play: Play, today: Today) -> None:
    """Later arrival reopens: goods whose exchange went ahead come as that exchange, all of them, before anything else."""
    case = ahead(play)
    today.move_to(play.items(case)["sent-1"].expires_at)
    play.time_out(case, "sent-1")
    number = play.case(case).number
    for wrong, why in (
        ({}, number),
        ({"原退换单号": number}, "须填“换货”"),
        ({"quantity": 1, "原退换单号": number}, "2 件"),
    ):
        with pytest.raises(BadInput, match=why):
            bring_back(play, **wrong)
    again = bring_back(play, 客户意愿="换货", 原退换单号=number)
    assert (play.finish(again), paid(play, again)) == ("exchanged", [90])
    assert not play.rows("SELECT 1 FROM service_case WHERE parent_id = :c AND process = 'PA'", c=again)
    assert paid(play, case_finished(play, bring_back(play))) == [1650], "what came in exchange may come back now"


def test_what_was_owed_and_came_is_owed_once(play: Play, today: Today) -> None:
    """Who later exchanges the new goods as well and names the old case again would get nothing for them."""
    case = ahead(play)
    today.move_to(play.items(case)["sent-1"].expires_at)
    play.time_out(case, "sent-1")
    number = play.case(case).number
    assert play.finish(bring_back(play, 客户意愿="换货", 原退换单号=number)) == "exchanged"
    with pytest.raises(BadInput, match="原退换单号"):
        bring_back(play, 客户意愿="换货", 原退换单号=number)


def case_finished(play: Play, case: int) -> int:
    play.finish(case)
    return case


def lost(play: Play, today: Today, **review: Any) -> str:
    """Let goods be lost on their way back; gives the number of the case."""
    case = bring_back(play)
    play.decide(case, "review-1", **review)
    play.run_to(case, "sent-1")
    play.decide(case, "sent-1")
    today.move_to(play.items(case)["count-1-way"].expires_at)
    assert play.time_out(case, "count-1-way").accepted
    play.decide(case, "trace-1-0", 返货查询结果="途中丢失")
    play.finish(case)
    assert play.case(case).ending == "lost"
    return str(play.case(case).number)


def test_goods_that_are_found_after_they_were_lost_reopen_it(play: Play, today: Today) -> None:
    number = lost(play, today)
    today.move_to("2026-12-20T10:00:00+08:00")
    again = bring_back(play, 原退换单号=number)
    assert (play.finish(again), paid(play, again)) == ("refunded", [1650])


def test_what_our_carrier_lost_is_ours_when_it_is_found(play: Play, today: Today) -> None:
    number = lost(play, today, 上门取货="是")
    with pytest.raises(BadInput, match="凭盘点入库"):
        bring_back(play, 原退换单号=number)


def test_what_went_ahead_is_not_also_paid_where_our_carrier_loses_the_old(play: Play, today: Today) -> None:
    case = ahead(play, 上门取货="是")
    play.decide(case, "sent-1")
    today.move_to(play.items(case)["count-1-way"].expires_at)
    assert play.time_out(case, "count-1-way").accepted
    advance(play.db, case)
    play.decide(case, "trace-1-0", 返货查询结果="途中丢失")
    assert (play.finish(case), paid(play, case)) == ("lost", [])


# two requests about one order


def test_two_requests_that_stand_at_the_signature_at_once_come_to_what_was_paid(play: Play) -> None:
    """The offer is lost with the first piece and comes back with the last, in whatever order people sign."""
    cases = [no_reason(play, 1), no_reason(play, 1)]
    for case in cases:
        play.run_to(case, "sign-1")
    threads = [threading.Thread(target=play.decide, args=(case, "sign-1")) for case in cases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [play.finish(case) for case in cases] == ["refunded", "refunded"]
    assert sorted(amount for case in cases for amount in paid(play, case)) == [700, 800]
    for case in cases:
        assert play.documents(case, "TH")[-1].content["refund"] == play.documents(case, "TK")[0].content["refund"]


def test_two_cancellations_before_shipment_come_to_what_was_paid(play: Play) -> None:
    unsigned(play, delivered=False)
    cases = [no_reason(play, 1), no_reason(play, 1)]
    for case in cases:
        play.run_to(case, "stop")
    assert [play.finish(case) for case in cases] == ["cancelled_before_shipment"] * 2
    assert sum(sum(paid(play, case)) for case in cases) == 1560


def test_a_defect_first_does_not_make_the_next_piece_dearer(play: Play) -> None:
    """The offer of 1,000 was lost by what the customer did not want, not by the defect: 4 × 532, 2,128 paid."""
    play.run("UPDATE sales_record SET list_price = 2400, offer_from = 2000, coupon = 0 WHERE order_no = :o", o=CHAIRS)
    first = bring_back_on(play, CHAIRS, 1)
    assert (play.finish(first), paid(play, first)) == ("refunded", [532 + 90])
    second = bring_back_on(play, CHAIRS, 1, 退换依据="无理由")
    assert (play.finish(second), paid(play, second)) == ("refunded", [532 - 136])


def test_a_defect_last_brings_back_what_the_offer_took(play: Play) -> None:
    first, second = no_reason(play, 1), bring_back(play, 1)
    assert (play.finish(first), paid(play, first)) == ("refunded", [700])
    assert (play.finish(second), paid(play, second)) == ("refunded", [800 + 30 + 90])


# before shipment


@pytest.mark.parametrize("delivered", [True, False])
def test_leaders_refuse_the_money_before_anything_is_stopped(play: Play, delivered: bool) -> None:
    play.run("UPDATE sales_record SET price_paid = 9000 WHERE order_no = :o", o=ORDER)
    unsigned(play, delivered=delivered)
    case = no_reason(play)
    play.decide(case, "review-1")
    play.decide(case, "approve-claim-1-1", 审批结论="不同意", 原因="已排产")
    assert (play.finish(case), play.rows("SELECT 1 FROM outbox WHERE case_id = :c", c=case)) == ("refused", [])


def test_a_change_asks_no_leader_about_money(play: Play) -> None:
    play.run("UPDATE sales_record SET price_paid = 9000 WHERE order_no = :o", o=ORDER)
    unsigned(play, delivered=False)
    case = no_reason(play, 客户意愿="更改订单", 改成="颜色改为胡桃色")
    assert play.finish(case) == "changed"
    assert [key for key in play.keys(case) if key.startswith("approve-")] == []


def test_who_wants_a_reduction_instead_keeps_the_order_as_it_is(play: Play) -> None:
    unsigned(play, delivered=False)
    case = no_reason(play, 照片编号="P-1")
    play.run_to(case, "stop")
    play.decide(case, news(play, case), 意愿更改为="折价")
    assert "review-2" in play.items(case)
    play.decide(case, "review-2", 折价比例=20)
    assert (play.finish(case), paid(play, case)) == ("reduced", [300])
    assert play.rows("SELECT 1 FROM outbox WHERE case_id = :c AND kind = 'change_order'", c=case) == []


def test_an_exchange_before_the_customer_has_it_says_into_what(play: Play) -> None:
    unsigned(play, delivered=False)
    with pytest.raises(BadInput, match="改成"):
        open_to_gate(play.db, form_of(play, 退换依据="无理由", 客户意愿="换货"), "RF")
    case = no_reason(play)
    assert "改成" in play.refused(case, news(play, case), 意愿更改为="换货")


def test_custom_made_goods_on_their_way_are_not_sent_back_without_a_reason(play: Play) -> None:
    play.run("UPDATE sales_record SET custom_made = true, custom_confirmed = true WHERE order_no = :o", o=ORDER)
    unsigned(play)
    assert "没有可依据的规则" in play.refused(no_reason(play), "review-1")


def test_a_parcel_that_was_intercepted_is_not_withdrawn(play: Play) -> None:
    unsigned(play)
    case = no_reason(play)
    play.run_to(case, "intercept")
    play.decide(case, "intercept")
    assert "不能撤回" in str(play.withdraw(case, play.case(case).applicant).problems[0])


def test_what_was_counted_is_not_withdrawn(play: Play) -> None:
    case = bring_back(play)
    play.run_to(case, "sent-1")
    play.decide(case, "count-1")
    assert "不能撤回" in str(play.withdraw(case, play.case(case).applicant).problems[0])


# rules and wishes


def test_an_exchange_of_a_later_defect_becomes_a_return_only_by_the_manager(play: Play, today: Today) -> None:
    today.move_to("2027-05-18T10:00:00+08:00")
    in_stock(play, "DK-553", 5)
    case = bring_back(play, 客户意愿="换货")
    play.run_to(case, "sent-1")
    play.decide(case, news(play, case), 意愿更改为="退货")
    counted(play, case, 2)
    while "wish" not in play.items(case):
        assert "sign-1" not in play.items(case)
        play.go_on(case, play.items(case))
    assert play.items(case)["wish"].role == "MANAGER"
    play.decide(case, "wish", 审批结论="不同意", 原因="可换货")
    assert (play.finish(case), paid(play, case)) == ("refused", [])


def test_a_reduction_of_a_later_defect_becomes_a_return_only_by_the_manager(play: Play, today: Today) -> None:
    today.move_to("2027-05-18T10:00:00+08:00")
    case = bring_back(play, 客户意愿="折价")
    play.decide(case, "review-1", 折价比例=20)
    play.decide(case, "reduction-1", 答复="不同意报价", 原因="要退货", 签字日期="")
    assert play.items(case)["wish"].role == "MANAGER"


def test_without_a_reason_there_is_no_reduction(play: Play) -> None:
    case = no_reason(play, 照片编号="P-1")
    play.run_to(case, "sent-1")
    play.decide(case, news(play, case), 意愿更改为="折价")
    assert "没有可依据的规则" in play.refused(case, "review-2", 折价比例=20)


def test_a_reduction_needs_photos_whenever_it_is_wanted(play: Play) -> None:
    case = no_reason(play, 照片编号="")
    assert "照片" in play.refused(case, news(play, case), 意愿更改为="折价")


# days


def test_nobody_asked_before_the_goods_were_made(play: Play) -> None:
    with pytest.raises(BadInput, match="客户提出日期"):
        open_to_gate(play.db, form_of(play, 客户提出日期="2026-11-08"), "RF")


def test_the_review_shows_the_day_of_the_request(play: Play) -> None:
    case = no_reason(play, 客户提出日期="2026-11-17")
    assert "2026-11-17" in "\n".join(play.items(case)["review-1"].brief)


def test_wilful_delay_counts_from_the_request_not_from_its_record(play: Play, today: Today) -> None:
    today.move_to("2026-11-20T10:00:00+08:00")
    case = bring_back(play, 客户提出日期="2026-11-17")
    told = [one["at"][:10] for one in play.items(case)["news-1"].schedule if one["term"].startswith("wilful")]
    assert (told[0], told[-1]) == ("2026-11-30", "2026-12-02")


def test_what_reopens_a_case_has_the_day_on_which_the_customer_asked(play: Play, today: Today) -> None:
    today.move_to("2026-11-25T10:00:00+08:00")
    case = no_reason(play, 客户提出日期="2026-11-23")
    for _ in range(2):  # it may stay away twice
        play.run_to(case, "sent-1")
        today.move_to(play.items(case)["sent-1"].expires_at)
        assert play.time_out(case, "sent-1").accepted
        advance(play.db, case)
        case = no_reason(play, 原退换单号=play.case(case).number)
    assert play.finish(case) == "refunded"


@pytest.mark.parametrize(("day", "rule"), [("2026-11-30T23:59:59+08:00", True), ("2026-12-01T00:00:00+08:00", False)])
def test_a_last_day_of_rest_moves_on_to_the_last_second_of_the_next(
    play: Play, today: Today, day: str, rule: bool
) -> None:
    """Signed on Saturday the 21st, so day 7 is Saturday the 28th: Monday the 30th is the last."""
    play.run("UPDATE sales_record SET signing_date = '2026-11-21' WHERE order_no = :o", o=ORDER)
    today.move_to(day)
    brief = "\n".join(play.items(no_reason(play))["review-1"].brief)
    assert ("2026-11-21 → 2026-11-30 [LAW, S2]" in brief) is rule


def test_our_own_months_never_move_on(play: Play, today: Today) -> None:
    """Made on 28 November, so three months end on Sunday, 28 February."""
    play.run("UPDATE sales_record SET factory_date = '2026-11-28', signing_date = '2026-11-29' WHERE order_no = :o",
             o=ORDER)  # fmt: skip
    today.move_to("2027-02-28T23:59:59+08:00")
    assert "[S3 §8 5.1.4]" in "\n".join(play.items(bring_back(play, 1))["review-1"].brief)
    today.move_to("2027-03-01T00:00:00+08:00")
    assert "[S3 §8 5.1.4]" not in "\n".join(play.items(bring_back(play, 1))["review-1"].brief)


def test_the_customer_is_known_however_the_name_and_phone_are_spelled(play: Play) -> None:
    assert bring_back(play, 客户姓名=" 阮清禾 ", 客户电话="+86 138-0000-4101")


# the money


def test_a_line_of_the_banks_list_confirms_one_refund(play: Play) -> None:
    cases = [bring_back_on(play, CHAIRS, 1) for _ in range(2)]
    for case in cases:
        play.run_to(case, "bank-1-1")
    said = {"银行结果": "已付", "入账日期": "2026-11-18", "银行流水号": "YH-1"}
    play.decide(cases[0], "bank-1-1", **said)
    assert "银行流水号" in play.refused(cases[1], "bank-1-1", **said)
    play.decide(cases[1], "bank-1-1", **said | {"银行流水号": "YH-2"})


def test_a_line_of_the_banks_list_confirms_one_refund_of_a_sheet_too(play: Play) -> None:
    cases = [bring_back_on(play, CHAIRS, 1) for _ in range(2)]
    for case in cases:
        play.run_to(case, "bank-1-1")
    said = {"银行结果": "已付", "入账日期": "2026-11-18", "银行流水号": "YH-1"}
    answers = [Answer("bank-1-1", play.answer(case, "bank-1-1", **said), Channel.SHEET) for case in cases]
    turns = [Turn(case, (answer,)) for case, answer in zip(cases, answers, strict=True)]
    first, second = (result.reply for result in advance_chunk(play.db, turns))
    assert (first.accepted, second.accepted) == (True, False)
    assert "银行流水号" in str(second.problems)


def test_the_bank_refuses_twice_and_one_refund_is_paid_under_one_key(play: Play) -> None:
    case = bring_back(play, 退款账号="6222020200112230")
    play.run_to(case, "bank-1-1")
    for turn, account in ((1, "6222 0202 0011 2248"), (2, "6222020200112255")):
        assert "必填" in play.refused(case, f"bank-1-{turn}", 银行结果="退票", 入账日期="", 银行流水号="")
        play.decide(case, f"bank-1-{turn}", 银行结果="退票", 入账日期="", 银行流水号="", 原因="户名不符")
        play.decide(case, f"account-1-{turn}", 更正账号=account)
    play.decide(case, "bank-1-3", 银行结果="已付", 入账日期="2026-11-18", 银行流水号="YH-3")
    assert (play.finish(case), paid(play, case), len(play.documents(case, "TK"))) == ("refunded", [1650], 1)
    keys = play.rows("SELECT DISTINCT idempotency_key FROM outbox WHERE case_id = :c AND kind = 'pay_refund'", c=case)
    assert len(keys) == 1


def test_who_approved_or_recorded_does_not_pay(play: Play) -> None:
    for role in ("SALES_MANAGER", "FINANCE"):
        from schemas.words import Role

        if "E1047" not in play.holders(Role(role)):
            play.grant("E1047", Role(role))
    case = bring_back(play)
    play.run_to(case, "sign-1")
    play.decide(case, "sign-1", "E1047")
    assert "E1047" in play.refused(case, "pay-1", "E1047")
