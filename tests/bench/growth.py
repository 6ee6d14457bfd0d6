"""Growth: a day's bulk run beside a million closed and a hundred thousand open cases, against empty tables.

BENCH_GROWTH=0.01 fills a hundredth of that, to try it out.
"""

import os
import statistics
import time
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Engine, text

import flows.parts_application  # noqa: F401  registers process PA
from schemas.answers import Opened
from schemas.words import Channel
from tasks.durable.opening import open_chunk
from tasks.durable.stage import CHUNK, advance_chunk
from tests.bench import load
from tests.bench.figure import Figure
from tests.bench.fill import multiply, settle_down, without_indexes
from tests.tasks.durable.chunks import chunks_of_a_day, day_in_chunks, sheet_turn

CLOSED, OPEN = 1_000_000, 100_000
GENUINE = 50  # of each: eight or nine cases a unit; the open ones wait at all six gates
CASES, RUNS = 2_000, 3


def run() -> list[Figure]:
    """Measure in turns on empty tables and on full ones; medians of three runs."""
    scale = float(os.environ.get("BENCH_GROWTH", "1"))
    empty, full = [], []
    with load.stage() as stage, stage.fresh() as grown:
        _fill(grown, scale)
        for turn in range(1, RUNS + 1):
            with stage.fresh() as fresh:
                rates = _rates(fresh, grown, range(10_000 * turn, 10_000 * turn + CASES))
            empty.append(rates[0])
            full.append(rates[1])
            _say(f"{rates[0]:.0f} cases/s on empty tables, {rates[1]:.0f} on full ones")
        cases = _count(grown)
    ratio = statistics.median(full) / statistics.median(empty)
    return [
        Figure("cases_in_tables", cases),
        Figure("empty_cases_per_s", statistics.median(empty)),
        Figure("full_cases_per_s", statistics.median(full)),
        Figure("ratio", ratio, "≥ 0.95", ratio >= 0.95),
    ]


def _rates(empty: Engine, full: Engine, numbers: Sequence[int]) -> tuple[float, float]:
    """Take a day's cases to their ends in both, chunk by chunk in turns; gives cases per second.

    What else the machine does then slows down both alike.
    """
    spent = {empty: 0.0, full: 0.0}
    days = {db: chunks_of_a_day(db, numbers, CHUNK) for db in spent}
    while days:
        for db, day in list(days.items()):
            begun = time.perf_counter()
            if next(day, day) is day:
                del days[db]
            spent[db] += time.perf_counter() - begun
    return len(numbers) / spent[empty], len(numbers) / spent[full]


def _fill(db: Engine, scale: float) -> None:
    """Fill the tables with copies of genuine closed and open cases."""
    begun = time.monotonic()
    _say(f"filling with {CLOSED * scale:,.0f} closed and {OPEN * scale:,.0f} open cases …")
    day_in_chunks(db, None, range(GENUINE), CHUNK)
    waiting = _open_cases(db)
    with db.connect() as connection:
        closed = connection.scalars(text("SELECT id FROM service_case WHERE closed_at IS NOT NULL")).all()
    with without_indexes(db, _say):
        multiply(db, closed, round(CLOSED * scale) // GENUINE, _say)
        multiply(db, waiting, round(OPEN * scale) // GENUINE, _say)
    settle_down(db)
    with db.connect() as connection:
        size = connection.scalar(text("SELECT pg_size_pretty(pg_database_size(current_database()))"))
    _say(f"{_count(db):,} cases, {size}, filled in {timedelta(seconds=round(time.monotonic() - begun))}")


def _open_cases(db: Engine) -> list[int]:
    """Make cases that wait, each unit's at every gate."""
    numbers = range(GENUINE, 2 * GENUINE)
    opened = open_chunk(db, "PA", Channel.SHEET, [load.application(n) for n in numbers])
    cases = {n: one.case_id for n, one in zip(numbers, opened, strict=True) if isinstance(one, Opened)}
    for passed, gate in enumerate(("", *load.GATES[:-1])):
        going = [n for n in numbers if n // len(load.UNITS) % len(load.GATES) >= passed]
        advance_chunk(db, [sheet_turn(cases[n], n, gate) for n in going])
    return list(cases.values())


def _count(db: Engine) -> int:
    with db.connect() as connection:
        return connection.scalar(text("SELECT count(*) FROM service_case")) or 0


def _say(message: str) -> None:
    print(message, flush=True)
