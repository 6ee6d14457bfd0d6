"""The way of a line's goods: to the list, back, through appraisal, repair or not, to the customer (DOMAIN 2)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar, Unpack

from schemas.forms.base import Form
from schemas.forms.repairs import (
    Appraisal,
    Arbitration,
    ArbitrationFound,
    Grade,
    OfficeWord,
    Owner,
    Place,
    ReceiptConfirmed,
)
from schemas.forms.return_lists import GoodsArrived, GoodsShipped, GoodsState, ListSent
from schemas.forms.sales import YesNo
from schemas.parts import Goods, PartsLine, PlannedLine
from schemas.problems import Problem
from schemas.processes.repair_return import RepairEnding
from schemas.words import FeeCategory, MovementKind, Role
from tasks.branches.beside import Branch, beside
from tasks.cycle.terms import Due, More, calendar_days, gate, overdue, working_days
from tasks.durable.process import Case
from tasks.durable.question import Question
from tasks.durable.signals import TimedOut
from tasks.logistics.sending import Parcel
from tasks.policies.queries import setting
from tasks.quotes.rules import Quote
from tasks.repair.queries import waiting_here
from tasks.repair.rules import wanted
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
    passed     what their list has told of them; out: they are with the repairer; misused: no warranty covers it
    quote      the last of so many quotes; lapsed: it was not answered in time
    plan       who repairs them by when, in so many attempts
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
    quote: Quote | None = None
    quotes: int = 0
    attempts: int = 0
    plan: PlannedLine | None = None
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

    def parcel(self, kept_by: str) -> Parcel:
        """Pack the goods that a step keeps, to leave by forms and slips of their own."""
        line, turn = self.line.model_copy(update={"quantity": self.quantity}), self.no + 1000 * self.parcels
        self.parcels += 1
        return Parcel(self.case, [line], self.barred, turn, kept_by)

    def put_back(self) -> None:
        """Book goods back from the repairer into the damaged warehouse that they came from."""
        if self.out:
            self.out = False
            came = self.booking(MovementKind.DAMAGED_IN, "damaged", self.here)
            book_goods(self.case, came, turn=f"{self.no}-back-{self.attempts}")


def list_due(goods: RepairGoods) -> Due:
    """Due every 15 days, or at once when an office has collected 3 m³ (S3 §3 1.5)."""

    def due(work: Work) -> Any:
        others = waiting_here(work)
        collected = goods.volume + sum(one.volume for one in others if one.case_id != goods.case_id)
        return work.now if collected >= setting(work, "rr.list.volume") else calendar_days("list")(work)

    return due


def travelling(way: Way) -> Branch[GoodsArrived | None]:
    """制作返件清单 → 确认物流信息 → 提货验货: a list takes the goods; None where none does within 30 days."""
    asked = way.question(
        "list", "待列返件清单", Role.SYSTEM, ListSent, list_due(way.goods), "制作返件清单",
        expires=calendar_days("list_expiry"), remind=overdue(Role.OFFICE),
    )  # fmt: skip
    try:
        yield asked
    except TimedOut:
        return None
    way.passed.add("list")
    return (yield from arriving(way))


def arriving(way: Way, turn: str = "") -> Branch[GoodsArrived]:
    """Wait until a list that was sent has told of the goods that they are on their way, and have arrived."""
    if "shipped" not in way.passed:
        due, link = working_days("shipping"), "确认物流信息"
        yield way.question(f"shipped{turn}", "待发运", Role.SYSTEM, GoodsShipped, due, link, remind=None)
        way.passed.add("shipped")
    due, link = working_days("arrival"), "提货验货"
    came: GoodsArrived = yield way.question(
        f"arrived{turn}", "待到货", Role.SYSTEM, GoodsArrived, due, link, remind=None
    )
    way.passed.add(ARRIVED)
    way.quantity = came.counted
    return came


def appraising(way: Way, came: GoodsArrived | None) -> Branch[Appraisal]:
    """提货验货 → 修正确认: the workshop appraises, the office confirms what differs; silence is consent."""

    def check(form: Appraisal, _work: Work) -> list[Problem]:
        pays = form.misuse == YesNo.YES or way.charged
        wants_fee = form.grade == Grade.REPAIRABLE and pays
        return [*wanted(form, "fee", wants_fee), *wanted(form, "photos", form.differs == YesNo.YES)]

    arrived = [f"实收 counted {came.counted:f} · {came.state.zh} {came.photos}"] if came else []
    role = Role.OFFICE if way.here else Role.WORKSHOP
    found: Appraisal = yield way.question(
        "appraise", "返件鉴定", role, Appraisal, "appraisal", "提货验货", arrived, check
    )
    as_listed = came is None or (came.state == GoodsState.AS_LISTED and came.counted == way.goods.quantity)
    counted_with_customer = way.case.request.owner == Owner.SENT_BY_CUSTOMER and not way.here
    if not as_listed or found.differs == YesNo.YES or counted_with_customer:
        found = yield from confirming_receipt(
            way, found, [*arrived, f"鉴定 {found.grade.zh} {found.photos} {found.note}"]
        )
    way.misused = found.misuse == YesNo.YES
    return found


def confirming_receipt(way: Way, found: Appraisal, brief: Sequence[str]) -> Branch[Appraisal]:
    """修正确认: the office confirms within 2 wd, a customer's parcel with the customer; an objection goes to QUALITY."""

    def check(form: ReceiptConfirmed, _work: Work) -> list[Problem]:
        return wanted(form, "reason", form.verdict == OfficeWord.OBJECT)

    term = working_days("confirm")
    try:
        said = yield way.question(
            "confirm", "修正确认", Role.OFFICE, ReceiptConfirmed, term, "修正确认", brief, check, expires=term
        )
    except TimedOut:
        return found
    if said.verdict == OfficeWord.CONFIRM:
        return found
    now = {"鉴定类别": found.grade.option, "使用不当": found.misuse.option}
    more = [*brief, f"办事处异议 objection: **{said.reason}**"]
    ruled = yield way.question(
        "objection", "异议裁定", Role.QUALITY, ArbitrationFound, "objection", "修正确认", more, prefill=now
    )
    if ruled.verdict == Arbitration.APPRAISAL:
        return found
    return found.model_copy(update={"grade": ruled.grade, "misuse": ruled.misuse})
