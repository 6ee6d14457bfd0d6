"""The shapes that travel through a parts application: lines, plans, receipts, shipments."""

from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import Field

from schemas.forms.anomalies import AnomalyVerdict
from schemas.shapes import Shape, figure, listed, money
from schemas.words import FeeCategory, Reason, Role, Supply


class LineQuantity(Shape):
    """So many of a line."""

    line_no: int
    quantity: Decimal

    @property
    def said(self) -> str:
        """How many."""
        return f"第{self.line_no}行 ×{figure(self.quantity)}"


class Goods(LineQuantity):
    """So many of a line's part, as documents name it; `uom` is the unit that it is counted in."""

    part: str
    name: str
    specification: str
    colour: str
    uom: str

    def as_goods(self, quantity: Decimal | None = None) -> dict[str, Any]:
        """Give what the line is made of for another shape, or so many of it."""
        own = {name: getattr(self, name) for name in Goods.model_fields}
        return own if quantity is None else own | {"quantity": quantity}


class Warranty(Shape):
    """The days on which a part is under warranty, both included, and by which rule."""

    start: date
    end: date
    rule: str


class PartsLine(Goods):
    """A line as it stands after the last correction; price in CNY per unit, quantity in the part's unit.

    `fee` says who should pay, until the review says who does; a `remake` leaves the line's first promise and dates.
    """

    category: str
    price: Decimal
    reason: Reason
    unit: str
    fee: FeeCategory
    warranty: Warranty | None
    remake: bool = False

    @property
    def amount(self) -> Decimal:
        """Quantity × price, CNY."""
        return self.quantity * self.price

    @property
    def said(self) -> str:
        """The part, how many, at which price, why, and who pays."""
        many = f"第{self.line_no}行 {self.name} ×{figure(self.quantity)}"
        return f"{many} @{money(self.price)} {self.reason.zh} {self.fee.zh}"


class Registration(Shape):
    """An application as it came in: priced lines, and who reviews."""

    lines: list[PartsLine]
    reviewer: Role

    @property
    def said(self) -> str:
        """The lines."""
        return listed([line.said for line in self.lines])


class Review(Shape):
    """What the review and the ladder came to: `refused` says why not; `barred` may approve nothing of the case again.

    `applied` are the lines as the office gave them last, `decision` what the reviewer said of them.
    """

    lines: list[PartsLine] = Field(default_factory=list)
    barred: set[str] = Field(default_factory=set)
    refused: str = ""
    applied: list[Any] = Field(default_factory=list)
    decision: Any = None


class Cycle(LineQuantity):
    """Standard working days of a line that must be made; None where a planner must say."""

    days: int | None
    supply: Supply

    @property
    def said(self) -> str:
        """How many, and how long they take."""
        return super().said + (f" 周期天数 {self.days}" if self.days else "")


class PlannedLine(Goods):
    """A line to be made: by whom, how many, at which price, and the day promised for it, its clock running `since`."""

    price: Decimal
    supply: Supply
    unit: str
    days: int
    since: date
    promised: date
    planned: date
    remake: bool

    @property
    def said(self) -> str:
        """How many, by whom, and by when."""
        made = f"第{self.line_no}行 {self.name} ×{figure(self.quantity)} {self.supply.zh} {self.unit}"
        return f"{made} 周期天数 {self.days} 承诺 {self.promised} 计划日期 {self.planned}"


class Shortfall(Shape):
    """Something is wrong with a line: `missing` pieces of it are not there as they should be."""

    line_no: int
    missing: Decimal
    found: str
    where: str


class Settled(Shape):
    """What was decided of an anomaly, and the promise of what is made again; its clock runs `since`."""

    verdict: AnomalyVerdict
    since: date
    promised: date | None

    @property
    def said(self) -> str:
        """What was decided, and the promise."""
        return self.verdict.zh + (f" 承诺 {self.promised}" if self.promised else "")


class OrderProgress(LineQuantity):
    """A production order as it stands: how many were ordered, made and scrapped."""

    made: Decimal = Decimal(0)
    scrapped: Decimal = Decimal(0)
    cancelled: bool = False

    @property
    def said(self) -> str:
        """How many were ordered, and what became of them so far."""
        became = {"完成数量": self.made, "报废数量": self.scrapped}
        told = [f"{label} {figure(many)}" for label, many in became.items() if many]
        return " ".join([super().said, *told])
