"""Of a line some may have left and others not; of what arrived nothing is reported late, or twice (DOMAIN 1.11, 6)."""

import pytest
import time_machine

from tests.flows.anomalies import planned, refused, reported
from tests.play import Play, cells, line

WORKSHOP, LOGISTICS = "E1007", "E1020"
LATE = "前核对，逾期损失由办事处承担"


def partly_gone(play: Play) -> int:
    """Bring a case of 3 doors to where 1 is on the road and 2 are made."""
    case = play.apply([line("P-PB-001", 3)], 发货方式="分批")
    play.run_to(case, "produce-1-panel-1")
    play.decide(case, "produce-1-panel-1", 明细=cells("完成数量", {1: 1}))
    play.decide(case, "goods-in-1-1")
    play.decide(case, "goods-out-1-1")
    assert set(play.items(case)) == {"pickup-1", "produce-1-panel-2"}
    return case


def sent_in_all(play: Play, case: int, child: int) -> int:
    """Settle an anomaly, play all to their ends, and add up how many doors have left."""
    assert play.finish(child) == "settled"
    play.rest()
    again = play.ordered(child)
    assert [play.finish(one) for one in (case, again)] == ["delivered", "delivered"]
    return -int(sum(play.moved(one, "delivery_out")["P-PB-001"] for one in (case, again)))


def test_a_report_of_what_is_still_made_is_not_about_what_has_left(play: Play) -> None:
    case = partly_gone(play)
    child = planned(play, reported(play, case, 申报人工号=WORKSHOP, 数量=2))
    assert sent_in_all(play, case, child) == 3


def test_an_office_speaks_of_what_has_left_first_and_the_house_of_what_it_has(play: Play) -> None:
    case = partly_gone(play)
    child = planned(play, reported(play, case, 数量=2))
    assert sent_in_all(play, case, child) == 4, "one that left is replaced, and one that was not made yet"


@pytest.mark.parametrize("staff", ["", LOGISTICS])
def test_what_is_reported_by_hand_after_the_check_s_term_is_refused_with_that_reason(
    play: Play, today: time_machine.Traveller, staff: str
) -> None:
    case = partly_gone(play)
    today.move_to("2026-11-20T10:00:00+08:00")
    play.decide(case, "pickup-1", 到货日期="2026-11-19")
    by = {"申报人工号": staff, "数量": 3} if staff else {}
    today.move_to("2026-11-26T17:30:00+08:00")
    assert f"行号 line: “1” — 应在 2026-11-26 17:30 {LATE}" in refused(play, case, **by)
    today.move_to("2026-11-29T23:00:00+08:00")
    assert LATE in refused(play, case, **by)
    reported(play, case, 申报人工号=WORKSHOP, 数量=2)


def test_a_second_before_the_term_is_over_damage_is_reported_by_hand(play: Play, today: time_machine.Traveller) -> None:
    case = partly_gone(play)
    today.move_to("2026-11-20T10:00:00+08:00")
    play.decide(case, "pickup-1", 到货日期="2026-11-19")
    today.move_to("2026-11-26T17:29:59+08:00")
    reported(play, case)


@pytest.mark.parametrize("settled", [True, False])
def test_a_piece_that_somebody_reported_is_not_found_at_the_pickup_once_more(play: Play, settled: bool) -> None:
    case = play.apply([line("P-HW-001", 4)])
    play.run_to(case, "pickup-1")
    child = planned(play, reported(play, case, 数量=1))
    if settled:
        assert play.finish(child) == "settled"
        play.rest()
    play.decide(case, "pickup-1", 核对结果="损坏", 照片编号="IMG-1", 明细=cells("完好数量", {1: 3}))
    assert play.finish(case) == "delivered"
    assert len(play.rows("SELECT 1 FROM service_case WHERE process = 'AN'")) == 1


def test_what_is_found_beyond_what_was_reported_is_an_anomaly_of_its_own(play: Play) -> None:
    case = play.apply([line("P-HW-001", 4)])
    play.run_to(case, "pickup-1")
    reported(play, case, 数量=1)
    play.decide(case, "pickup-1", 核对结果="损坏", 照片编号="IMG-1", 明细=cells("完好数量", {1: 1}))
    own = play.anomaly(case, "anomaly-pickup-1-1")
    assert play.case(own).request["quantity"] == "2"


def test_a_report_that_was_none_takes_nothing_off_what_is_found(play: Play) -> None:
    case = play.apply([line("P-HW-001", 4)])
    play.run_to(case, "pickup-1")
    child = reported(play, case, 数量=1)
    play.decide(child, "review", 初审结论="不同意", 原因="没有问题")
    play.rest()
    play.decide(case, "pickup-1", 核对结果="损坏", 照片编号="IMG-1", 明细=cells("完好数量", {1: 3}))
    assert "anomaly-pickup-1-1" in play.items(case)
