"""车间生产, 出货入库, 入库制票: partial reports, counted receipts, anomalies (DOMAIN 1.6–1.8)."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import count
from typing import Any

from schemas.forms.anomalies import AnomalyVerdict
from schemas.forms.production import CountLine, GoodsInCount, ProductionReport, ReportLine
from schemas.parts import OrderProgress, PlannedLine, Settled
from schemas.problems import Problem
from schemas.tables import production_order
from schemas.words import DocumentKind, MovementKind, OrderState, Role, Supply
from tasks.anomalies.steps import ClosedByAnomaly, decide_anomaly
from tasks.branches.beside import Branch, beside, next_answer, side_by_side
from tasks.cycle.queries import calendar
from tasks.cycle.rules import promised_date
from tasks.cycle.terms import More, Promise, gate, production_due, production_watch
from tasks.documents.contents import goods_row, slip
from tasks.documents.steps import DocumentRef, issue
from tasks.durable.process import Case
from tasks.durable.question import Question
from tasks.durable.step import step
from tasks.lines.rules import as_rows, only_these
from tasks.lines.steps import mark_line
from tasks.production.planning import release_stock
from tasks.production.queries import units
from tasks.production.rules import Making, Received, count_problems, report_problems
from tasks.stock.moves import receive, reserve
from tasks.unit.work import Work

ORDERED = ("line_no", "unit", "supply", "part", "quantity", "promised", "planned")


Ready = Callable[[Mapping[int, Decimal], str], None]  # line → quantity, and the step that keeps it


def make_goods(case: Case, plan: Sequence[PlannedLine], shipment: int) -> Decimal | None:
    """Make and receive the planned lines until nothing is owed; gives how much came in, None to close the case."""
    try:
        return produce(side_by_side(case), plan, shipment, lambda _quantities, _kept_by: None)
    except ClosedByAnomaly:
        return None


def produce(case: Case, plan: Sequence[PlannedLine], shipment: int, ready: Ready) -> Decimal:
    """Make and receive the planned lines of a case that is `side_by_side`; `ready` hears of each receipt.

    Reports, counts and anomalies are open side by side: a unit may report again while goods are counted. Raises
    ClosedByAnomaly where an anomaly closes the case.
    """
    making = Making(plan)
    if plan:
        place_production_orders(case, list(plan), turn=shipment)
    for number in count(1):
        questions = making_questions(making, shipment)
        if not (questions or making.anomalies):
            break
        if answered := next_answer(case, *questions):
            (question, answer), turn, known = answered, f"{shipment}-{number}", set(making.anomalies)
            if isinstance(answer, ProductionReport):
                _report(case, making, str(question.unit), answer, shipment, turn)
            else:
                ready(_count(case, making, question.key, answer, shipment, turn), f"book-goods-in-{turn}")
            _settle_new(case, making, known, shipment)
    return making.came_in


def _report(case: Case, making: Making, unit: str, report: ProductionReport, shipment: int, turn: str) -> None:
    made = making.report(unit, report.lines, turn)
    orders = [making.orders[line.line_no] for line in report.lines]
    first = [no for no in made if not making.plan[no].remake]
    record_production(case, orders, made, first, shipment, turn=turn)


def _count(case: Case, making: Making, key: str, counted: GoodsInCount, shipment: int, turn: str) -> dict[int, Decimal]:
    """Take a count; gives what is kept of it for the case."""
    received = making.count(key, counted.lines, turn)
    orders = [making.orders[line.planned.line_no] for line in received]
    book_goods_in(case, received, orders, shipment, turn=turn)
    return {line.planned.line_no: line.kept for line in received if line.kept}


def _settle_new(case: Case, making: Making, known: set[str], shipment: int) -> None:
    """Let each anomaly that has come up go on as a branch of its own."""
    for key in [key for key in making.anomalies if key not in known]:
        beside(case, _settle(case, making, key, shipment))


def _settle(case: Case, making: Making, key: str, shipment: int) -> Branch[None]:
    found = making.anomalies[key]
    verdict = yield from decide_anomaly(case, key, found, making.plan[found.line_no], "车间生产")
    order, planned = making.settle(key, verdict), making.plan[found.line_no]
    settled = settle_anomaly(case, order, planned, verdict, shipment, turn=key.removeprefix("anomaly-"))
    if settled.promised:
        making.promise(found.line_no, settled.since, settled.promised)


@step("取消生产单", link="车间生产")
def cancel_production(work: Work, _placed: list[int]) -> bool:
    """Cancel the case's production orders that are still open."""
    key = {"case_id": work.case.id, "state": OrderState.OPEN.value}
    work.update(production_order, key, state=OrderState.CANCELLED)
    return True


@step("下达生产", link="车间生产", undo=cancel_production)
def place_production_orders(work: Work, plan: list[PlannedLine], turn: int) -> list[int]:
    """Place one production order a line with the assigned unit."""
    for line in plan:
        named = {name: getattr(line, name) for name in ORDERED}
        work.insert(production_order, **named, turn=turn, placed_at=work.now)
    return [line.line_no for line in plan]


@step("车间生产")
def record_production(
    work: Work, orders: list[OrderProgress], made: list[int], first: list[int], shipment: int, turn: str
) -> list[OrderProgress]:
    """Record what the workshop has made and scrapped so far.

    `made` are the lines of which it made some now, `first` those that are not made again: a line keeps its first dates.
    """
    _keep(work, orders, shipment)
    for line_no in made:
        work.update(production_order, _order(work, line_no, shipment), made_on=work.today)
    for line_no in first:
        mark_line(work, line_no, made_on=work.today)
    return orders


@step("异常处理意见", link="车间生产")
def settle_anomaly(
    work: Work, order: OrderProgress, planned: PlannedLine, verdict: AnomalyVerdict, shipment: int, turn: str
) -> Settled:
    """Carry out the decision on an anomaly: make again by a promise of its own, or owe so much less."""
    _keep(work, [order], shipment)
    again = verdict == AnomalyVerdict.REMAKE
    promised = promised_date(calendar(work), work.now, planned.days) if again else None
    return Settled(verdict=verdict, since=work.today, promised=promised)


def _keep(work: Work, orders: Sequence[OrderProgress], shipment: int) -> None:
    for order in orders:
        state = OrderState.DONE if order.made >= order.quantity else OrderState.OPEN
        key = _order(work, order.line_no, shipment)
        figures = {"quantity": order.quantity, "made": order.made, "scrapped": order.scrapped}
        work.update(production_order, key, state=OrderState.CANCELLED if order.cancelled else state, **figures)


def _order(work: Work, line_no: int, shipment: int) -> dict[str, object]:
    return {"case_id": work.case.id, "line_no": line_no, "turn": shipment}


@step("出货入库·入库制票", link="入库制票", undo=release_stock)
def book_goods_in(
    work: Work, received: list[Received], orders: list[OrderProgress], shipment: int, turn: str
) -> DocumentRef | None:
    """Book what was counted into stock, keep it for the case, and issue the numbered 入库单, one a receipt.

    None where nothing was there to book: a count of zero issues no slip.
    """
    rows, kinds, suppliers = [], dict[MovementKind, None](), dict[str, None]()
    _keep(work, orders, shipment)
    for one in received:
        line, reported, counted, reason = one
        if counted == 0:
            continue
        kind = MovementKind.PURCHASE_IN if line.supply == Supply.PURCHASE else MovementKind.PRODUCTION_IN
        receive(work, line.line_no, line.part, counted, kind)
        reserve(work, line.line_no, line.part, one.kept)
        work.update(production_order, _order(work, line.line_no, shipment), in_on=work.today)
        if not line.remake:
            mark_line(work, line.line_no, in_on=work.today)
        kinds[kind] = suppliers[f"{work.read(units)[line.unit].name} {line.unit}"] = None
        rows.append(goods_row(line, quantity=str(counted), reported=str(reported), reason=reason))
    if not rows:
        return None
    return issue(
        work, DocumentKind.INBOUND_SLIP, slip(work, kinds, {"supplier": "、".join(suppliers)}, rows, red=False)
    )


def making_questions(making: Making, shipment: int) -> list[Question[Any]]:
    """Ask for all that is not there yet: reports of the units, counts of what they made."""
    return [
        *(report_question(unit, making, shipment) for unit in making.units()),
        *(count_question(key, made, making.plan) for key, made in making.counts.items()),
    ]


def report_question(unit: str, making: Making, shipment: int) -> Question[ProductionReport]:
    """Ask a unit for its report, due by the promised date of its first line."""
    left = making.lines_of(unit)
    key = f"produce-{shipment}-{unit.lower()}-{making.reports[unit] + 1}"

    def check(form: ProductionReport, _work: Work) -> list[Problem]:
        return report_problems(form.lines, left)

    def brief() -> list[str]:
        planned = [(no, making.plan[no], quantity) for no, quantity in left.items()]
        return [f"{no}. {line.name} × {quantity:f} · 承诺 {line.promised}" for no, line, quantity in planned]

    def prefill() -> dict[str, Any]:
        return as_rows(ReportLine(line_no=no, made=quantity) for no, quantity in left.items())

    lines = [making.plan[no] for no in left]
    promises = [Promise(f"produce-{shipment}-{unit.lower()}-{one.promised}", one.since, one.days) for one in lines]
    due = production_due(promises)
    more: More = {"unit": unit, "remind": production_watch(promises), "covers": only_these(left)}
    return gate(key, "车间生产", Role.WORKSHOP, ProductionReport, due, "", brief, prefill, check, **more)


def count_question(key: str, made: Mapping[int, Decimal], plan: Mapping[int, PlannedLine]) -> Question[GoodsInCount]:
    """Ask the warehouse to count before anything is booked."""

    def check(form: GoodsInCount, _work: Work) -> list[Problem]:
        return count_problems(form.lines, made)

    def brief() -> list[str]:
        return [f"{no}. {plan[no].name}: 报 reported {quantity:f}" for no, quantity in made.items()]

    def prefill() -> dict[str, Any]:
        return as_rows(CountLine(line_no=no, counted=quantity) for no, quantity in made.items())

    covers = only_these(made)
    return gate(key, "出货入库", Role.WAREHOUSE, GoodsInCount, "goods_in", "", brief, prefill, check, covers=covers)
