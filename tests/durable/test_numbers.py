"""Case and document numbers: gapless and unique per kind and year, whoever is rolled back or killed (law 2)."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine

from schemas.states import Channel
from tasks.durable.engine import advance, open_case
from tasks.durable.unit import Unit
from tests.books import books_balance
from tests.durable.crash import NEXT_LIFE, Child, Kill
from tests.durable.plans import ON_STOCK, PANEL, Plan
from tests.play import Play

WRITERS, CASES = 8, 3
OLD_YEAR = datetime(2026, 12, 31, 15, 30, tzinfo=UTC)  # 31 December 23:30 in Shanghai
NEW_YEAR = OLD_YEAR + timedelta(hours=1)  # 1 January 0:30; in UTC it is still the old year
ROLLED_BACK = 0.2
BEGUN = time.monotonic()  # a child's clock never goes back


class Stumbled(Exception):
    """A transaction fails after its numbers are drawn."""


def write(db: Engine, say: Callable[[Any], None], writer: int, life: int) -> None:
    """Play some cases over midnight; every fifth transaction fails as it is about to commit."""
    chance, flush = random.Random(f"{writer}/{life}"), Unit.flush

    def stumble(unit: Unit) -> None:
        flush(unit)
        if chance.random() < ROLLED_BACK:
            raise Stumbled

    Unit.flush = stumble  # type: ignore[method-assign]
    moments = [OLD_YEAR, NEW_YEAR] if life == 0 else [NEW_YEAR + life * 5 * NEXT_LIFE]
    for n in range(CASES):
        midnight = chance.randrange(6)
        plan = Plan(lines=(ON_STOCK if n % 2 else PANEL,), order=f"T-{writer}-{n}")
        play_over_midnight(db, plan, f"cli:{writer}-{n}", midnight, moments)


def play_over_midnight(db: Engine, plan: Plan, origin: str, midnight: int, moments: list[datetime]) -> None:
    play, case, turn = Play(db), 0, 0
    while not case or play.state(case) != "closed":
        moment = moments[0] if turn < midnight else moments[-1]
        with time_machine.travel(moment + timedelta(seconds=time.monotonic() - BEGUN), tick=True):
            turn += 1
            try:
                if not case:
                    case = open_case(db, "PA", plan.application(), origin, Channel.CLI).case_id
                advance(db, case, plan.next_answer(play, case) if play.items(case) else None)
            except Stumbled:
                continue


def test_numbers_have_no_gap_and_no_double(db: Engine) -> None:
    url, chance = db.url.render_as_string(hide_password=False), random.Random(8)
    kills = [Kill(chance.randrange(5, 40), chance.random() < 0.5) if n % 2 else None for n in range(WRITERS)]
    children = [Child(url, OLD_YEAR, kill, write, writer, 0) for writer, kill in enumerate(kills)]
    lives = [child.end() for child in children]
    assert [life.killed for life in lives] == [bool(kill) for kill in kills]
    again = [Child(url, NEW_YEAR, None, write, writer, 1) for writer, life in enumerate(lives) if life.killed]
    assert not any(child.end().killed for child in again)
    books_balance(db)
    play = Play(db)
    cases = play.rows("SELECT number, opened_at AT TIME ZONE 'Asia/Shanghai' AS opened FROM service_case")
    assert len(cases) == WRITERS * CASES
    assert {(row.number[3:7], row.opened.year) for row in cases} == {("2026", 2026), ("2027", 2027)}
    issued = play.rows("SELECT kind, year, extract(year FROM issued_at AT TIME ZONE 'Asia/Shanghai') AS real FROM document")
    assert all(row.year == row.real for row in issued)
    assert {(row.kind, row.year) for row in issued} == {
        (kind, year) for kind in ("SQ", "RK", "CK", "FH", "ZX") for year in (2026, 2027)
    }
