"""What a repair books and writes: goods in and out of warehouses, orders, reports, notes (DOMAIN 2; S3 §2, §8)."""

from decimal import Decimal

from schemas.forms.applications import ApplicationLine, PartsApplication
from schemas.forms.repairs import RepairLine, RepairReport
from schemas.parts import Goods, PartsLine
from schemas.processes.repair_return import RepairEnding
from schemas.shapes import Shape
from schemas.tables import production_order, repair
from schemas.words import DocumentKind, FeeCategory, MovementKind, OrderState
from tasks.applications.queries import catalogue
from tasks.applications.rules import part_problem
from tasks.documents.contents import goods_row, to_customer
from tasks.documents.steps import DocumentRef, issue
from tasks.durable.opening import open_child
from tasks.durable.step import step
from tasks.lines.steps import close_lines, mark_line
from tasks.logistics.sending import Release
from tasks.policies.queries import setting
from tasks.quotes.rules import Quote
from tasks.quotes.steps import quote_today
from tasks.repair.queries import piece_of, repairs_of
from tasks.repair.rules import same_piece
from tasks.repair.shapes import RepairGoods
from tasks.stock.booking import book
from tasks.stock.moves import release, reserve
from tasks.stock.queries import warehouses_of
from tasks.unit.work import Work

TO_TICK = {"consent": "□ 同意维修　□ 不同意维修", "handling": "□ 需维修　□ 返回"}


class Booking(Shape):
    """So many goods that come into a warehouse, or leave it: good or damaged, the group's own or the office's."""

    goods: Goods
    kind: MovementKind
    stock: str
    of_office: bool

    @property
    def said(self) -> str:
        """Why they move, and how many."""
        return f"{self.kind.zh} {self.goods.name} ×{self.goods.quantity:f}"


@step("登记进出", link="")
def book_goods(work: Work, booked: Booking, turn: str) -> Booking:
    """Book goods of the case in or out, with their slip."""
    where = work.read(warehouses_of)[booked.stock, work.case.office if booked.of_office else None]
    book(work, booked.kind, [booked.goods], where)
    return booked


@step("退还返修件", link="审核修正")
def give_back_goods(work: Work, goods: RepairGoods) -> DocumentRef | None:
    """Take goods that never left the office out of its books again, with a red slip."""
    here = work.read(warehouses_of)["damaged", work.case.office]
    left = work.recorded(f"list-{goods.line_no}") or work.recorded(f"record-outcome-{goods.line_no}")
    return None if left or goods.warehouse != here else book(work, MovementKind.DAMAGED_IN, [goods], here, goods.slip)


@step("收存返修件", link="审核修正", undo=give_back_goods)
def collect_goods(
    work: Work, line: PartsLine, applied: RepairLine, cause: str, in_house: bool, turn: int
) -> RepairGoods:
    """Book what is to be repaired into the office's damaged warehouse, apart until a list takes it (S3 §2).

    `in_house`: it never left the house, and stands in the group's.
    """
    case, where = work.case, work.read(warehouses_of)["damaged", None if in_house else work.case.office]
    own = {name: getattr(applied, name) for name in ("old_no", "new_no", "replaced_by", "replaced_on", "volume")}
    order = {"case_id": case.id, "number": case.number, "office": case.office, "order_no": case.order_no}
    about = {"model": case.model, "cause": cause or applied.cause, "warehouse": where}
    goods = RepairGoods(**line.as_goods(), **own, **order, **about)
    return goods.model_copy(update={"slip": book(work, MovementKind.DAMAGED_IN, [goods], where)})


@step("返修次数", link="提货验货")
def repaired_too_often(work: Work, goods: RepairGoods, turn: int) -> bool:
    """Say whether the same goods were repaired as often as they may be (S3 §2 3.3)."""
    earlier, piece = work.unit.read_by(repairs_of, piece_of, goods) or (), (goods.order_no, goods.part, goods.old_no)
    done = [one for one in earlier if one.outcome == RepairEnding.REPAIRED and same_piece(one, *piece)]
    return bool(len(done) >= setting(work, "rr.too_often"))


class Limits(Shape):
    """How often inspections may fail, and the units that plans of places suggest."""

    inspections: int
    outside_unit: str
    paint_room: str


@step("返修限次", link="审核修正")
def repair_limits(work: Work) -> Limits:
    """Look up the limits by the case's policy."""
    return Limits(**{name: setting(work, f"rr.{name}") for name in Limits.model_fields})


@step("返品反馈单", link="修正确认")
def offer_repair(work: Work, goods: RepairGoods, fee: Decimal, finding: str, turn: str) -> Quote:
    """Quote the fee by a 返回品信息反馈单, for the customer's signature under 同意维修."""
    quote, row = quote_today(work, fee), goods_row(goods, cause=goods.cause, finding=finding, fee=str(fee))
    offer = {"valid_until": str(quote.valid_until)} | TO_TICK
    issue(work, DocumentKind.QUOTE, to_customer(work) | offer | {"lines": [row]})
    return quote


@step("收费单", link="修正确认")
def issue_fee_note(work: Work, goods: RepairGoods, fee: Decimal, why: str, turn: str) -> DocumentRef:
    """Issue the 修理收费单: once the quote came back signed (S3 §8 5.1.1.1), again where the repair cost less."""
    row = goods_row(goods, fee=str(fee), reason=why)
    return issue(work, DocumentKind.FEE_NOTE, to_customer(work) | {"lines": [row]})


@step("维修服务报告", link="车间维修")
def report_repair(
    work: Work, goods: RepairGoods, why: str, report: RepairReport, charged: bool, turn: str
) -> DocumentRef:
    """Issue the 维修服务报告: fault, cause, work, parts, fee as the customer pays it, result."""
    said = {"work": report.work, "materials": report.used, "result": report.result.zh}
    fee = str(report.fee) if charged else FeeCategory.FREE.zh
    done = goods_row(goods, cause=goods.cause, reason=why, fee=fee, **said)
    return issue(work, DocumentKind.SERVICE_REPORT, to_customer(work) | {"lines": [done]})


@step("漆房入库", link="入库制票")
def finish_here(work: Work, goods: Goods, turn: int) -> DocumentRef:
    """Book what the office's own paint room repaired into the office's good warehouse."""
    mark_line(work, goods.line_no, in_on=work.today)
    key = {"case_id": work.case.id, "line_no": goods.line_no, "turn": turn}
    work.update(production_order, key, in_on=work.today)
    return book(work, MovementKind.REPAIRED_IN, [goods], work.read(warehouses_of)["good", work.case.office])


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
    return issue(work, DocumentKind.REPAIR_OUTBOUND, to_customer(work) | {"method": method, "lines": rows})


@step("返修结果", link="")
def record_outcome(work: Work, goods: RepairGoods, quantity: Decimal, outcome: RepairEnding, turn: int) -> str:
    """Keep how a line ended, by which later repairs of the same goods are judged; it is open no longer."""
    if quantity:
        kept = {name: getattr(goods, name) for name in ("line_no", "part", "order_no", "old_no", "cause")}
        work.insert(repair, **kept, quantity=quantity, outcome=outcome, done_at=work.now)
    mark_line(work, goods.line_no, open=False)
    _end_order(work, goods.line_no)
    return outcome.zh


@step("换单位维修", link="车间维修")
def end_repair_order(work: Work, line_no: int, turn: int) -> None:
    """End the order of a unit whose repairs failed: another one is to repair the goods, by a promise of its own."""
    _end_order(work, line_no)


def _end_order(work: Work, line_no: int) -> None:
    still_open = {"case_id": work.case.id, "line_no": line_no, "state": OrderState.OPEN.value}
    work.update(production_order, still_open, state=OrderState.CANCELLED)


@step("补订新件", link="")
def order_new(work: Work, line: PartsLine, quantity: Decimal, why: str, turn: str) -> int | None:
    """Open a linked parts application for goods that will not come back; None where there is no such part any more."""
    case = work.case
    if part_problem(work.read(catalogue), line.part, work.today, 0):
        return None
    wanted = ApplicationLine(part=line.part, quantity=quantity, reason=line.reason, specification=line.specification)
    names = ("customer_name", "customer_phone", "customer_address")
    form = PartsApplication(
        office=case.office, applicant=case.applicant, order_no=case.order_no, urgency=case.urgency, lines=[wanted],
        remark=f"{case.number} {why}".strip(), **{name: getattr(case, name) for name in names},
    )  # fmt: skip
    return open_child(work, "PA", form, f"new-{turn}")


@step("撤回返修", link="车间维修")
def take_repair_back(work: Work) -> None:
    """Note that the case was taken back: what is not at its office is returned there unrepaired."""
    close_lines(work)
