"""Goods of which something is reported: where they are when it comes up, and what leaves meanwhile (DOMAIN 1, 6)."""

import pytest

from tasks.durable.stage import advance
from tests.flows.anomalies import KEY, in_production, planned, reported
from tests.play import Play, cells, line

WAITS = "该行等待异常单"
AIR = {"运输方式": "空运", "承运商": "国航货运", "运费": 1200, "件数": 1}


@pytest.mark.parametrize("gate", ["review-1", "goods-out-1-1"])
def test_a_leader_does_not_let_urgent_goods_go_of_which_something_is_reported(play: Play, gate: str) -> None:
    case = play.apply([line("P-HW-001", 4)], urgency="加急")
    play.run_to(case, gate)
    child = reported(play, case, 数量=2)
    release = next(key for key in play.items(case) if key.startswith("release"))
    assert WAITS in play.refused(case, release)
    play.decide(child, "review", 初审结论="不同意", 原因="没有问题")
    play.rest()
    play.decide(case, release)
    assert play.finish(case) == "delivered"


def test_goods_of_which_something_is_reported_wait_though_only_their_freight_is_to_be_approved(play: Play) -> None:
    case = play.apply([line("P-HW-001", 4)])
    play.run_to(case, "goods-out-1-1")
    play.decide(case, "goods-out-1-1", **AIR)
    child = reported(play, case, 数量=2)
    assert WAITS in play.refused(case, "freight-1-1")
    assert play.finish(planned(play, child)) == "settled"
    play.rest()
    assert list(play.items(case)) == ["goods-out-2-1"], "what is left leaves by a form of its own"
    assert [play.finish(one) for one in (case, play.ordered(child))] == ["delivered", "delivered"]
    assert play.moved(case, "delivery_out") == {"P-HW-001": -2}


def test_what_was_made_and_is_ordered_again_as_the_reviewer_calls_it_wrong_is_not_sent_too(play: Play) -> None:
    case = in_production(play)
    play.decide(case, "produce-1-panel-1", 明细=cells("完成数量", {1: 3}, 异常说明="都有划痕"))
    child = play.anomaly(case, KEY)
    play.decide(child, "review", 异常类别="质量问题")
    assert play.finish(planned(play, child)) == "settled"
    advance(play.db, case)
    again = play.ordered(child)
    play.run_to(case, f"together-{again}")
    play.run_to(again, "goods-out-1-1")
    play.rest()
    assert [play.finish(one) for one in (case, again)] == ["delivered", "delivered"]
    assert (play.moved(case, "delivery_out"), play.moved(again, "delivery_out")) == ({"P-PT-001": -2}, {"P-PB-001": -3})


WHERE = {
    "入良品库": (2, 0),
    "入残次品库": (0, 2),
    "报废": (0, 0),
    "退回发货方": (0, 0),
    "无实物": (0, 0),
    "留在原处": (2, 0),
}


@pytest.mark.parametrize("goods", WHERE)
@pytest.mark.parametrize("counted_first", [True, False])
def test_goods_that_a_workshop_s_own_note_made_wrong_are_where_the_plan_says(
    play: Play, goods: str, counted_first: bool
) -> None:
    case = play.apply([line("P-PB-001", 3)])
    play.run_to(case, "produce-1-panel-1")
    play.decide(case, "produce-1-panel-1", 明细=cells("完成数量", {1: 2}, 异常说明=""))
    play.decide(case, "goods-in-1-1")
    play.decide(case, "produce-1-panel-2", 明细=cells("完成数量", {1: 1}, 异常说明="有划痕"))
    key = next(key for key in play.items(case) if key.startswith("anomaly"))
    if counted_first:
        play.decide(case, next(key for key in play.items(case) if key.startswith("goods-in")))
    child = play.anomaly(case, key)
    play.decide(child, "review", 异常类别="质量问题")
    assert play.finish(planned(play, child, 货物去向=goods)) == "settled"
    play.rest()
    assert play.withdraw(play.ordered(child), "E1040").accepted
    assert play.finish(case) == "delivered"
    assert play.moved(case, "delivery_out") == {"P-PB-001": -2}
    found = play.rows("SELECT warehouse, on_hand FROM stock_balance WHERE part = 'P-PB-001'")
    stock = {row.warehouse: row.on_hand for row in found}
    assert (stock["MAIN-GOOD"], stock.get("MAIN-DAMAGED", 0)) == tuple(many / 2 for many in WHERE[goods])


@pytest.mark.parametrize("goods", WHERE)
def test_goods_that_were_in_stock_are_afterwards_where_the_plan_says_and_once(play: Play, goods: str) -> None:
    case = play.apply([line("P-PB-001", 3)])
    play.run_to(case, "goods-out-1-1")
    child = reported(play, case, 数量=2)
    assert play.finish(planned(play, child, 货物去向=goods)) == "settled"
    play.rest()
    assert play.withdraw(play.ordered(child), "E1040").accepted
    assert play.finish(case) == "delivered"
    found = play.rows("SELECT warehouse, on_hand FROM stock_balance WHERE part = 'P-PB-001'")
    stock = {row.warehouse: row.on_hand for row in found}
    assert (stock["MAIN-GOOD"], stock.get("MAIN-DAMAGED", 0)) == WHERE[goods]


def test_as_ready_goods_that_their_workshop_s_note_is_about_wait_for_what_comes_of_it(play: Play) -> None:
    case = play.apply([line("P-PB-001", 3)], 发货方式="分批")
    play.run_to(case, "produce-1-panel-1")
    play.decide(case, "produce-1-panel-1", 明细=cells("完成数量", {1: 3}, 异常说明="都有划痕"))
    play.decide(case, "goods-in-1-1")
    assert WAITS in play.refused(case, "goods-out-1-1")
    child = play.anomaly(case, KEY)
    play.decide(child, "review", 异常类别="质量问题")
    assert play.finish(planned(play, child, 货物去向="入残次品库")) == "settled"
    play.rest()
    assert [play.finish(one) for one in (case, play.ordered(child))] == ["replaced", "delivered"]
    assert play.moved(case, "delivery_out") == {}
