"""Process 4, cycle control: standards, clock, control, record, and every way to end (DOMAIN 4, DOMAIN-BRANCHES 4)."""

from collections.abc import Callable
from datetime import date
from typing import TypeVar

import pytest
import time_machine

from schemas.answers import Answer
from schemas.words import Channel
from tasks.control.watch import watch_cycles
from tasks.durable.stage import Leg, advance
from tests.flows.cycles import LEAVES, PANEL, control_of, counted_short, made, planned, recorded, sweep, with_doubts
from tests.play import Play, cells, line

T = TypeVar("T")
PROMISED = date(2026, 11, 27)


def test_what_is_planned_comes_under_control_and_nobody_waits_in_it(play: Play) -> None:
    case = planned(play)
    assert watch_cycles(play.db) == []
    control = play.case(control_of(play, case))
    assert (control.number, control.parent_id, control.office) == ("CY-2026-000001", case, "BJ")
    assert {item.role for item in play.items(control.id).values()} == {"SYSTEM"}
    assert play.state(control.id) == "配件生产"
    assert play.keys(control.id) == ["take-up-source", "fix-cycle"]


def test_what_stock_covers_has_no_cycle(play: Play) -> None:
    case = play.apply(lines=1)
    assert play.finish(case) == "delivered"
    watch_cycles(play.db)
    assert play.rows("SELECT 1 FROM service_case WHERE process = 'CY'") == []


def test_a_line_keeps_the_standards_of_its_plan_confirmation_in_three_stages(play: Play) -> None:
    case = planned(play)
    play.run("UPDATE cycle_standard SET days = 99")
    watch_cycles(play.db)
    (kept,) = recorded(play, control_of(play, case))
    assert (kept.days, kept.in_days, kept.out_days) == (7, 1, 2)
    assert (kept.since, kept.promised) == (date(2026, 11, 18), date(2026, 11, 27))


def test_unit_planner_supervisor_and_manager_hear_in_their_turn_and_once(
    play: Play, today: time_machine.Traveller
) -> None:
    case = planned(play)
    heard = []
    for moment in ("11-18T10:15", "11-25T17:30", "11-26T08:30", "11-27T17:15", "11-27T17:30", "12-02T17:30"):
        heard.append(len(sweep(play, today, moment)))
    made(play, case, 2)
    play.run("UPDATE work_item SET schedule = '[]' WHERE role = 'WAREHOUSE'")  # whose own terms are not looked at here
    heard += [len(sweep(play, today, moment)) for moment in ("12-02T17:45", "12-08T17:30", "12-09T17:30")]
    assert heard == [0, 0, 1, 0, 2, 1, 0, 1, 0]
    told = play.rows("SELECT kind, step_key, text FROM notice ORDER BY sent_at, kind")
    kinds = ["warning:WORKSHOP", "overdue:PLANNER", "overdue:WORKSHOP", "over-3:SUPERVISOR", "over-7:MANAGER"]
    assert [(row.kind, row.step_key) for row in told] == [(kind, "panel-1-2026-11-18-7") for kind in kinds]
    number = play.case(case).number
    assert told[0].text.startswith(f"CY-2026-000001 配件生产·板式车间·{number} · 时限将到，请于 2026-11-27 17:30 前")


def test_what_is_made_in_time_is_silent_recorded_and_ends_on_time(play: Play, today: time_machine.Traveller) -> None:
    case = planned(play)
    sweep(play, today, "11-18T10:15")
    today.move_to("2026-11-20T10:00:00+08:00")
    assert play.finish(case) == "delivered"
    control = control_of(play, case)
    assert sweep(play, today, "11-20T10:15") == []
    assert (play.case(control).ending, play.items(control)) == ("on_time", {})
    (kept,) = recorded(play, control)
    assert (kept.made_on, kept.in_on, kept.out_on, kept.picked_on) == (date(2026, 11, 20),) * 4
    assert (kept.used, kept.over, kept.paused, kept.withdrawn) == (2, 0, 0, False)
    assert (kept.made_in_time, kept.in_in_time, kept.out_in_time) == (True, True, True)
    (sheet,) = play.documents(control, "ZQ")
    (row,) = sheet.content["lines"]
    assert (row["promised"], row["made_on"], row["made_in_time"]) == ("2026-11-27", "2026-11-20", "是 yes")
    assert [sweep(play, today, moment) for moment in ("11-26T08:30", "12-08T17:30")] == [[], []]


@pytest.mark.parametrize(
    ("moment", "in_time", "over"), [("2026-11-27T23:59:59", True, 0), ("2026-11-28T00:00:00", False, 0)]
)
def test_the_promised_day_lasts_to_its_last_second(
    play: Play, today: time_machine.Traveller, moment: str, in_time: bool, over: int
) -> None:
    case = planned(play)
    sweep(play, today, "11-18T10:15")
    today.move_to(f"{moment}+08:00")
    play.decide(case, PANEL)
    today.move_to("2026-11-30T09:00:00+08:00")
    play.finish(case)
    sweep(play, today, "11-30T10:15")
    (kept,) = recorded(play, control_of(play, case))
    assert (kept.made_in_time, kept.over) == (in_time, over)
    assert play.case(control_of(play, case)).ending == ("on_time" if in_time else "late")


def test_what_is_reported_in_the_last_second_is_in_time_though_a_machine_gets_to_it_on_the_next_day(
    play: Play, today: time_machine.Traveller
) -> None:
    def late_at_night(_title: str, act: Callable[[], T]) -> T:
        today.move_to("2026-11-28T00:00:01+08:00")
        return act()

    case = planned(play)
    sweep(play, today, "11-18T10:15")
    today.move_to("2026-11-27T23:59:59+08:00")
    advance(play.db, case, Answer(PANEL, play.answer(case, PANEL), Channel.CLI), Leg(play.db, late_at_night))
    assert [row.finished_at.second for row in play.timeline(case)[-2:]] == [59, 1]
    today.move_to("2026-11-30T09:00:00+08:00")
    play.finish(case)
    sweep(play, today, "11-30T10:15")
    (kept,) = recorded(play, control_of(play, case))
    assert (kept.made_on, kept.made_in_time, play.lines(case)[0].made_on) == (PROMISED, True, PROMISED)


def test_holidays_are_no_days_of_a_cycle_and_make_up_days_are(play: Play, today: time_machine.Traveller) -> None:
    today.move_to("2026-09-24T10:00:00+08:00")  # 25 and 1 to 7 October are holidays, Saturday the 10th is worked
    case = planned(play)
    sweep(play, today, "09-24T10:15")
    control = control_of(play, case)
    assert recorded(play, control)[0].promised == date(2026, 10, 12)
    today.move_to("2026-10-13T10:00:00+08:00")
    play.finish(case)
    sweep(play, today, "10-13T10:15")
    (kept,) = recorded(play, control)
    assert (kept.used, kept.over, kept.made_in_time) == (8, 1, False)


def test_the_clock_stands_still_while_the_office_is_waited_for_and_goes_on_after(
    play: Play, today: time_machine.Traveller
) -> None:
    with with_doubts():
        case = planned(play, process="PW")
        sweep(play, today, "11-18T10:15")
        today.move_to("2026-11-20T10:00:00+08:00")
        play.decide(case, "doubt-1", 疑问="颜色")
        sweep(play, today, "11-20T10:15")
        control = control_of(play, case)
        assert list(play.items(control)) == ["progress-panel-2", "source-ended"]
        told = [one for moment in ("11-26T09:00", "11-27T17:30") for one in sweep(play, today, moment)]
        assert [one for one in told if "CY-" in one] == [], "nobody is reminded while the clock stands still"
        today.move_to("2026-12-01T16:00:00+08:00")
        play.decide(case, "office-1", 答复="本色")  # from Friday to Tuesday of the week after the next: seven days
        sweep(play, today, "12-01T16:15")
        assert f"{play.items(control)['progress-panel-3'].due_at:%m-%d}" == "12-08"
        moments = ("12-04T17:30", "12-07T08:30", "12-08T17:15", "12-08T17:30")
        told = [[one for one in sweep(play, today, moment) if "CY-" in one] for moment in moments]
        assert [len(some) for some in told] == [0, 1, 0, 2]
        today.move_to("2026-12-09T10:00:00+08:00")
        play.decide(case, PANEL)
        play.finish(case)
        sweep(play, today, "12-09T10:15")
        (kept,) = recorded(play, control)
        assert (kept.promised, kept.paused, kept.used, kept.over) == (date(2026, 11, 27), 7, 8, 1)


def test_a_stop_between_two_rounds_of_the_watch_counts_too(play: Play, today: time_machine.Traveller) -> None:
    with with_doubts():
        case = planned(play, process="PW")
        sweep(play, today, "11-18T10:15")
        today.move_to("2026-11-19T17:00:00+08:00")
        play.decide(case, "doubt-1", 疑问="颜色")
        today.move_to("2026-11-23T08:00:00+08:00")
        play.decide(case, "office-1", 答复="本色")
        today.move_to("2026-12-01T10:00:00+08:00")
        play.decide(case, PANEL)
        play.finish(case)
        sweep(play, today, "12-01T10:15")
        (kept,) = recorded(play, control_of(play, case))
        assert (kept.paused, kept.made_in_time, play.case(kept.case_id).ending) == (2, True, "on_time")


def test_waiting_for_an_anomaly_stops_no_clock(play: Play, today: time_machine.Traveller) -> None:
    case = planned(play)
    sweep(play, today, "11-18T10:15")
    play.decide(case, PANEL, 明细=[{"行号": 1, "完成数量": 0, "异常说明": "缺板材"}])
    assert not any(key.startswith("produce") for key in play.items(case)), "nothing waits for the unit itself"
    play.run("UPDATE work_item SET schedule = '[]' WHERE case_id = :case", case=case)
    told = [len(sweep(play, today, moment)) for moment in ("11-26T08:30", "11-27T17:30", "12-02T17:30")]
    assert told == [1, 2, 1]


@pytest.mark.parametrize("watched", [True, False], ids=["watched", "unwatched"])
def test_what_is_counted_short_is_followed_whether_or_not_the_watch_saw_all_made(
    play: Play, today: time_machine.Traveller, watched: bool
) -> None:
    case = planned(play)
    sweep(play, today, "11-18T10:15")
    play.decide(case, PANEL)
    if watched:
        sweep(play, today, "11-18T10:30")
    counted_short(play, case, 3)
    sweep(play, today, "11-18T10:45")
    play.run("UPDATE work_item SET schedule = '[]' WHERE case_id = :case", case=case)
    told = [len(sweep(play, today, moment)) for moment in ("11-26T08:30", "11-27T17:30", "12-02T17:30")]
    assert told == [1, 2, 1]
    play.finish(case)
    sweep(play, today, "12-02T17:45")
    assert [item.step_key for item in play.items(control_of(play, case)).values()] == ["month-panel-2026-12"]


def test_what_is_ordered_again_is_reminded_of_by_the_promise_of_its_own_case(
    play: Play, today: time_machine.Traveller
) -> None:
    case = planned(play)
    sweep(play, today, "11-18T10:15")
    today.move_to("2026-11-25T10:00:00+08:00")
    play.decide(case, PANEL)
    play.decide(case, "goods-in-1-1", 明细=cells("实收数量", {1: 3}, 差异原因="损坏"))
    again = play.ordered(play.settle(case, "anomaly-1-2-1"))
    play.run_to(again, PANEL)  # on Wednesday: urgent, five days for seven
    play.run("UPDATE work_item SET schedule = '[]' WHERE case_id <> ALL(:controls)", controls=[control_of(play, case)])
    moments = ("11-25T10:15", "11-26T08:30", "11-27T17:30", "12-01T08:30", "12-02T08:30", "12-02T17:30")
    assert [len(sweep(play, today, moment)) for moment in moments] == [0, 0, 0, 1, 0, 2]
    assert f"{play.items(control_of(play, again))['progress-panel-1'].due_at:%m-%d}" == "12-02"


def test_a_withdrawn_case_is_reminded_of_no_more_and_leaves_the_rates(
    play: Play, today: time_machine.Traveller
) -> None:
    case = planned(play)
    sweep(play, today, "11-18T10:15")
    assert play.withdraw(case, "E1040").accepted
    assert sweep(play, today, "11-26T08:30") == []
    control = control_of(play, case)
    (kept,) = recorded(play, control)
    assert (play.case(control).ending, kept.withdrawn, kept.made_in_time) == ("withdrawn", True, None)


def test_what_left_and_was_put_back_when_its_case_was_withdrawn_leaves_the_rates(
    play: Play, today: time_machine.Traveller
) -> None:
    case = planned(play)
    sweep(play, today, "11-18T10:15")
    play.run_to(case, "pickup-1")
    assert play.withdraw(case, "E1040").accepted
    assert play.case(case).ending == "withdrawn"
    sweep(play, today, "11-18T10:30")
    (kept,) = recorded(play, control_of(play, case))
    assert (kept.withdrawn, kept.out_on, kept.made_in_time) == (True, None, None)
    assert play.case(kept.case_id).ending == "withdrawn"


def test_a_line_that_never_left_leaves_the_rates_and_the_others_stay(play: Play, today: time_machine.Traveller) -> None:
    case = planned(play, LEAVES, line("P-PB-002", 1))
    sweep(play, today, "11-18T10:15")
    play.decide(case, PANEL, 明细=[{"行号": 1, "完成数量": 5}, {"行号": 2, "完成数量": 0, "异常说明": "缺板材"}])
    play.finish(case)
    sweep(play, today, "11-18T10:30")
    kept = recorded(play, control_of(play, case))
    assert [(row.line_no, row.withdrawn, row.made_in_time) for row in kept] == [(1, False, True), (2, True, None)]
    assert play.case(kept[0].case_id).ending == "on_time"


def test_a_case_that_is_closed_before_the_watch_comes_is_recorded_all_the_same(
    play: Play, today: time_machine.Traveller
) -> None:
    case = planned(play)
    assert play.finish(case) == "delivered"
    sweep(play, today, "11-18T10:15")
    control = control_of(play, case)
    assert play.case(control).ending == "on_time"
    assert recorded(play, control)[0].used == 0


def test_the_units_of_a_case_are_followed_each_by_itself(play: Play, today: time_machine.Traveller) -> None:
    case = planned(play, LEAVES, line("P-PT-001", 2))  # painted: promised for 12-02
    sweep(play, today, "11-18T10:15")
    play.decide(case, PANEL)
    assert sweep(play, today, "11-27T17:30")[-1].startswith("PA-")
    assert any("油漆车间" in one and "12-02 17:30" in one for one in sweep(play, today, "12-02T17:30"))
    assert list(play.items(control_of(play, case))) == ["progress-paint-1", "progress-panel-2", "source-ended"]
