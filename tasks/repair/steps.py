"""What a repair books and writes: goods in and out of warehouses, orders, reports, notes (DOMAIN 2; S3 §2, §8)."""

from decimal import Decimal
from typing import Any

from schemas.forms.applications import ApplicationLine, PartsApplication
from schemas.forms.repairs import Passed, RepairInspected, RepairLine, RepairReport
from schemas.parts import Goods, PartsLine, PlannedLine
from schemas.processes.repair_return import RepairEnding
from schemas.shapes import Shape
from schemas.tables import production_order, repair
from schemas.words import DocumentKind, MovementKind, OrderState
from tasks.applications.queries import BY_ORDER, catalogue
from tasks.applications.rules import part_problem
from tasks.documents.contents import Content, goods_row, slip
from tasks.documents.steps import DocumentRef, issue
from tasks.durable.opening import open_child
from tasks.durable.step import step
from tasks.lines.steps import close_lines, mark_line
from tasks.logistics.sending import Release
from tasks.people.queries import offices
from tasks.policies.queries import setting
from tasks.production.steps import ORDERED, cancel_production
from tasks.repair.queries import repairs_of
from tasks.repair.shapes import RepairGoods
from tasks.stock.moves import receive, release, reserve, take_out
from tasks.stock.queries import warehouses_of
from tasks.unit.work import Work

_COLLECTED: dict[str, Any] = {"kind": MovementKind.DAMAGED_IN, "stock": "damaged", "of_office": True}


class Booking(Shape):
    """So many goods that come into a warehouse, or leave it: good or damaged, the group's own or the office's."""

    goods: Goods
    quantity: Decimal
    kind: MovementKind
    stock: str
    of_office: bool

    @property
    def said(self) -> str:
        """Why they move, and how many."""
        return f"{self.kind.zh} {self.goods.name} ×{self.quantity:f}"


def _book(work: Work, booked: Booking, reverses: str | None = None) -> DocumentRef:
    """Move the stock and issue the slip that says so, a red one where it reverses another."""
    office = work.read(offices)[work.case.office]
    where = work.read(warehouses_of)[booked.stock, office.code if booked.of_office else None]
    goods, quantity = booked.goods, booked.quantity * (-1 if reverses else 1)
    comes_in = not booked.kind.endswith("_out")
    if comes_in:
        receive(work, goods.line_no, goods.part, quantity, booked.kind, where)
    else:
        take_out(work, goods.line_no, goods.part, quantity, booked.kind, where)
    party = {"supplier" if comes_in else "receiver": f"{office.name} {office.code}"}
    rows = [goods_row(goods, quantity=str(quantity))]
    kind = DocumentKind.INBOUND_SLIP if comes_in else DocumentKind.OUTBOUND_SLIP
    return issue(work, kind, slip(work, [booked.kind], party, rows, bool(reverses), where), reverses)


@step("登记进出", link="")
def book(work: Work, booked: Booking, turn: str) -> Booking:
    """Book goods of the case in or out, with their slip."""
    _book(work, booked)
    return booked


@step("退还返修件", link="审核修正")
def give_back_goods(work: Work, goods: RepairGoods) -> DocumentRef | None:
    """Take goods that never left the office out of its books again, with a red slip."""
    if work.recorded(f"list-{goods.line_no}") or work.recorded(f"record-outcome-{goods.line_no}"):
        return None
    return _book(work, Booking(goods=goods, **_COLLECTED, quantity=goods.quantity), goods.slip)


@step("收存返修件", link="审核修正", undo=give_back_goods)
def collect_goods(work: Work, line: PartsLine, applied: RepairLine, cause: str, turn: int) -> RepairGoods:
    """Book what an office took back from a customer into its damaged warehouse, apart until a list takes it (S3 §2)."""
    case = work.case
    own = {name: getattr(applied, name) for name in ("old_no", "new_no", "replaced_by", "replaced_on", "volume")}
    order = {"case_id": case.id, "number": case.number, "office": case.office, "order_no": case.order_no}
    goods = RepairGoods(**line.as_goods(), **own, **order, model=case.model, cause=cause or applied.cause)
    booked = Booking(goods=goods, **_COLLECTED, quantity=goods.quantity)
    return goods.model_copy(update={"slip": _book(work, booked)})


@step("返修次数", link="提货验货")
def count_repairs(work: Work, goods: RepairGoods, turn: int) -> int:
    """Count the completed repairs of the same goods."""
    earlier = work.unit.read_by(repairs_of, BY_ORDER, work.case) or ()
    done = [one for one in earlier if one.outcome == RepairEnding.REPAIRED]
    return sum(goods.is_same_as(one.part, one.old_no) for one in done)


class Limits(Shape):
    """How often goods are repaired, how often inspections may fail, and the units that plans of places suggest."""

    too_often: int
    inspections: int
    outside_unit: str
    paint_room: str


@step("返修限次", link="审核修正")
def repair_limits(work: Work) -> Limits:
    """Look up the limits by the case's policy."""
    return Limits(**{name: setting(work, f"rr.{name}") for name in Limits.model_fields})


@step("下达维修", link="车间维修", undo=cancel_production)
def begin_repair(work: Work, plan: PlannedLine, booked: Booking, turn: int) -> list[int]:
    """Place the repair with its unit: process 4's clock runs; the goods leave the damaged warehouse."""
    named = {name: getattr(plan, name) for name in ORDERED}
    work.insert(production_order, **named, turn=turn, placed_at=work.now)
    _book(work, booked)
    return [plan.line_no]


@step("返品反馈单", link="修正确认")
def issue_quote(work: Work, goods: RepairGoods, fee: Decimal, finding: str, turn: str) -> DocumentRef:
    """Issue the 返回品信息反馈单: details and fee, for the customer's signature under 同意维修."""
    row = goods_row(goods, price=str(fee), reason=finding)
    return issue(work, DocumentKind.QUOTE, _to_customer(work) | {"remark": "同意维修 □", "lines": [row]})


@step("收费单", link="修正确认")
def issue_fee_note(work: Work, goods: RepairGoods, fee: Decimal, signed: str, turn: str) -> DocumentRef:
    """Issue the 修理收费单, once the quote came back signed (S3 §8 5.1.1.1)."""
    row = goods_row(goods, price=str(fee), reason=f"签回单 {signed}")
    return issue(work, DocumentKind.FEE_NOTE, _to_customer(work) | {"lines": [row]})


@step("检验记录", link="车间维修")
def record_inspection(
    work: Work, goods: RepairGoods, report: RepairReport, found: RepairInspected, turn: str
) -> list[DocumentRef]:
    """Issue the 检验报告; of a repair that passed the 维修服务报告 too: fault, cause, work, parts, fee, result."""
    tested = goods_row(goods, reason=f"{found.verdict.zh} {found.tests} {found.reason}")
    issued = [issue(work, DocumentKind.INSPECTION, {"case": work.case.number, "lines": [tested]})]
    if found.verdict == Passed.PASS:
        done = goods_row(goods, price=str(report.fee), reason=f"{goods.cause} · {report.work} {report.used}")
        issued.append(issue(work, DocumentKind.SERVICE_REPORT, _to_customer(work) | {"lines": [done]}))
        mark_line(work, goods.line_no, made_on=work.today)
        _order(work, goods.line_no, made_on=work.today)
    return issued


@step("漆房入库", link="入库制票")
def finish_here(work: Work, booked: Booking, turn: int) -> Booking:
    """Book what the office's own paint room repaired into the office's good warehouse."""
    _book(work, booked)
    no = booked.goods.line_no
    mark_line(work, no, in_on=work.today)
    _order(work, no, in_on=work.today, state=OrderState.DONE)
    return booked


def _order(work: Work, no: int, **values: object) -> None:
    key = {"case_id": work.case.id, "line_no": no, "turn": no}
    work.update(production_order, key, **values)


@step("释放未修件", link="出库")
def release_unrepaired(work: Work, kept_by: str, turn: str) -> None:
    """Let go of goods that were to go back unrepaired."""
    release(work, kept_by=kept_by)


@step("备发未修件", link="出库")
def hold_unrepaired(work: Work, goods: RepairGoods, quantity: Decimal, turn: str) -> str:
    """Keep goods of the group's damaged warehouse for their way back; gives the step that keeps them."""
    reserve(work, goods.line_no, goods.part, quantity, work.read(warehouses_of)["damaged", None])
    return work.key


@step("返修品出库单", link="出库制票")
def issue_repair_outbound(work: Work, sent: Release, method: str, turn: int) -> DocumentRef:
    """Issue the 返修品出库单: time, customer, quantity, how it is sent."""
    rows = [goods_row(line) for line in sent.lines]
    return issue(work, DocumentKind.REPAIR_OUTBOUND, _to_customer(work) | {"method": method, "lines": rows})


@step("返修结果", link="")
def record_outcome(work: Work, goods: RepairGoods, quantity: Decimal, outcome: RepairEnding, turn: int) -> str:
    """Keep how a line ended, by which later repairs of the same goods are judged; it is open no longer."""
    if quantity:
        kept = {name: getattr(goods, name) for name in ("line_no", "part", "order_no", "old_no", "cause")}
        work.insert(repair, **kept, quantity=quantity, outcome=outcome, done_at=work.now)
    mark_line(work, goods.line_no, open=False)
    still_open = {"case_id": work.case.id, "line_no": goods.line_no, "state": OrderState.OPEN.value}
    work.update(production_order, still_open, state=OrderState.CANCELLED)
    return outcome.zh


@step("补订新件", link="")
def order_new(work: Work, line: PartsLine, quantity: Decimal, turn: str) -> int | None:
    """Open a linked parts application for goods that will not come back; None where there is no such part any more."""
    case = work.case
    if part_problem(work.read(catalogue), line.part, work.today, 0):
        return None
    wanted = ApplicationLine(part=line.part, quantity=quantity, reason=line.reason, specification=line.specification)
    names = ("customer_name", "customer_phone", "customer_address")
    form = PartsApplication(
        office=case.office, applicant=case.applicant, order_no=case.order_no, urgency=case.urgency, lines=[wanted],
        remark=f"{case.number}", **{name: getattr(case, name) for name in names},
    )  # fmt: skip
    return open_child(work, "PA", form, f"new-{turn}")


@step("撤回返修", link="车间维修")
def take_repair_back(work: Work) -> None:
    """Note that the case was taken back: what is not at its office is returned there unrepaired."""
    close_lines(work)


def _to_customer(work: Work) -> Content:
    case = work.case
    customer = " ".join(filter(None, [case.customer_name, case.customer_phone, case.customer_address]))
    return {"case": case.number, "order": case.order_no, "model": case.model, "customer": customer}
