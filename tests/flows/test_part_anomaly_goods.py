"""Goods of which something is reported: where they are when it comes up, and what leaves meanwhile (DOMAIN 1, 6)."""

import pytest

from tests.flows.anomalies import planned, reported
from tests.play import Play, line

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
