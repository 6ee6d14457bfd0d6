"""A year of the department: 5,000 cases of all processes, every scheduled flow at its times, the clock jumping between.

What must be true at the end are tests/year/truths.py, with none of them found wrong; the weeks of tests/year/test_year.py
are the same in small.
"""

import time
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from tasks.cycle.rules import at
from tests.bench.figure import Figure
from tests.bench.load import stage
from tests.year import truths
from tests.year.simulation import Year

CASES, FIRST, LAST, MOST_SECONDS = 5000, date(2026, 1, 1), date(2026, 12, 31), 300


def run() -> list[Figure]:
    """Live through a year, and count what went wrong."""
    with stage() as here, here.fresh() as db, TemporaryDirectory() as home:
        year = Year(db, FIRST, LAST, CASES, Path(home))
        begun = time.perf_counter()
        year.run()
        seconds = time.perf_counter() - begun
        print("\n".join(f"{spent:7.1f} s of CPU  {name}" for name, spent in year.seconds.most_common()))
        with db.connect() as connection:
            found = truths.all_wrong(connection, year.rounds, at(LAST))
    for sentence, wrong in found.items():
        print(f"{sentence}: {wrong[:5]}")
    return [
        Figure("cases", year.opened),
        Figure("answers", year.staff.answered),
        Figure("runs of scheduled flows", sum(year.ran.values())),
        Figure("seconds", seconds, f"≤ {MOST_SECONDS}", seconds <= MOST_SECONDS),
        Figure("runs that failed", len(year.failed), "0", not year.failed),
        *(Figure(sentence, len(wrong), "0", not wrong) for sentence, wrong in found.items()),
    ]
