"""Lots of stock: what leaves is taken near expiry first, then first in first out (S3 §3 1.3, 1.4.3); pure."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from schemas.shapes import NEVER, figure


class Lot(NamedTuple):
    """Goods that came in on a day and expire on one, in the order in which they are taken."""

    expires_on: date
    came_on: date

    @property
    def said(self) -> str:
        """The day it came in, and its expiry if it has one."""
        return f"{self.came_on}" + ("" if self.expires_on == NEVER else f" 有效期至 until {self.expires_on}")


def expiry(came_on: date, shelf_days: int | None) -> date:
    """Give the day on which goods expire that came in on a day."""
    return came_on + timedelta(days=shelf_days) if shelf_days else NEVER


def take(there: Mapping[Lot, Decimal], quantity: Decimal) -> tuple[list[tuple[Lot, Decimal]], Decimal]:
    """Choose the lots to take a quantity of, the first ones first; gives them, and what they fall short of it."""
    taken = list[tuple[Lot, Decimal]]()
    for lot, many in sorted(there.items()):
        if quantity > 0 and (some := min(many, quantity)) > 0:
            taken.append((lot, some))
            quantity -= some
    return taken, quantity


def lots_said(moved: Iterable[tuple[Lot, Decimal]]) -> str:
    """Say which lots goods are of, and how many of each where there are several."""
    lots = list(moved)
    if len(lots) == 1:
        return lots[0][0].said
    return "；".join(f"{lot.said} ×{figure(abs(many))}" for lot, many in lots)
