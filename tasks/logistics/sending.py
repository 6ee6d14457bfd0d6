"""出库 and 出库制票: freight rules, early release of urgent goods, slips (DOMAIN 1.9, 1.10)."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import count

from schemas.forms.logistics import FreightMethod, GoodsOut, ReleaseVerdict
from schemas.parts import Goods, PartsLine
from schemas.problems import Problem
from schemas.shapes import Shape, figure, listed
from schemas.words import DocumentKind, MovementKind, Role, Urgency
from tasks.approvals.steps import Matter, approving
from tasks.branches.beside import Branch, alone, beside, drop, side_by_side
from tasks.cycle.rules import Notice
from tasks.cycle.terms import Due, More, escalation, gate, working_days
from tasks.documents.contents import Content, goods_row, slip, to_office
from tasks.documents.steps import DocumentRef, issue
from tasks.durable.process import Case, answered_at
from tasks.durable.question import Question
from tasks.durable.signals import TimedOut
from tasks.durable.step import step
from tasks.lines.anomalies import goods_wait
from tasks.lines.rules import brief_lines, only_these
from tasks.lines.steps import mark_line
from tasks.logistics.collected import beyond_what_left, leave_here
from tasks.logistics.early import asking_release
from tasks.logistics.packing import packing, packing_problems
from tasks.logistics.queries import carriers, freight_limits, route_prices
from tasks.logistics.rules import FreightRuling, carrier_problems, freight_approval
from tasks.production.questions import count_question
from tasks.stock.moves import by_line, deliver_reserved, kept_for, receive
from tasks.unit.work import Work


class SentLine(Goods):
    """A line as it left the house."""

    @property
    def said(self) -> str:
        """The part, and how many."""
        return f"第{self.line_no}行 {self.part} ×{figure(self.quantity)}"


class Release(Shape):
    """Goods that left the stock, and the 出库单 that says so."""

    lines: list[SentLine]
    slip: DocumentRef
    turn: int
    day: date

    @property
    def said(self) -> str:
        """What left."""
        return listed([line.said for line in self.lines])

    @property
    def quantities(self) -> dict[int, Decimal]:
        """How much of each line left."""
        return {line.line_no: line.quantity for line in self.lines}


@dataclass
class Parcel:
    """Goods of a case that leave together.

    lines         what they are, with the quantities that are ready
    barred        who may approve nothing of the case any more; others may add to it meanwhile
    kept_by       the step that keeps them; None: all that is kept for the case
    may_go_first  a leader may still release them before the form
    released      what left, once it did; due: when the form is; method: how it travels, once the form says so
    """

    case: Case
    lines: Sequence[PartsLine]
    barred: set[str]
    turn: int
    kept_by: str | None = None
    may_go_first: bool = False
    released: Release | None = None
    due: str | Due = "goods_out"
    method: FreightMethod | None = None

    def waits(self, work: Work) -> list[Problem]:
        """Say for which lines it must wait, unless it has left: people have reported something of them."""
        return [] if self.released else goods_wait(work, [line.line_no for line in self.lines])

    def leave(self) -> Release:
        """Book the goods out, unless they have left."""
        if self.released is None:
            self.released = release_goods(self.case, list(self.lines), self.kept_by, turn=self.turn)
        return self.released

    def leave_before_the_form(self, key: str, staff: str) -> None:
        """Book out what `staff` released by the question `key`; the form is due from then on, whatever is refused."""
        self.barred.add(staff)
        self.due = working_days("release_form", answered_at(self.case, key))
        self.may_go_first = False
        self.leave()


def send_goods(case: Case, lines: Sequence[PartsLine], barred: Set[str], turn: int) -> Release:
    """出库 + 出库制票: `sending` as part of the process itself; urgent goods may go before the form."""
    case = side_by_side(case)
    parcel = Parcel(case, lines, set(barred), turn, may_go_first=case.request.urgency == Urgency.URGENT)
    return alone(case, sending(parcel))


def sending(parcel: Parcel) -> Branch[Release]:
    """出库 + 出库制票: the form, its freight approval, the slips."""
    case, refused, offer = parcel.case, "", None
    for attempt in count(1):
        turn = f"{parcel.turn}-{attempt}"
        if parcel.may_go_first:
            offer = beside(case, _go_first(parcel, f"release-{turn}"))
        try:
            form = yield goods_out_question(f"goods-out-{turn}", parcel, refused)
        finally:
            drop(case, offer)
        refused = yield from approving_freight(parcel, form, turn)
        if not refused:
            break
    parcel.method, released = form.method, parcel.leave()
    dispatch_goods(case, form, released, turn=parcel.turn)
    return released


def _go_first(parcel: Parcel, key: str) -> Branch[None]:
    said, answered = yield from asking_release(parcel.case, key, parcel.barred, parcel.lines)
    parcel.may_go_first = False
    if said.verdict == ReleaseVerdict.RELEASE:
        parcel.leave_before_the_form(answered, said.staff)


def approving_freight(parcel: Parcel, form: GoodsOut, turn: str) -> Branch[str]:
    """Ask for the freight's approval where the rules want one, the MANAGER where that stays silent; why it is refused."""
    ruling = judge_freight(parcel.case, form.method, form.freight, turn=turn)
    if ruling.role is None:
        return ""
    shown = f"{form.method.option} · {form.carrier} · **{form.freight:,.2f} CNY**"
    matter = Matter("出库", parcel.barred, lambda: [shown, ruling.reason], waits=parcel.waits)
    asked = partial(approving, parcel.case, title="运费审批", matter=matter, within="freight_approval")
    key = f"freight-{turn}"
    if ruling.role != Role.MANAGER:
        try:
            return (yield from asked(key=key, role=ruling.role, expires=working_days("freight_approval")))
        except TimedOut:
            key = f"{key}-late"
    return (yield from asked(key=key, role=Role.MANAGER))


def recalling(
    case: Case, left: Release, back: Mapping[int, Decimal], why: str, elsewhere: Mapping[int, Decimal] | None = None
) -> Branch[None]:
    """Call back so much of what left and is not `elsewhere`: until it is counted it is in nobody's stock (DOMAIN, "Stock")."""
    key, goods = f"recall-{left.turn}", {line.line_no: line for line in left.lines}
    back = {no: many for no, many in back.items() if many}
    question = count_question(key, back, goods, only_these(back), "退回清点", why)
    counted = yield replace(question, link="出库", due=working_days("recall"))
    came = {line.line_no: line.counted for line in counted.lines if line.counted}
    book_back(case, left, came, elsewhere or {}, turn=left.turn)


@step("退回入库", link="出库")
def book_back(
    work: Work, left: Release, came: dict[int, Decimal], elsewhere: Mapping[int, Decimal], turn: int
) -> DocumentRef | None:
    """Put what came back on stock with a red, negative 出库单; there is none where nothing came.

    What the office had collected of it leaves its warehouse.
    """
    back = [line.of(came[line.line_no]) for line in left.lines if line.line_no in came]
    if not back:
        return None
    red = _put_back(work, left, back)
    stood = {line.line_no: beyond_what_left(work, line) + elsewhere.get(line.line_no, 0) for line in back}
    leave_here(work, back, stood)
    return red


@step("红字冲销", link="出库")
def reverse_release(work: Work, released: Release) -> DocumentRef | None:
    """Put undelivered goods back on stock; what the office has, and what was called back, is not touched."""
    if work.recorded(f"confirm-receipt-{released.turn}") or work.recorded(f"book-back-{released.turn}"):
        return None
    return _put_back(work, released, released.lines)


def _put_back(work: Work, released: Release, back: Sequence[SentLine]) -> DocumentRef:
    for line in back:
        receive(work, line.line_no, line.part, line.quantity, MovementKind.DELIVERY_OUT)
    content = _outbound(work, [goods_row(line, quantity=str(-line.quantity)) for line in back], red=True)
    return issue(work, DocumentKind.OUTBOUND_SLIP, content, reverses=released.slip)


@step("出库·出库制票", undo=reverse_release, link="出库")
def release_goods(work: Work, lines: list[PartsLine], kept_by: str | None, turn: int) -> Release:
    """Book out what is kept for the case and issue the numbered 出库单; stock never falls below zero."""
    taken = deliver_reserved(work, MovementKind.DELIVERY_OUT, kept_by)
    gone, warehouse = by_line(taken), next((held.warehouse for held in taken), "")
    sent = [SentLine(**line.as_goods(gone[line.line_no])) for line in lines if line.line_no in gone]
    for line_no in (line.line_no for line in lines if line.line_no in gone):
        mark_line(work, line_no, out_on=work.today)
    rows = [goods_row(line) for line in sent]
    issued = issue(work, DocumentKind.OUTBOUND_SLIP, _outbound(work, rows, red=False, warehouse=warehouse))
    return Release(lines=sent, slip=issued, turn=turn, day=work.today)


def _outbound(work: Work, rows: Sequence[Content], red: bool, warehouse: str = "") -> Content:
    return slip(work, [MovementKind.DELIVERY_OUT], to_office(work), rows, red, warehouse)


@step("运费判定", link="出库")
def judge_freight(work: Work, method: FreightMethod, freight: Decimal, turn: str) -> FreightRuling:
    """Rule on the freight by the route's reference price."""
    return freight_approval(method, freight, work.read(route_prices).get(work.case.office), freight_limits(work))


@step("发货单·装箱单", link="出库制票")
def dispatch_goods(work: Work, form: GoodsOut, released: Release, turn: int) -> list[DocumentRef]:
    """Issue 发货单 and 装箱单: to whom, by which carrier, and what is in which package; the latter without freight."""
    goods = {line.line_no: line for line in released.lines}
    packed = sorted((package, no, quantity) for no, package, quantity in packing(form, released.quantities))
    rows = [goods_row(goods[no], quantity=str(quantity), package=package) for package, no, quantity in packed]
    how = {name: getattr(form, name) for name in ("carrier", "tracking", "packages", "remark")}
    note = {"case": work.case.number, **to_office(work), "method": form.method.option, **how}
    return [
        issue(work, DocumentKind.DISPATCH_NOTE, note | {"freight": str(form.freight), "lines": rows}),
        issue(work, DocumentKind.PACKING_LIST, note | {"lines": rows}),
    ]


def goods_out_question(key: str, parcel: Parcel, refused: str) -> Question[GoodsOut]:
    """Ask warehouse or logistics how the goods travel; when urgent, daily reminders follow the term (S3 §3 2.2)."""

    def brief() -> list[str]:
        return [*([f"运费未批 Freight was refused: **{refused}**"] if refused else []), *brief_lines(parcel.lines)]

    def check(form: GoodsOut, work: Work) -> list[Problem]:
        leaves = parcel.released.quantities if parcel.released else by_line(kept_for(work, parcel.kept_by))
        return parcel.waits(work) + carrier_problems(form, work.read(carriers)) + packing_problems(form, leaves)

    role, urgent = Role.WAREHOUSE, parcel.case.request.urgency == Urgency.URGENT
    remind = escalation(role, kind=Notice.DAILY if urgent else Notice.OVERDUE)
    more: More = {"also": Role.LOGISTICS, "remind": remind, "covers": only_these(line.line_no for line in parcel.lines)}
    return gate(key, "出库", role, GoodsOut, parcel.due, brief=brief, check=check, **more)
