"""The way of a line's goods: how far they are, and what is asked, booked and packed of them (DOMAIN 2)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar, Unpack

from schemas.forms.base import Form
from schemas.forms.repairs import Owner, Place
from schemas.parts import Goods, PartsLine, PlannedLine
from schemas.problems import Problem
from schemas.processes.repair_return import RepairEnding
from schemas.words import FeeCategory, MovementKind, Role
from tasks.branches.beside import Branch, beside
from tasks.cycle.terms import Due, More, gate
from tasks.durable.process import Case
from tasks.durable.question import Question
from tasks.logistics.sending import Parcel
from tasks.quotes.rules import Quote
from tasks.repair.shapes import RepairGoods
from tasks.repair.steps import Booking, Limits, book_goods, record_outcome
from tasks.unit.work import Work

F = TypeVar("F", bound=Form)
ARRIVED = "arrived"
AT_OFFICE = (Place.PAINT_ROOM, Place.SCRAP)


@dataclass
class Way:
    """How far the goods of a line are.

    here       they are dealt with at the office, no list takes them
    quantity   how many there are, after the receipt; fee: what the customer has agreed to pay
    passed     what their list has told of them; carrier: who brings them, under which number
    out        they are with the repairer; misused: no warranty covers it
    quote      the last of so many quotes; lapsed: it was not answered in time
    plan       who repairs them by when, the last of so many plans, in so many attempts; unit: who is to, where it is said
    held       the step that keeps them for their way back unrepaired; since: the day they left for the office
    parcels    in how many they were to leave: one that consent revived is begun anew
    main       the branch that goes this way; outcome: how it ended
    """

    case: Case
    line: PartsLine
    goods: RepairGoods
    place: Place
    barred: set[str]
    limits: Limits
    quantity: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    passed: set[str] = field(default_factory=set)
    carrier: str = ""
    quote: Quote | None = None
    quotes: int = 0
    attempts: int = 0
    plan: PlannedLine | None = None
    plans: int = 0
    unit: str = ""
    held: str = ""
    parcels: int = 0
    since: date | None = None
    out: bool = False
    misused: bool = False
    lapsed: bool = False
    outcome: RepairEnding | None = None
    main: Branch[None] | None = None

    @property
    def no(self) -> int:
        """The line's number."""
        return self.line.line_no

    @property
    def here(self) -> bool:
        """Whether they stay at the office."""
        return self.place in AT_OFFICE

    @property
    def in_house(self) -> bool:
        """Whether they never left the house: an anomaly has them repaired."""
        return not self.here and "list" not in self.passed and ARRIVED in self.passed

    @property
    def charged(self) -> bool:
        """Whether the customer pays: out of warranty, by the review, or misuse."""
        return self.misused or self.line.fee in {FeeCategory.CHARGED, FeeCategory.SHARED}

    @property
    def of_customer(self) -> bool:
        """Whether they are a customer's."""
        return Owner(self.case.request.owner) != Owner.OFFICE

    def start(self, run: "Callable[[Way], Branch[RepairEnding | None]]") -> None:
        """Let the goods go their way, beside those of other lines."""
        self.quantity = self.goods.quantity

        def go() -> Branch[None]:
            if ending := (yield from run(self)):
                self.finish(ending)

        self.main = go()
        beside(self.case, self.main)

    def finish(self, ending: RepairEnding) -> None:
        """Note how the way ended."""
        self.outcome = ending
        record_outcome(self.case, self.goods, self.quantity, ending, turn=self.no)

    def question(
        self,
        name: str,
        title: str,
        role: Role,
        form: type[F],
        within: str | Due,
        link: str = "",
        brief: Sequence[str] = (),
        check: Callable[[F, Work], Sequence[Problem]] | None = None,
        prefill: Mapping[str, Any] | None = None,
        **more: Unpack[More],
    ) -> Question[F]:
        """Ask something about the line, under the key name-line or name-line-turn."""
        first, _, turn = name.partition("/")
        key, shown = f"{first}-{self.no}{turn and f'-{turn}'}", [*self.shown, *brief]
        more["line"] = self.no
        return gate(key, title, role, form, within, link, lambda: shown, lambda: prefill or {}, check, **more)

    @property
    def shown(self) -> list[str]:
        """What whoever decides must see of the goods."""
        goods, of = self.goods, [self.goods.order_no, self.goods.model, self.goods.old_no]
        many = f"{self.no}. {goods.name} × {self.quantity:f} · {goods.cause} · {self.line.fee.zh}"
        return [many, " · ".join(filter(None, of))]

    def booking(self, kind: MovementKind, stock: str, of_office: bool, quantity: Decimal | None = None) -> Booking:
        """Say what is booked of the goods."""
        many = self.quantity if quantity is None else quantity
        return Booking(goods=self.so_many(many), kind=kind, stock=stock, of_office=of_office)

    def so_many(self, quantity: Decimal) -> Goods:
        """Give so many of the goods."""
        return Goods(**self.goods.as_goods(quantity))

    @property
    def order(self) -> int:
        """The turn of the production order by which they are repaired."""
        return self._turn(self.plans)

    def _turn(self, number: int) -> int:
        return self.no + 1000 * (number - 1)

    def parcel(self, kept_by: str) -> Parcel:
        """Pack the goods that a step keeps, to leave by forms and slips of their own."""
        self.parcels += 1
        line = self.line.model_copy(update={"quantity": self.quantity})
        return Parcel(self.case, [line], self.barred, self._turn(self.parcels), kept_by)

    def put_back(self) -> None:
        """Book goods back from the repairer into the damaged warehouse that they came from."""
        if self.out:
            self.out = False
            came = self.booking(MovementKind.DAMAGED_IN, "damaged", self.here)
            book_goods(self.case, came, turn=f"{self.no}-back-{self.attempts}")
