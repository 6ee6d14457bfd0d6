"""What steps return: values that never change, and that can say in a few words what staff should know of them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

SAID_ROWS = 3  # of a list the first ones are said


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
