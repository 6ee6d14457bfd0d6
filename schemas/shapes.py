"""What steps return and processes show: values that can say in a few words what staff should know of them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from schemas.words import LinkKind, Role

SAID_ROWS = 3  # of a list the first ones are said
NEVER = date(9999, 12, 31)  # the day on which goods expire that do not


class Shape(BaseModel):
    """A value that never changes; `said` is how it reads in a case's timeline, nothing if it concerns nobody."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    @property
    def said(self) -> str:
        """What staff read of it, in Chinese, on one line."""
        return ""


class Measure(NamedTuple):
    """A quantity in its unit."""

    quantity: Decimal
    unit: str


class CaseNumber(str):
    """A case's number in a cell: pages link it to the case's sheet."""

    __slots__ = ()


class LineTable(NamedTuple):
    """What staff see of a case's lines: headings, and a row of cells for each line; figures stand to the right.

    facts     what the lines together say of the case, shown at its head: ("承诺 Promised", "2026-12-01")
    records   the lines as machines read them
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[Any]]
    facts: Sequence[tuple[str, str]] = ()
    records: Sequence[Mapping[str, Any]] = ()

    def as_records(self) -> list[dict[str, Any]]:
        """Give the lines as machines read them, by heading where nothing else was said."""
        return [*map(dict, self.records)] or [dict(zip(self.headings, row, strict=True)) for row in self.rows]


class LinkWait(NamedTuple):
    """What a link of a chain waits for: whom, and how long by the name of the term's policy ("review.hours").

    An automatic link that names somebody asks there only what the system cannot say by itself.
    """

    kind: LinkKind
    role: Role | None = None
    due: str = ""


class Reminder(NamedTuple):
    """Something to say about an open item at a moment, once; `role` hears it.

    A term that several items share has a name and a due time of its own: what was said of it in one is not said again.
    """

    at: datetime
    kind: str
    role: Role
    term: str = ""
    due: datetime | None = None


def figure(number: Decimal | int) -> str:
    """Write a quantity without needless zeros."""
    return f"{Decimal(number).normalize():f}"


def money(amount: Decimal) -> str:
    """Write an amount in CNY."""
    return f"{amount:,.2f}"


def listed(rows: Sequence[str]) -> str:
    """Say the first rows, and how many there are."""
    shown = "；".join(filter(None, rows[:SAID_ROWS]))
    return f"{shown}；… 共 {len(rows)} 行" if len(rows) > SAID_ROWS and shown else shown
