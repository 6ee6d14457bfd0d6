"""The shapes that travel through a parts application: lines, plans, receipts, shipments."""

from datetime import date
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from schemas.words import FeeCategory, Reason, Role, Supply


class Shape(BaseModel):
    """A value that never changes."""

    model_config = ConfigDict(frozen=True, defer_build=True)


class PartsLine(Shape):
    """A line as it stands after the last correction; price in CNY per unit, quantity in the part's unit."""

    line_no: int
    part: str
    name: str
    category: str
    specification: str
    colour: str
    quantity: Decimal
    price: Decimal
    reason: Reason
    unit: str

    @property
    def amount(self) -> Decimal:
        """Quantity × price, CNY."""
        return self.quantity * self.price


class Registration(Shape):
    """An application as it came in: priced lines, who should pay, who reviews (SYSTEM: nobody may)."""

    lines: list[PartsLine]
    fee: FeeCategory
    reviewer: Role


class Review(Shape):
    """What the review and the ladder came to: `refused` says why not; `barred` may approve nothing of the case again."""

    lines: list[PartsLine] = []
    barred: frozenset[str] = frozenset()
    refused: str = ""


class Cycle(Shape):
    """Standard working days of a line that must be made; None where a planner must say."""

    line_no: int
    quantity: Decimal
    days: int | None
    supply: Supply


class PlannedLine(Shape):
    """A line to be made: by whom, how many, and the day that was promised for it."""

    line_no: int
    part: str
    name: str
    quantity: Decimal
    supply: Supply
    unit: str
    days: int
    promised: date
    planned: date


class LineQuantity(Shape):
    """So many of a line."""

    line_no: int
    quantity: Decimal


class Shortfall(Shape):
    """Something is wrong with a line: `missing` pieces of it are not there as they should be."""

    line_no: int
    missing: Decimal
    found: str
    where: str


class OrderProgress(Shape):
    """A production order as it stands: how many were ordered, made and scrapped."""

    line_no: int
    quantity: Decimal
    made: Decimal = Decimal(0)
    scrapped: Decimal = Decimal(0)
    cancelled: bool = False
