"""New goods that an office collected stand in its own warehouse until it hands them to the customer (DOMAIN, "Stock")."""

from collections.abc import Mapping
from decimal import Decimal

import pytest
import time_machine

import flows.repair_return  # noqa: F401  registers process RR
from schemas.answers import Answer, Turn
from schemas.words import Channel
from tasks.durable.stage import advance, advance_chunk
from tests.flows.anomalies import planned, reported
from tests.flows.keeping import BJ, HINGE, MAIN, OF_BJ, OF_SH, Keepers
from tests.play import cells, line

PEOPLE = Keepers
SUPERVISOR = "E1040"
SHORT = {"核对结果": "短少", "说明": "少件"}
DAMAGED = {"核对结果": "损坏", "照片编号": "IMG-1"}


def sent(play: Keepers, many: int = 4, **more: str) -> int:
    """Bring a case of hinges on stock to its pickup."""
    case = play.apply([line(HINGE, many)], **more)
    play.run_to(case, "pickup-1")
    return case


def waits_for_another(play: Keepers) -> int:
    """Let an office collect hinges of a case that goes on: its doors are being made."""
    case = play.apply([line(HINGE, 4), line("P-PB-001", 3)], 发货方式="分批")
    play.run_to(case, "goods-out-1-1")
    play.decide(case, "goods-out-1-1")
    play.decide(case, "pickup-1")
    assert at_office(play) == 4
    return case


def at_office(play: Keepers, part: str = HINGE) -> Decimal:
    """Say how many the office has; whatever it has, nothing of it is reserved."""
    on_hand, reserved = play.stock(BJ, part)
    assert not reserved
    return on_hand


def moved_by(play: Keepers, case: int) -> Mapping[str, Decimal]:
    """Add up what a case has moved in the office's warehouse, by kind."""
    wanted = (
        "SELECT kind, sum(quantity) AS many FROM stock_movement WHERE case_id = :case AND warehouse = :bj GROUP BY 1"
    )
    return {row.kind: row.many for row in play.rows(wanted, case=case, bj=BJ)}


def test_what_an_office_collected_stands_in_its_warehouse_until_a_slip_hands_it_to_the_customer(play: Keepers) -> None:
    case = sent(play)
    assert at_office(play) == 0, "goods on the road are nobody's stock"
    play.decide(case, "pickup-1")
    assert (play.case(case).ending, at_office(play)) == ("delivered", 4)
    (slip,) = play.documents(case, "RK")
    said = {name: slip.content[name] for name in ("warehouse", "category", "supplier", "red")}
    assert said == {
        "warehouse": "BJ-GOOD 北京办事处良品仓",
        "category": "调拨入库",
        "supplier": "MAIN-GOOD 总部良品仓",
        "red": False,
    }
    assert [(row["part"], row["quantity"], row["lots"]) for row in slip.content["lines"]] == [
        (HINGE, "4", "2026-11-18")
    ]

    handed = play.slip("自用领用", OF_BJ, 3, BJ, 供应方或领用方="客户凌霄")
    play.decide(handed, "check", "E1050")
    assert (play.ending(handed), at_office(play)) == ("booked", 1)
    assert play.kinds(handed) == {"own_use_out": -3}
    assert "客户凌霄" in play.documents(handed, "CK")[0].content["receiver"]
    too_many = play.slip("自用领用", OF_BJ, 2, BJ, 供应方或领用方="客户凌霄")
    play.refused(too_many, "check", "E1050")


def test_each_line_comes_in_by_one_slip_of_the_office_that_collected_it(play: Keepers) -> None:
    case = play.apply([line(HINGE, 4), line("P-HW-002", 3)], office="SH")
    play.run_to(case, "pickup-1")
    play.decide(case, "pickup-1")
    (slip,) = play.documents(case, "RK")
    assert {row["part"]: row["quantity"] for row in slip.content["lines"]} == {HINGE: "4", "P-HW-002": "3"}
    assert [play.stock("SH-GOOD", part)[0] for part in (HINGE, "P-HW-002")] == [4, 3]


@pytest.mark.parametrize("wrong", [SHORT, DAMAGED], ids=["short", "damaged"])
def test_only_what_arrived_in_good_order_comes_in(play: Keepers, wrong: dict[str, str]) -> None:
    case = sent(play)
    play.decide(case, "pickup-1", **wrong, 明细=cells("完好数量", {1: 3}))
    assert at_office(play) == 3
    play.finish(play.ordered(play.settle(case, "anomaly-pickup-1-1")))
    assert (play.case(case).ending, at_office(play)) == ("delivered", 4)
    assert play.moved(case, "transfer_in") == {HINGE: 3}


def test_where_nothing_arrived_there_is_no_slip(play: Keepers) -> None:
    case = sent(play)
    play.decide(case, "pickup-1", **SHORT, 明细=cells("完好数量", {1: 0}))
    assert (at_office(play), play.documents(case, "RK")) == (0, [])


def test_what_is_accepted_as_it_is_or_was_no_anomaly_stands_at_the_office_too(play: Keepers) -> None:
    case = play.apply([line(HINGE, 4), line("P-HW-002", 3), line("P-HW-003", 2)])
    play.run_to(case, "pickup-1")
    play.decide(case, "pickup-1", **DAMAGED, 明细=cells("完好数量", {1: 3, 2: 2, 3: 1}))
    kept = play.anomaly(case, "anomaly-pickup-1-1")
    play.run_to(kept, "plan-1")
    play.decide(kept, "plan-1", 处理办法="让步接收", 货物去向="留在原处", 申报方同意="客户同意")
    assert play.finish(kept) == "settled"
    advance(play.db, case)
    play.deny(case, "anomaly-pickup-1-2")
    play.settle(case, "anomaly-pickup-1-3", "让步接收", 申报方同意="客户自购")
    assert play.case(case).ending == "delivered"
    assert [at_office(play, part) for part in (HINGE, "P-HW-002", "P-HW-003")] == [4, 3, 1]


def test_what_is_checked_later_comes_in_when_it_was_checked(play: Keepers) -> None:
    case = sent(play)
    play.decide(case, "pickup-1", 核对结果="已提货未核对")
    assert at_office(play) == 0
    play.decide(case, "check-1", **SHORT, 明细=cells("完好数量", {1: 1}))
    assert at_office(play) == 1


def test_what_nobody_checked_in_time_is_the_office_s(play: Keepers, today: time_machine.Traveller) -> None:
    case = sent(play)
    play.decide(case, "pickup-1", 核对结果="已提货未核对")
    today.move_to("2026-11-26T08:30:00+08:00")
    assert play.time_out(case, "check-1").accepted
    assert (play.case(case).ending, at_office(play)) == ("delivered", 4)


def test_what_an_office_has_unchecked_stays_with_it_when_the_case_is_withdrawn(play: Keepers) -> None:
    case, before = sent(play), play.stock(MAIN)
    play.decide(case, "pickup-1", 核对结果="已提货未核对")
    assert play.withdraw(case, SUPERVISOR).accepted
    assert (at_office(play), play.stock(MAIN)) == (4, before)


def test_a_withdrawal_leaves_with_the_office_what_it_collected_and_no_more(play: Keepers) -> None:
    case = waits_for_another(play)
    assert play.withdraw(case, SUPERVISOR).accepted
    assert at_office(play) == 4


@pytest.mark.parametrize(("came", "left"), [(4, 0), (3, 1)])
def test_what_comes_back_of_collected_goods_leaves_the_office_s_warehouse(play: Keepers, came: int, left: int) -> None:
    before = play.stock(MAIN)
    case = play.apply([line(HINGE, 4)], urgency="加急")
    for key in ("release-early", "goods-out-1-1", "pickup-1"):
        play.decide(case, key)
    assert at_office(play) == 4
    play.decide(case, "review-1", 审核结论="驳回", 原因="不属于售后范围")
    more = {} if came == 4 else {"差异原因": "留用"}
    play.decide(case, "recall-1", 明细=cells("实收数量", {1: came}, **more))
    assert play.case(case).ending == "rejected"
    assert (at_office(play), play.stock(MAIN)) == (left, (before[0] - left, before[1]))
    assert moved_by(play, case) == {"transfer_in": 4, "transfer_out": -came}


def test_goods_that_came_back_unchecked_never_stood_at_the_office(play: Keepers) -> None:
    case = play.apply([line(HINGE, 4)], urgency="加急")
    for key in ("release-early", "goods-out-1-1"):
        play.decide(case, key)
    play.decide(case, "pickup-1", 核对结果="已提货未核对")
    play.decide(case, "review-1", 审核结论="驳回", 原因="不属于售后范围")
    assert (play.finish(case), at_office(play)) == ("rejected", 0)


def test_collected_goods_of_which_something_is_reported_and_that_come_back_leave_the_office(play: Keepers) -> None:
    case, before = waits_for_another(play), play.stock(MAIN)
    child = reported(play, case, 数量=1)
    assert play.finish(planned(play, child, 货物去向="入良品库")) == "settled"
    play.rest()
    assert (at_office(play), play.stock(MAIN)[0]) == (3, before[0] + 1)
    assert moved_by(play, child) == {"transfer_out": -1}


def test_what_the_customer_has_by_then_does_not_leave_the_office_again(play: Keepers) -> None:
    case = waits_for_another(play)
    handed = play.slip("自用领用", OF_SH, 4, BJ, 供应方或领用方="客户凌霄")
    play.decide(handed, "check", OF_BJ)
    child = reported(play, case, 数量=1)
    assert play.finish(planned(play, child, 货物去向="入残次品库")) == "settled"
    assert (at_office(play), moved_by(play, child)) == (0, {})


def test_what_was_found_wrong_at_the_pickup_never_stood_at_the_office_and_does_not_leave_it(play: Keepers) -> None:
    case = sent(play)
    play.decide(case, "pickup-1", **DAMAGED, 明细=cells("完好数量", {1: 3}))
    child = play.anomaly(case, "anomaly-pickup-1-1")
    assert play.finish(planned(play, child, 货物去向="入残次品库")) == "settled"
    assert (at_office(play), moved_by(play, child)) == (3, {})


def test_collected_goods_that_an_office_sends_back_to_be_repaired_are_no_good_stock_any_more(play: Keepers) -> None:
    case = waits_for_another(play)
    child = reported(play, case, 数量=1)
    assert play.finish(planned(play, child, 处理办法="返修", 货物去向="留在原处")) == "settled"
    play.rest()
    assert (at_office(play), play.stock("BJ-DAMAGED")[0]) == (3, 1)


@pytest.mark.parametrize(
    "plan", [{"货物去向": "无实物"}, {"货物去向": "退回发货方"}], ids=["missing", "given elsewhere"]
)
def test_what_an_office_has_no_more_of_what_it_collected_leaves_its_warehouse(
    play: Keepers, plan: dict[str, str]
) -> None:
    case = waits_for_another(play)
    child = reported(play, case, 数量=1)
    assert play.finish(planned(play, child, 处理办法="补发", **plan)) == "settled"
    assert at_office(play) == 3
    assert play.finish(play.ordered(child)) == "delivered"
    assert at_office(play) == 4


def test_what_was_found_wrong_at_the_pickup_takes_nothing_with_it_that_others_reported(play: Keepers) -> None:
    case = play.apply([line(HINGE, 4), line("P-PB-001", 3)], 发货方式="分批")
    play.run_to(case, "goods-out-1-1")
    play.decide(case, "goods-out-1-1")
    play.decide(case, "pickup-1", **DAMAGED, 明细=cells("完好数量", {1: 3}))
    found, other = play.anomaly(case, "anomaly-pickup-1-1"), reported(play, case, 数量=1)
    assert play.finish(planned(play, found, 货物去向="入残次品库")) == "settled"
    assert (at_office(play), moved_by(play, found)) == (3, {})
    accepted = planned(play, other, 处理办法="让步接收", 货物去向="留在原处", 申报方同意="客户同意")
    assert (play.finish(accepted), at_office(play)) == ("settled", 3)


def test_what_did_not_come_back_of_unchecked_goods_stays_with_the_office(play: Keepers) -> None:
    case = play.apply([line(HINGE, 4)], urgency="加急")
    for key in ("release-early", "goods-out-1-1"):
        play.decide(case, key)
    play.decide(case, "pickup-1", 核对结果="已提货未核对")
    play.decide(case, "review-1", 审核结论="驳回", 原因="不属于售后范围")
    play.decide(case, "recall-1", 明细=cells("实收数量", {1: 3}, 差异原因="留用"))
    assert (play.case(case).ending, at_office(play)) == ("rejected", 1)


@pytest.mark.parametrize("how", ["accepted", "none", "withdrawn", "accepted before"])
def test_what_was_reported_on_the_road_and_is_kept_as_it_is_stands_at_the_office(play: Keepers, how: str) -> None:
    case = play.apply([line(HINGE, 4), line("P-PB-001", 3)], 发货方式="分批")
    play.run_to(case, "goods-out-1-1")
    play.decide(case, "goods-out-1-1")
    child, found = reported(play, case, 数量=1), DAMAGED | {"明细": cells("完好数量", {1: 3})}
    if how != "accepted before":
        play.decide(case, "pickup-1", **found)
        assert at_office(play) == 3
    if how == "none":
        play.decide(child, "review", 初审结论="不同意", 原因="不属异常")
    elif how == "withdrawn":
        assert play.withdraw(child, play.case(child).applicant).accepted
    else:
        planned(play, child, 处理办法="让步接收", 货物去向="留在原处", 申报方同意="客户同意")
        assert play.finish(child) == "settled"
    play.rest()
    if how == "accepted before":
        play.decide(case, "pickup-1", **found)
    assert at_office(play) == 4


def test_a_report_that_was_none_is_not_counted_against_the_next_parcel(play: Keepers) -> None:
    case, door = play.apply([line("P-PB-001", 3)], 发货方式="分批"), "P-PB-001"
    play.run_to(case, "produce-1-panel-1")
    play.decide(case, "produce-1-panel-1", 明细=cells("完成数量", {1: 1}))
    play.decide(case, "goods-in-1-1")
    play.decide(case, "goods-out-1-1")
    child = reported(play, case, 数量=1)
    play.decide(case, "pickup-1", **DAMAGED, 明细=cells("完好数量", {1: 0}))
    play.decide(child, "review", 初审结论="不同意", 原因="不属异常")
    play.rest()
    assert at_office(play, door) == 1
    play.run_to(case, "pickup-2")
    play.decide(case, "pickup-2", **DAMAGED, 明细=cells("完好数量", {1: 1}))
    found = play.anomaly(case, "anomaly-pickup-2-1")
    assert (Decimal(play.case(found).request["quantity"]), at_office(play, door)) == (1, 2)


def test_what_comes_back_of_one_parcel_leaves_the_office_while_the_next_is_on_the_road(play: Keepers) -> None:
    case, door = play.apply([line("P-PB-001", 4)], 发货方式="分批"), "P-PB-001"
    play.run_to(case, "produce-1-panel-1")
    play.decide(case, "produce-1-panel-1", 明细=cells("完成数量", {1: 2}))
    for key in ("goods-in-1-1", "goods-out-1-1", "pickup-1"):
        play.decide(case, key)
    play.run_to(case, "pickup-2")
    child = reported(play, case, 数量=1)
    assert play.finish(planned(play, child, 货物去向="入残次品库")) == "settled"
    play.rest()
    assert (at_office(play, door), moved_by(play, child)) == (1, {"transfer_out": -1})
    play.decide(case, "pickup-2")
    assert at_office(play, door) == 3


def test_two_pieces_that_are_counted_by_one_sheet_leave_the_office_once_where_one_stood_there(play: Keepers) -> None:
    case = play.apply([line(HINGE, 4), line("P-PB-001", 3)], 发货方式="分批")
    play.run_to(case, "goods-out-1-1")
    play.decide(case, "goods-out-1-1")
    found = reported(play, case, 数量=1)
    play.decide(case, "pickup-1", **DAMAGED, 明细=cells("完好数量", {1: 3}))
    counted = [planned(play, child, 货物去向="入残次品库") for child in (found, reported(play, case, 数量=1))]
    for child in counted:
        play.run_to(child, "goods-at-hand")
    said = [Answer("goods-at-hand", play.answer(child, "goods-at-hand"), Channel.SHEET) for child in counted]
    results = advance_chunk(play.db, [Turn(child, [one]) for child, one in zip(counted, said, strict=True)])
    assert [reply.accepted for result in results for reply in result.replies] == [True, True]
    assert at_office(play) == 2


def test_what_comes_back_by_an_anomaly_expires_when_it_did(play: Keepers) -> None:
    play.run("UPDATE part SET shelf_days = 30 WHERE code = :hinge", hinge=HINGE)
    case = waits_for_another(play)
    assert play.finish(planned(play, reported(play, case, 数量=1), 货物去向="入良品库")) == "settled"
    play.rest()
    wanted = "SELECT DISTINCT expires_on FROM stock_lot WHERE part = :hinge AND warehouse IN (:bj, :main)"
    assert len(play.rows(wanted, hinge=HINGE, bj=BJ, main=MAIN)) == 1


@pytest.mark.parametrize("found", [True, False], ids=["at the pickup", "later"])
def test_what_an_anomaly_brought_back_is_not_called_back_again(play: Keepers, found: bool) -> None:
    case, before = play.apply([line(HINGE, 4)], urgency="加急"), play.stock(MAIN)[0]
    for key in ("release-early", "goods-out-1-1"):
        play.decide(case, key)
    if found:
        play.decide(case, "pickup-1", **DAMAGED, 明细=cells("完好数量", {1: 3}))
        child = play.anomaly(case, "anomaly-pickup-1-1")
    else:
        play.decide(case, "pickup-1")
        child = reported(play, case, 数量=1)
    assert play.finish(planned(play, child, 货物去向="入残次品库")) == "settled"
    play.rest()
    play.decide(case, "review-1", 审核结论="驳回", 原因="不属于售后范围")
    play.decide(case, "recall-1")
    assert (play.case(case).ending, at_office(play), play.stock(MAIN)[0]) == ("rejected", 0, before - 1)
