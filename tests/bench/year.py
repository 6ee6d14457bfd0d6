"""A year of the department: 5,000 cases of all processes, every scheduled flow at its times, the clock jumping between.

What must be true at the end are tests/year/truths.py, with none of them found wrong; the weeks of tests/year/test_year.py
are the same in small. As a worker has several runs at once, two more processes help with what is due at a time, what
people say and what comes in, and another runs what prefect.yaml gives a process of its own.

Then a month, from the 8th of next month on, with every scheduled flow as a real run of its deployment: Prefect's
server, the deployments, the ordinary worker with all its loops (tests/year/through_prefect.py says what is compressed).
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from deployments.local.prefect_server import WORKER_GRACE, worker_env
from deployments.local.processes import Child
from tasks.cycle.rules import at
from tests.bench.figure import Figure
from tests.bench.installation import Installation, cpu_seconds, installation
from tests.bench.load import stage
from tests.year import truths
from tests.year.business_time import BusinessTime
from tests.year.helper import helper
from tests.year.simulation import Year
from tests.year.through_prefect import PrefectYear

CASES, FIRST, LAST, MOST_SECONDS = 5000, date(2026, 1, 1), date(2026, 12, 31), 300
MONTH_CASES, MONTH_BEGINS = 300, 8  # so that the turn of a month, with its reports, lies within it


def run() -> list[Figure]:
    """Live through a year, then through a month with Prefect, and count what went wrong."""
    first = next_month(date.today()).replace(day=MONTH_BEGINS)
    return [*plain_year(), *month_through_prefect(first, next_month(first) - timedelta(days=1), MONTH_CASES)]


def next_month(day: date) -> date:
    """Give the same day of the next month; no later one than the 28th."""
    return date(day.year + day.month // 12, day.month % 12 + 1, min(day.day, 28))


def plain_year() -> list[Figure]:
    """Live through a year, the scheduled flows as plain functions."""
    with stage() as here, here.fresh() as db, TemporaryDirectory() as home, helper(db, 2) as two, helper(db) as other:
        year = Year(db, FIRST, LAST, CASES, Path(home), colleagues=two, beside=other)
        begun = time.perf_counter()
        year.run()
        seconds = time.perf_counter() - begun
        figures = _what_became(year)
    return [*figures, Figure("seconds", seconds, f"≤ {MOST_SECONDS}", seconds <= MOST_SECONDS)]


def month_through_prefect(first: date, last: date, cases: int) -> list[Figure]:
    """Live through some days, the scheduled flows as runs of their deployments."""
    with installation() as here, TemporaryDirectory() as home:
        business_time = BusinessTime(Path(home) / "ahead")
        business_time.move_to(at(first))
        with _worker(here, business_time) as worker:
            month = PrefectYear(here.db, first, last, cases, Path(home), business_time=business_time)
            begun, before = time.perf_counter(), cpu_seconds(here.server)
            month.run()
            seconds, lagging = time.perf_counter() - begun, month.lagging()
            spent = [cpu_seconds(here.server) - before, cpu_seconds(worker)]
        figures = _what_became(month)
    figures += [
        Figure("cases whose runs lag behind", len(lagging), "0", not lagging),
        *(Figure(f"CPU of {name} s", cpu) for name, cpu in zip(("server", "worker"), spent, strict=True)),
        Figure("seconds", seconds),
    ]
    return [Figure(f"month: {one.name}", one.value, one.bound, one.holds) for one in figures]


@contextmanager
def _worker(here: Installation, business_time: BusinessTime) -> Iterator[Child]:
    """Have the ordinary worker at work, in business time."""
    words = ["-m", "tests.bench.timed_worker", str(business_time.file)]
    worker = Child("worker", words, worker_env(here.settings, here.databases), here.settings, WORKER_GRACE)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()


def _what_became(year: Year) -> list[Figure]:
    """Count what happened, and what contradicts what must be true."""
    print("\n".join(f"{spent:7.1f} s  {name}" for name, spent in year.seconds.most_common()))
    found = truths.all_wrong(year.db, year.rounds, at(year.last))
    for sentence, wrong in {"runs that failed": year.failed, **found}.items():
        print(f"{sentence}: {wrong[:5]}")
    return [
        Figure("cases", year.opened),
        Figure("answers", year.staff.answered),
        Figure("runs of scheduled flows", sum(year.ran.values())),
        Figure("runs that failed", len(year.failed), "0", not year.failed),
        *(Figure(sentence, len(wrong), "0", not wrong) for sentence, wrong in found.items()),
    ]
