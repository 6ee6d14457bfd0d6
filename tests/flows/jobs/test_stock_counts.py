"""Counts and reconciliations open themselves, once a period and warehouse, however often or late it is run."""

from datetime import date

import pytest
import time_machine
from sqlalchemy import Engine

import flows.stock_count  # noqa: F401  registers process SC
from schemas.forms.periods import PeriodWanted
from schemas.problems import BadInput
from tasks.keeping.rounds import BOOKS, COUNTS, open_counts
from tasks.rounds.rules import Period
from tasks.rounds.steps import Rounds, do_rounds
from tests.play import Play


def run(db: Engine, rounds: Rounds, wanted: PeriodWanted | None = None) -> tuple[list[Period], list[tuple[str, str]]]:
    """Run a job as it is scheduled; gives its rounds, and what was opened by it: warehouse and kind."""
    before = {row.id for row in _counts(db)}
    wanted = wanted or PeriodWanted()
    did = [period for period, _ in do_rounds(db, rounds, wanted)]
    open_counts(db, rounds, wanted)
    return did, [(row.warehouse, row.kind) for row in _counts(db) if row.id not in before]


def _counts(db: Engine) -> list[object]:
    asked = "SELECT id, request ->> 'warehouse' AS warehouse, request ->> 'kind' AS kind, applicant FROM service_case"
    return list(Play(db).rows(f"{asked} WHERE process = 'SC' ORDER BY id"))


def test_each_warehouse_with_stock_is_counted_once_a_month_and_the_quarters_end_is_the_stock_take(
    db: Engine, today: time_machine.Traveller
) -> None:
    stocked = [
        row.warehouse
        for row in Play(db).rows("SELECT DISTINCT warehouse FROM stock_balance WHERE on_hand > 0 ORDER BY 1")
    ]
    did, opened = run(db, COUNTS)
    assert (did, opened) == ([Period(date(2026, 10, 1), date(2026, 10, 31))], [(w, "monthly") for w in stocked])
    assert run(db, COUNTS) == ([], [])
    today.move_to("2027-01-04T09:00:00+08:00")  # after a long outage only the latest counts
    did, opened = run(db, COUNTS)
    assert [period.last for period in did][-1:] == [date(2026, 12, 31)]
    assert opened == [(w, "quarterly") for w in stocked]


def test_on_the_fifteenth_and_not_before_the_books_are_reconciled(db: Engine, today: time_machine.Traveller) -> None:
    did, opened = run(db, BOOKS)  # on the 18th, late
    assert (did, {kind for _, kind in opened}) == ([Period(date(2026, 10, 16), date(2026, 11, 15))], {"books"})
    today.move_to("2026-12-14T09:00:00+08:00")
    assert run(db, BOOKS) == ([], [])
    today.move_to("2026-12-15T09:00:00+08:00")
    assert [period.last for period in run(db, BOOKS)[0]] == [date(2026, 12, 15)]


def test_a_period_may_be_wanted_by_hand_and_is_opened_once(db: Engine, today: time_machine.Traveller) -> None:
    wanted = PeriodWanted(since=date(2026, 9, 1), until=date(2026, 9, 30))
    assert {kind for _, kind in run(db, COUNTS, wanted)[1]} == {"quarterly"}
    assert run(db, COUNTS, wanted)[1] == []
    with pytest.raises(BadInput, match="不能晚于今天"):
        run(db, COUNTS, PeriodWanted(since=date(2026, 11, 1), until=date(2026, 11, 30)))
