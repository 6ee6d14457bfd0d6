"""What reports count (DOMAIN 4 and "Scheduled work"); pure.

Two conventions of "on time" are in use, so each report says which is its: by the end of the promised day, Shanghai
time, as the group counts, or by the very moment.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

SATISFIED = 4  # a mark of so much or more, of 5


class Convention(StrEnum):
    """What "on time" means: done by the end of the promised day, or by the promised moment."""

    DAY = "day"
    TIMESTAMP = "timestamp"


CONVENTIONS = {
    Convention.DAY: "在承诺日当天（北京时间）结束前完成即为按期 on time = done by the end of the promised day, Asia/Shanghai",
    Convention.TIMESTAMP: "在承诺的时刻前完成即为按期 on time = done by the promised moment",
}


class GroupedBy(StrEnum):
    """What a report's rows stand for."""

    UNIT = "unit"
    CATEGORY = "category"
    OFFICE = "office"
    PROCESS = "process"


class CycleCount(NamedTuple):
    """How many lines were promised, and how many of them are done on time, done late, or not done yet."""

    group: str
    lines: int
    on_time: int
    late: int
    open: int

    @property
    def on_time_rate(self) -> float | None:
        """The share of those done that were on time; None where none is done."""
        return share(self.on_time, self.on_time + self.late)


class MarkCount(NamedTuple):
    """How many marks came back, and how many of them are 4 or 5."""

    group: str
    returned: int
    satisfied: int

    @property
    def rate(self) -> float | None:
        """The share of the satisfied; None where no mark came back."""
        return share(self.satisfied, self.returned)


def share(part: int, whole: int) -> float | None:
    """Give a share with four decimals; None of nothing."""
    return round(part / whole, 4) if whole else None


def cycle_total(rows: Iterable[CycleCount]) -> CycleCount:
    """Add groups up."""
    counts = [row[1:] for row in rows]
    return CycleCount("", *(map(sum, zip(*counts, strict=True)) if counts else (0, 0, 0, 0)))


def mark_total(rows: Iterable[MarkCount]) -> MarkCount:
    """Add groups up."""
    counts = [row[1:] for row in rows]
    return MarkCount("", *(map(sum, zip(*counts, strict=True)) if counts else (0, 0)))
