"""What a report is made of, whatever shows it: page, workbook, JSON, artifact, published edition; pure.

A report's maker counts in SQL and fills this in; nothing in it is contact data, and all of it can be written as JSON.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from tasks.rounds.rules import Period

Value = str | int | Decimal | float | date | None


class Kind(StrEnum):
    """How a column's values are shown; a rate is a share, 0.953 shows as 95.30 %."""

    TEXT = "text"
    COUNT = "count"
    RATE = "rate"
    MONEY = "money"
    DAYS = "days"
    DAY = "day"


class Look(StrEnum):
    """How a section is drawn; a Pareto chart shows the causes by size and the share that they add up to."""

    TREND = "trend"
    BARS = "bars"
    STACKED = "stacked"
    PARETO = "pareto"
    DISTRIBUTION = "distribution"


@dataclass(frozen=True)
class ReportColumn:
    """A column of a section's table; its label is 中文 English."""

    key: str
    label: str
    kind: Kind = Kind.COUNT


@dataclass(frozen=True)
class Chart:
    """What is drawn of a section: the column along the axis, the columns that are measured, a line to be reached."""

    look: Look
    along: str
    measured: tuple[str, ...]
    target: float | None = None


@dataclass(frozen=True)
class ReportSection:
    """A table of a report, and its drawing; `note` says what staff must know to read it."""

    key: str
    title: str
    columns: tuple[ReportColumn, ...]
    rows: Sequence[Mapping[str, Value]]
    chart: Chart | None = None
    note: str = ""


@dataclass(frozen=True)
class KeyFigure:
    """A figure that the department is judged by; `reached` is None where it has no target or nothing was counted."""

    key: str
    label: str
    value: float | None
    kind: Kind = Kind.RATE
    target: str = ""
    reached: bool | None = None


@dataclass(frozen=True)
class Report:
    """A report: what it is about, for which days, by which convention, and of which data.

    kind         its code, as in addresses and file names: cycle, complaints, offices, …
    convention   how it counts, in words that stand on every print
    of           the range of the data that it counted: how many rows, from when to when
    """

    kind: str
    title: str
    period: Period
    convention: str
    of: str
    measures: tuple[KeyFigure, ...]
    sections: tuple[ReportSection, ...]
