"""Case and document numbers: gapless, unique, per kind and year, whoever is rolled back or killed (law 2)."""

import random
import time
from datetime import UTC, datetime, timedelta

import time_machine
from sqlalchemy import Engine

from schemas.words import Channel
from tasks.durable.opening import open_case
from tasks.durable.stage import advance
from tasks.unit.unit import Unit
from tests.books import books_balance
from tests.play import Play
from tests.tasks.durable.crash import Child, Kill, void_leases
from tests.tasks.durable.plans import GLASS, ON_STOCK, PANEL, SCARCE, Plan

WRITERS, CASES, ROLLED_BACK = 8, 2, 0.2
OLD_YEAR = datetime(2026, 12, 31, 15, 30, tzinfo=UTC)  # 31 December 23:30 in Shanghai
NEW_YEAR = OLD_YEAR + timedelta(hours=1)  # 1 January 0:30; in UTC it is still the old year
BEGUN = time.monotonic()  # a child's clock never goes back


class Stumbled(Exception):
    """A transaction fails after its numbers are drawn."""


def write(db: Engine, _say: object, writer: int, life: int) -> None:
    """Play some cases over midnight; every fifth transaction fails when all of it is written."""
    chance, flush = random.Random(f"{writer}/{life}"), Unit.flush

    def flush_and_stumble(unit: Unit) -> None:
        flush(unit)
        if chance.random() < ROLLED_BACK:
            raise Stumbled

    Unit.flush = flush_and_stumble  # type: ignore[assignment]
    for n in range(CASES):
        lines = tuple(chance.sample([ON_STOCK, SCARCE, PANEL, GLASS], 2))
        plan = Plan(lines=lines, price=1, order=f"T-{writer}-{n}", withdraw=chance.choice([None, None, "GoodsOut"]))
        midnight = chance.randrange(25) if life == 0 else 0
        play_over_midnight(db, plan, f"cli:{writer}-{n}", midnight)


def play_over_midnight(db: Engine, plan: Plan, origin: str, midnight: int) -> None:
    """Play a case to its end; after so many turns the year is over."""
    play, case, turn = Play(db), 0, 0
    while not case or play.state(case) != "closed":
        moment = OLD_YEAR if turn < midnight else NEW_YEAR
        with time_machine.travel(moment + timedelta(seconds=time.monotonic() - BEGUN), tick=True):
            turn += 1
            try:
                case = case or open_case(db, "PA", plan.application(), origin, Channel.CLI).case_id
                advance(db, case, plan.next_answer(play, case) if play.items(case) else None)
            except Stumbled:
                continue


def test_numbers_have_no_gap_and_no_double(db: Engine) -> None:
    url, chance = db.url.render_as_string(hide_password=False), random.Random(8)
    kills = [Kill(chance.randrange(5, 40), chance.random() < 0.5) if n % 2 else None for n in range(WRITERS)]
    children = [Child(url, OLD_YEAR, kill, write, writer, 0) for writer, kill in enumerate(kills)]
    killed = [child.end().killed for child in children]
    assert killed == [kill is not None for kill in kills]
    void_leases(url)
    again = [Child(url, NEW_YEAR, None, write, writer, 1) for writer, died in enumerate(killed) if died]
    assert not any(child.end().killed for child in again)
    books_balance(db)
    play = Play(db)
    cases = play.rows("SELECT number, opened_at AT TIME ZONE 'Asia/Shanghai' AS opened FROM service_case")
    assert len(cases) == WRITERS * CASES
    assert {(row.number[3:7], row.opened.year) for row in cases} == {("2026", 2026), ("2027", 2027)}
    papers = play.rows("SELECT kind, year, issued_at AT TIME ZONE 'Asia/Shanghai' AS issued FROM document")
    assert all(row.year == row.issued.year for row in papers)
    assert {(row.kind, row.year) for row in papers} == {
        (kind, year) for kind in ("SQ", "RK", "CK", "FH", "ZX") for year in (2026, 2027)
    }
    assert play.rows("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")[0].deadlocks == 0
