"""The shapes that travel through a return: what was sold, which rule holds, what was found, what is paid."""

from datetime import date
from decimal import Decimal

from pydantic import Field

from schemas.forms.returns import Ground, Wish
from schemas.parts import Goods
from schemas.shapes import Shape, figure, listed, money

Quantities = dict[int, Decimal]  # by line of the order
NONE = Decimal(0)


class SoldLine(Shape):
    """A line of the order as it was sold, and what has come back of it before; CNY for all of it."""

    line_no: int
    model: str
    model_name: str
    quantity: Decimal
    price_paid: Decimal
    list_price: Decimal | None
    coupon: Decimal
    delivery_fee: Decimal
    offer_from: Decimal
    factory_date: date
    delivery_date: date | None
    signing_date: date | None
    installation_date: date | None
    exchanged_on: date | None
    channel: str
    custom_confirmed: bool
    settled: Decimal
    refunded: Decimal
    fee_refunded: Decimal
    offer_lost: Decimal
    repair_days: int

    @property
    def changing(self) -> tuple[Decimal, ...]:
        """What other cases may change of it: what has come back and was given back, and what is paid by now."""
        return self.settled, self.refunded, self.fee_refunded, self.offer_lost, self.price_paid

    def dearer(self, more: Decimal) -> "SoldLine":
        """Give it as so much more was paid for it."""
        full = None if self.list_price is None else self.list_price + more
        return self.model_copy(update={"price_paid": self.price_paid + more, "list_price": full})


class Held(Shape):
    """A rule that holds for a request, and its days, both included (None: not begun).

    wishes: what it allows; by_manager: what it allows only where the MANAGER says so
    """

    code: str
    ground: Ground
    name: str
    source: str
    first: date | None = None
    last: date | None = None
    wishes: tuple[Wish, ...] = tuple(Wish)
    by_manager: tuple[Wish, ...] = ()

    @property
    def said(self) -> str:
        """The rule with its days."""
        return f"{self.name} {self.first or ''} → {self.last or '未起算 not begun'} [{self.source}]"


class Claim(Shape):
    """A request as it was registered: the goods, the whole order, the rules that hold, and whether goods are out.

    unclear_ours   the burden of proof is still ours on the day of the request
    ahead          it reopens a case whose exchange went ahead of the goods
    """

    goods: list[Goods]
    order: list[SoldLine]
    rules: list[Held]
    asked_on: date
    shipped: bool
    signed: bool
    unclear_ours: bool
    ahead: bool = False

    @property
    def said(self) -> str:
        """What is brought back."""
        return listed([f"第{one.line_no}行 {one.name} ×{figure(one.quantity)}" for one in self.goods])

    @property
    def quantities(self) -> Quantities:
        """How many of each line."""
        return {one.line_no: one.quantity for one in self.goods}


class Article(Shape):
    """What goes out in exchange, and its price for all pieces (0: the same as came back)."""

    goods: list[Goods]
    price: Decimal = NONE


class MoneyRow(Shape):
    """A part of a refund, CNY, and the rule that it comes of."""

    rule: str
    amount: Decimal


class Reckoning(Shape):
    """What is paid for goods, row by row; `owed` is what the customer owes instead, `coupon` comes back in kind.

    goods, delivery   by line what of it is given back of the price and of the delivery fee
    offer             what of it is taken off because too little of an offer is kept; below 0: it comes back
    dearer            by line what another article costs more
    """

    rows: list[MoneyRow]
    coupon: Decimal = NONE
    goods: Quantities = Field(default_factory=dict)
    delivery: Quantities = Field(default_factory=dict)
    offer: Decimal = NONE
    dearer: Quantities = Field(default_factory=dict)

    @property
    def sum(self) -> Decimal:
        """All rows together."""
        return sum((row.amount for row in self.rows), NONE)

    @property
    def amount(self) -> Decimal:
        """What the customer gets."""
        return max(self.sum, NONE)

    @property
    def owed(self) -> Decimal:
        """What the customer owes."""
        return max(-self.sum, NONE)

    @property
    def told(self) -> list[str]:
        """The rows, and what they come to."""
        kind = [f"券退回 coupon back in kind {money(self.coupon)}"] if self.coupon else []
        total = (
            f"客户应付 customer owes **{money(self.owed)}**" if self.owed else f"应退 refund **{money(self.amount)}**"
        )
        return [*(f"{row.rule} {row.amount:+,.2f}" for row in self.rows), *kind, total]

    @property
    def said(self) -> str:
        """The rows in short."""
        return " · ".join(self.told).replace("**", "")


class Found(Shape):
    """What the inspections came to, by line: accepted as ours, accepted without reason, not accepted.

    deduction  what the customer is to agree to; differs: it is not what was claimed
    """

    ours: Quantities = Field(default_factory=dict)
    plain: Quantities = Field(default_factory=dict)
    refused: Quantities = Field(default_factory=dict)
    resale: Quantities = Field(default_factory=dict)
    scrap: Quantities = Field(default_factory=dict)
    deduction: Decimal = NONE
    differs: bool = False
    why: str = ""

    @property
    def accepted(self) -> Quantities:
        """How many of each line are accepted."""
        both = {no: self.ours.get(no, NONE) + self.plain.get(no, NONE) for no in {*self.ours, *self.plain}}
        return {no: many for no, many in sorted(both.items()) if many}

    @property
    def said(self) -> str:
        """How many of each line are what."""
        words = {"我方责任 ours": self.ours, "接受 accepted": self.plain, "不接受 refused": self.refused}
        told = [f"{word} 第{no}行 ×{figure(many)}" for word, by in words.items() for no, many in by.items() if many]
        return listed([*told, *([f"拟扣 deduction {money(self.deduction)}"] if self.deduction else [])])
