"""Scheduled work is done once a period, in order, however late it comes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
import time_machine
from sqlalchemy import Connection, Engine

from schemas.forms.periods import PeriodWanted
from schemas.problems import BadInput
from tasks.rounds.rules import Cadence, Period, period_at
from tasks.rounds.steps import Rounds, do_rounds

DUE = PeriodWanted()
PERIODS = {
    Cadence.DAY: ("2026-11-18", "2026-11-18"),
    Cadence.DAY_AFTER: ("2026-11-18", "2026-11-18"),
    Cadence.WEEK: ("2026-11-16", "2026-11-22"),
    Cadence.WEEK_TO_MONDAY: ("2026-11-17", "2026-11-23"),
    Cadence.WEEK_TO_THURSDAY: ("2026-11-13", "2026-11-19"),
    Cadence.MONTH: ("2026-11-01", "2026-11-30"),
    Cadence.MONTH_TO_15TH: ("2026-11-16", "2026-12-15"),
    Cadence.QUARTER: ("2026-10-01", "2026-12-31"),
    Cadence.HALF_YEAR: ("2026-07-01", "2026-12-31"),
    Cadence.YEAR: ("2026-01-01", "2026-12-31"),
}


def rounds(cadence: Cadence, seen: list[Period], catch_up: bool = True) -> Rounds:
    def do(_connection: Connection, period: Period) -> str:
        seen.append(period)
        return f"{period.first}"

    return Rounds("测试", cadence, do, catch_up=catch_up)


@pytest.mark.parametrize("cadence", PERIODS)
def test_a_day_lies_in_one_period_of_each_kind(cadence: Cadence) -> None:
    first, last = map(date.fromisoformat, PERIODS[cadence])
    assert period_at(cadence, date(2026, 11, 18)) == (first, last)
    assert period_at(cadence, first) == period_at(cadence, last) == (first, last)


def test_a_month_is_due_on_the_first_working_day_after_it_and_once(db: Engine, today: time_machine.Traveller) -> None:
    seen: list[Period] = []
    today.move_to("2026-10-08T08:00:00+08:00")  # the first working day after the holiday week
    do_rounds(db, rounds(Cadence.MONTH, seen), DUE)
    do_rounds(db, rounds(Cadence.MONTH, seen), DUE)
    today.move_to("2026-11-01T12:00:00+08:00")  # a Sunday
    do_rounds(db, rounds(Cadence.MONTH, seen), DUE)
    assert seen == [(date(2026, 9, 1), date(2026, 9, 30))]
    today.move_to("2026-11-02T00:01:00+08:00")
    do_rounds(db, rounds(Cadence.MONTH, seen), DUE)
    assert seen[1:] == [(date(2026, 10, 1), date(2026, 10, 31))]


@pytest.mark.parametrize(("catch_up", "weeks"), [(True, 3), (False, 1)])
def test_after_an_outage_each_period_that_was_missed_is_done_in_order(
    db: Engine, today: time_machine.Traveller, catch_up: bool, weeks: int
) -> None:
    seen: list[Period] = []
    today.move_to("2026-11-02T09:00:00+08:00")
    do_rounds(db, rounds(Cadence.WEEK, seen, catch_up), DUE)
    today.move_to("2026-11-24T09:00:00+08:00")
    did = do_rounds(db, rounds(Cadence.WEEK, seen, catch_up), DUE)
    assert [period for period, _ in did] == seen[1:] == sorted(seen[1:])
    assert (len(did), seen[-1]) == (weeks, (date(2026, 11, 16), date(2026, 11, 22)))


def test_days_of_rest_have_no_round_of_working_days(db: Engine, today: time_machine.Traveller) -> None:
    seen: list[Period] = []
    today.move_to("2026-11-20T09:00:00+08:00")  # a Friday
    do_rounds(db, rounds(Cadence.WORKING_DAY, seen), DUE)
    today.move_to("2026-11-23T09:00:00+08:00")
    do_rounds(db, rounds(Cadence.WORKING_DAY, seen), DUE)
    assert [period.first.day for period in seen] == [20, 23]


def test_what_is_about_a_day_that_is_over_is_due_on_the_next(db: Engine, today: time_machine.Traveller) -> None:
    seen: list[Period] = []
    today.move_to("2026-11-21T08:00:00+08:00")  # a Saturday
    do_rounds(db, rounds(Cadence.DAY_AFTER, seen), DUE)
    today.move_to("2026-11-23T08:00:00+08:00")
    do_rounds(db, rounds(Cadence.DAY_AFTER, seen), DUE)
    assert [period.first.day for period in seen] == [20, 21, 22]


@pytest.mark.parametrize(
    ("cadence", "due"), [(Cadence.WEEK_TO_MONDAY, "2026-11-24"), (Cadence.WEEK_TO_THURSDAY, "2026-11-27")]
)
def test_a_week_may_end_before_the_day_on_which_it_is_talked_about(
    db: Engine, today: time_machine.Traveller, cadence: Cadence, due: str
) -> None:
    """Tuesday 10:00 meeting pack (S1 1.1); suggestion list every Friday (S1 1.4.4)."""
    seen: list[Period] = []
    today.move_to(f"{due}T09:00:00+08:00")
    do_rounds(db, rounds(cadence, seen), DUE)
    last = date.fromisoformat(due) - timedelta(days=1)
    assert seen == [(last - timedelta(days=6), last)]


def test_at_once_by_two_a_round_is_done_once(db: Engine, today: time_machine.Traveller) -> None:
    today.move_to("2026-11-24T09:00:00+08:00")
    seen: list[Period] = []
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: do_rounds(db, rounds(Cadence.WEEK, seen), DUE), range(8)))
    assert len(seen) == 1


def test_a_round_that_fails_is_not_done(db: Engine, today: time_machine.Traveller) -> None:
    def fail(_connection: Connection, _period: Period) -> str:
        raise RuntimeError("no paper")

    today.move_to("2026-11-24T09:00:00+08:00")
    with pytest.raises(RuntimeError):
        do_rounds(db, Rounds("测试", Cadence.WEEK, fail), DUE)
    seen: list[Period] = []
    do_rounds(db, rounds(Cadence.WEEK, seen), DUE)
    assert len(seen) == 1


def test_a_person_may_want_other_days_and_the_same_again(db: Engine, today: time_machine.Traveller) -> None:
    seen: list[Period] = []
    wanted = PeriodWanted(since=date(2026, 11, 1), until=date(2026, 11, 18))
    for _ in range(2):
        do_rounds(db, rounds(Cadence.MONTH, seen), wanted)
    assert seen == [(wanted.since, wanted.until)] * 2
    do_rounds(db, rounds(Cadence.MONTH, seen), DUE)  # what is due is due all the same
    assert seen[2:] == [(date(2026, 10, 1), date(2026, 10, 31))]


FUTURE = {"起始日": "2026-11-01", "截止日": "2036-11-01"}
WRONG: list[dict[str, str]] = [{"起始日": "2026-11-02", "截止日": "2026-11-01"}, {"起始日": "2026-11-02"}]


def test_days_that_are_not_over_are_refused(db: Engine, today: time_machine.Traveller) -> None:
    with pytest.raises(BadInput, match="不能晚于今天"):
        do_rounds(db, rounds(Cadence.MONTH, []), PeriodWanted.model_validate(FUTURE))


def test_days_before_any_that_anybody_reckons_with_are_refused(db: Engine, today: time_machine.Traveller) -> None:
    with pytest.raises(BadInput, match=r"0001-01-01.*不能早于"):
        do_rounds(db, rounds(Cadence.MONTH, []), PeriodWanted(since=date.min, until=date(2026, 11, 1)))


@pytest.mark.parametrize("days", WRONG)
def test_days_the_wrong_way_round_or_half_a_period_are_refused(days: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="起始日"):
        PeriodWanted.model_validate(days)
