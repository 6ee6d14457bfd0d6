"""How reports count: rows by group, what stands for nothing, the Shanghai days of a period; pure."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from tasks.cycle.rules import at, shanghai_day
from tasks.reports.rules import share
from tasks.reports.shapes import KeyFigure, Kind, ReportColumn
from tasks.rounds.rules import Cadence, Period, period_at

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
UNNAMED = "未注明 not said"


def text(key: str, label: str) -> ReportColumn:
    """A column of words."""
    return ReportColumn(key, label, Kind.TEXT)


def within(period: Period, moment: datetime | None) -> bool:
    """Say whether something happened on the days of a period."""
    return moment is not None and period.first <= shanghai_day(moment) <= period.last


def by_then(period: Period, moment: datetime | None) -> bool:
    """Say whether something had happened by the end of a period."""
    return moment is not None and shanghai_day(moment) <= period.last


def bounds(period: Period) -> dict[str, datetime]:
    """Give the first moment of a period, and the first one after it."""
    return {"start": at(period.first), "end": at(period.last + timedelta(days=1))}


def grouped(rows: Iterable[T], by: Callable[[T], K]) -> dict[K, list[T]]:
    """Put rows into groups, the largest first, those of one size by name."""
    groups = dict[K, list[T]]()
    for row in rows:
        groups.setdefault(by(row), []).append(row)
    return dict(sorted(groups.items(), key=lambda group: (-len(group[1]), str(group[0]))))


def most_common(words: Iterable[str], most: int) -> list[tuple[str, int]]:
    """Count words, and give the commonest, those that are as common by name."""
    counts = Counter(words)
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:most]


def rate_of(key: str, label: str, part: int, whole: int, target: float | None = None) -> KeyFigure:
    """Give a measure that is a share; of nothing there is none, and no target is reached or missed."""
    value = share(part, whole)
    reached = None if value is None or target is None else value >= target
    return KeyFigure(key, label, value, Kind.RATE, f"≥ {target * 100:g} %" if target is not None else "", reached)


def count_of(key: str, label: str, value: int, below: int | None = None) -> KeyFigure:
    """Give a measure that is a number, which must stay below another one where it has a target."""
    target, reached = ("", None) if below is None else (f"< {below}", value < below)
    return KeyFigure(key, label, value, Kind.COUNT, target, reached)


def months_to(period: Period, many: int = 12) -> list[Period]:
    """Give the months up to the one in which a period ends, the oldest first; that one ends with the period."""
    months = [period_at(Cadence.MONTH, period.last)]
    while len(months) < many:
        months.append(period_at(Cadence.MONTH, months[-1].first - timedelta(days=1)))
    return [Period(month.first, min(month.last, period.last)) for month in months[::-1]]


def range_of(what: str, many: int, days: Sequence[date] | Iterable[Any]) -> str:
    """Say what was counted: how many rows, from when to when."""
    known = sorted(days)
    return f"{what} {many:,}" + (f"：{known[0]} – {known[-1]}" if known else "")
