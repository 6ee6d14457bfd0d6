"""The shapes that travel through a parts application: lines, plans, receipts, shipments."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self

from pydantic import Field

from schemas.forms.anomalies import AnomalyKind, Remedy, Whereabouts
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
        own = {name: getattr(self, name) for name in OF_GOODS}
        return own if quantity is None else own | {"quantity": quantity}

    def of(self, quantity: Decimal) -> Self:
        """Give so many of the line."""
        return self if quantity == self.quantity else self.model_copy(update={"quantity": quantity})


OF_GOODS = set(Goods.model_fields)


class Warranty(Shape):
    """The days on which a part is under warranty, both included, and by which rule."""

    start: date
    end: date
    rule: str


class PartsLine(Goods):
    """A line as it stands after the last correction; price in CNY per unit, quantity in the part's unit.

    `fee` says who should pay, until the review says who does.
    """

    category: str
    price: Decimal
    reason: Reason
    unit: str
    fee: FeeCategory
    warranty: Warranty | None

    @property
    def amount(self) -> Decimal:
        """Quantity × price, CNY."""
        return self.quantity * self.price

    @property
    def said(self) -> str:
        """The part, how many, at which price, why, and who pays."""
        many = f"第{self.line_no}行 {self.name} ×{figure(self.quantity)}"
        return f"{many} @{money(self.price)} {self.reason.zh} {self.fee.zh}"


class Start(StrEnum):
    """Where an application begins; another case opens one under a key that ends so (DOMAIN 6: without a new review).

    SEND_BACK: an office sends goods back to be repaired; APPRAISAL: they never left the house.
    """

    REVIEW = "review"
    ORDER = "order"
    STOCK = "stock"
    SEND_BACK = "send-back"
    APPRAISAL = "appraisal"


class Registration(Shape):
    """An application as it came in: priced lines, who reviews, and where it starts."""

    lines: list[PartsLine]
    reviewer: Role
    start: Start = Start.REVIEW

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
    start: Start = Start.REVIEW


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

    @property
    def said(self) -> str:
        """How many, by whom, and by when."""
        made = f"第{self.line_no}行 {self.name} ×{figure(self.quantity)} {self.supply.zh} {self.unit}"
        return f"{made} 周期天数 {self.days} 承诺 {self.promised} 计划日期 {self.planned}"


class Shortfall(Shape):
    """Something is wrong with `quantity` pieces of a line, says `by`; so many as are `missing` are not there."""

    line_no: int
    missing: Decimal
    quantity: Decimal
    kind: AnomalyKind
    found: str
    by: str
    photos: str = ""


NOTHING_MISSING = {AnomalyKind.NOTED, AnomalyKind.WRONG_ADDRESS, AnomalyKind.DELAYED}
ORDERS_AGAIN = {Remedy.REMAKE, Remedy.RESEND}
COMES_AGAIN = {*ORDERS_AGAIN, Remedy.REPAIR}


class Outcome(Shape):
    """What the source of an anomaly is told: the remedy, None where there was none, and what its line needs to know of it.

    goods      where they go; None where that is not said
    there      the goods in question are at hand, or still come; left: how many of them had left the house
    reduction  what they cost less, CNY
    """

    remedy: Remedy | None = None
    goods: Whereabouts | None = None
    line_no: int = 0
    quantity: Decimal = Decimal(0)
    there: bool = False
    left: Decimal = Decimal(0)
    reduction: Decimal = Decimal(0)
    address: str = ""
    day: date | None = None

    @property
    def again(self) -> bool:
        """Whether what is missing comes by a case of its own."""
        return self.remedy in COMES_AGAIN

    @property
    def given_up(self) -> bool:
        """Whether the source owes no longer what is missing; goods at hand that are accepted go their way."""
        return self.again or (self.remedy in {Remedy.ACCEPT, Remedy.REFUND} and not self.there)

    @property
    def said(self) -> str:
        """The remedy."""
        return self.remedy.zh if self.remedy else "非异常，继续办理"


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
