"""What a file of holidays must hold to be believed: a year after the other, each whole, the past as it was; pure."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from schemas.problems import Problem

NATIONAL_DAYS = {(10, 1), (10, 2), (10, 3)}  # of these at most two fall on a weekend
TWICE = "重复 occurs twice"
PASSED = "已过去，不能再改 has passed: it stays as it was"


class HolidayRow(NamedTuple):
    """A row of a file of holidays: whether a day is worked, its name, and the notice that says so."""

    row: int
    day: date
    working: bool
    name: str
    source: str


def holiday_problems(
    rows: Sequence[HolidayRow], changed: Sequence[HolidayRow], known: date, today: date, file: str
) -> list[Problem]:
    """Say what is wrong with a file of holidays, of which `changed` say something new; the years up to `known` are known."""
    listed = [row.day for row in rows]
    wrong = [(row, TWICE) for n, row in enumerate(rows) if row.day in listed[:n]]
    wrong += [(row, PASSED) for row in changed if row.day <= min(known, today)]
    wrong += _wrong_years(rows, known)
    if not (changed or wrong):
        why = (
            f"{known.year} 年及以前已公布，没有变化 has nothing new: the years up to {known.year} are known as they are"
        )
        return [Problem(file, f"{len(rows)} 行 rows", why)]
    return [Problem(f"{file} day", row.day, why, row.row) for row, why in wrong]


def _wrong_years(rows: Sequence[HolidayRow], known: date) -> Iterator[tuple[HolidayRow, str]]:
    """Find the years that were left out, and those of which only a part is there."""
    expected = known.year + 1
    for year in sorted({row.day.year for row in rows if row.day > known}):
        own = [row for row in rows if row.day.year == year]
        if year != expected > known.year > date.min.year:
            yield own[0], f"缺 {expected} 年，须逐年载入 {expected} is missing: years follow one another"
        if not any((row.day.month, row.day.day) in NATIONAL_DAYS and not row.working for row in own):
            yield own[0], f"{year} 年不完整，没有国庆节 {year} is not whole: the National Day is missing"
        expected = year + 1
