"""车间生产, 出货入库, 入库制票: partial reports, counted receipts, anomalies (DOMAIN 1.6–1.8)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from schemas.forms.production import GoodsInCount, ProductionReport
from schemas.parts import OrderProgress, Outcome, PlannedLine
from schemas.tables import production_order
from schemas.words import DocumentKind, MovementKind, OrderState, Supply
from tasks.branches.beside import Branch, beside, drop_all, next_answer, side_by_side
from tasks.cycle.rules import shanghai_day
from tasks.documents.contents import goods_row, slip
from tasks.documents.steps import DocumentRef, issue
from tasks.durable.process import Case, answered_at, ask_first
from tasks.durable.question import Question
from tasks.durable.signals import Withdrawn
from tasks.durable.step import step
from tasks.lines.anomalies import heed, settling
from tasks.lines.rules import GivenUp
from tasks.lines.steps import close_lines, mark_line
from tasks.people.queries import units
from tasks.production.planning import release_stock
from tasks.production.questions import count_questions, making_questions
from tasks.production.rules import Making, Received
from tasks.stock.moves import receive, reserve
from tasks.unit.work import Work

ORDERED = ("line_no", "unit", "supply", "part", "quantity", "since", "days", "promised", "planned")


Ready = Callable[[Mapping[int, Decimal], str], None]  # line → quantity, and the step that keeps it


def make_goods(case: Case, plan: Sequence[PlannedLine], shipment: int) -> Decimal:
    """Make and receive the planned lines until nothing is owed; gives how much came in."""
    return produce(side_by_side(case), plan, shipment, lambda _quantities, _kept_by: None, GivenUp()).came_in


def produce(case: Case, plan: Sequence[PlannedLine], shipment: int, ready: Ready, given_up: GivenUp) -> Making:
    """Make and receive the planned lines of a case that is `side_by_side`; `ready` hears of each receipt.

    What is `given_up` of a line meanwhile is made no more, and taken off that.
    Reports, counts and anomalies are open side by side: a unit may report again while goods are counted. A withdrawal
    waits for the count of what was made.
    """
    making = Making(plan)
    if plan:
        place_production_orders(case, list(plan), turn=shipment)
    try:
        _make(case, making, shipment, ready, given_up)
    except Withdrawn as taken_back:
        why = f"已撤回 withdrawn：{taken_back.reason} ({taken_back.by})"
        _count_what_is_left(case, making, shipment, "已撤回·待清点", why)
        raise
    return making


def _make(case: Case, making: Making, shipment: int, ready: Ready, given_up: GivenUp) -> None:
    for number in count(1):
        for no in [no for no, left in sorted(making.to_make.items()) if left and given_up[no]]:
            less = sum(given_up.take(no, making.to_make[no]).values(), Decimal(0))
            making.reports[making.plan[no].unit] += 1  # the unit is asked anew
            make_fewer(case, making.give_up(no, less), shipment, turn=f"{shipment}-{number}-{no}")
        questions = making_questions(making, shipment)
        if not (questions or making.anomalies):
            break
        if answered := next_answer(case, *questions):
            (question, answer), turn, known = answered, f"{shipment}-{number}", set(making.anomalies)
            if isinstance(answer, ProductionReport):
                _report(case, making, question, answer, shipment, turn)
            else:
                ready(_count(case, making, question.key, answer, shipment, turn), f"book-goods-in-{turn}")
            _settle_new(case, making, known, shipment, given_up)


def _report(
    case: Case, making: Making, question: Question[Any], report: ProductionReport, shipment: int, turn: str
) -> None:
    made = making.report(str(question.unit), report.lines, turn, report.staff)
    orders = [making.orders[line.line_no] for line in report.lines]
    on = shanghai_day(answered_at(case, question.key))
    record_production(case, orders, made, on, shipment, turn=turn)


def _count(case: Case, making: Making, key: str, counted: GoodsInCount, shipment: int, turn: str) -> dict[int, Decimal]:
    """Take a count; gives what is kept of it for the case."""
    received = making.count(key, counted.lines, turn, counted.staff)
    orders = [making.orders[line.planned.line_no] for line in received]
    book_goods_in(case, received, orders, shipment, turn=turn)
    return {line.planned.line_no: line.kept for line in received if line.kept}


def _count_what_is_left(case: Case, making: Making, shipment: int, title: str, why: str) -> None:
    """Have counted what was made before the case was stopped: it becomes free stock; nothing else is asked any more."""
    if not making.counts:
        return
    drop_all(case)
    making.stop()
    cancel_production(case, [])
    release_stock(case, [])
    while making.counts:
        question, counted = ask_first(case, *count_questions(making, title, why))
        _count(case, making, question.key, counted, shipment, question.key.removeprefix("goods-in-"))


def _settle_new(case: Case, making: Making, known: set[str], shipment: int, given_up: GivenUp) -> None:
    """Let each anomaly that has come up go on as a branch of its own."""
    for key in [key for key in making.anomalies if key not in known]:
        beside(case, _settle(case, making, key, shipment, given_up))


def _settle(case: Case, making: Making, key: str, shipment: int, given_up: GivenUp) -> Branch[None]:
    found = making.anomalies[key]
    outcome = yield from settling(case, key, found, "车间生产")
    order = making.settle(key, outcome.given_up)
    if outcome.given_up:  # pieces that were made are not needed either
        given_up.add(outcome, outcome.quantity - found.missing)
    making.cheaper += outcome.reduction
    if outcome.again:
        making.ordered_again[order.line_no] += outcome.quantity
    settle_anomaly(case, order, outcome, shipment, turn=key.removeprefix("anomaly-"))


@step("取消生产单", link="车间生产")
def cancel_production(work: Work, _placed: list[int]) -> bool:
    """Cancel the case's production orders that are still open; its lines are open no longer, whatever is still counted."""
    key = {"case_id": work.case.id, "state": OrderState.OPEN.value}
    work.update(production_order, key, state=OrderState.CANCELLED)
    close_lines(work)
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
    work: Work, orders: list[OrderProgress], made: list[int], on: date, shipment: int, turn: str
) -> list[OrderProgress]:
    """Record what the workshop has made and scrapped so far.

    `made` are the lines of which it made some by its report of the day `on`, whenever a machine gets to that.
    """
    _keep(work, orders, shipment)
    for line_no in made:
        work.update(production_order, _order(work, line_no, shipment), made_on=on)
        mark_line(work, line_no, made_on=on)
    return orders


@step("异常处理结果", link="车间生产")
def settle_anomaly(work: Work, order: OrderProgress, outcome: Outcome, shipment: int, turn: str) -> Outcome:
    """Carry out what came of an anomaly: make on, by a new date perhaps, or owe so much less."""
    _keep(work, [order], shipment)
    heed(work, outcome)
    return outcome


@step("减少生产", link="车间生产")
def make_fewer(work: Work, order: OrderProgress, shipment: int, turn: str) -> OrderProgress:
    """Make fewer of a line: it was ordered again, or is not needed."""
    _keep(work, [order], shipment)
    return order


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
    work: Work, received: list[Received], orders: list[OrderProgress], shipment: int, turn: str, repaired: bool = False
) -> DocumentRef | None:
    """Book what was counted into stock, keep what the case is to have, and issue the numbered 入库单, one a receipt.

    None where nothing was there to book: a count of zero issues no slip.
    """
    rows, kinds, suppliers = [], dict[MovementKind, None](), dict[str, None]()
    _keep(work, orders, shipment)
    for one in received:
        line, reported, counted, reason, kept = one
        if counted == 0:
            continue
        made = MovementKind.PURCHASE_IN if line.supply == Supply.PURCHASE else MovementKind.PRODUCTION_IN
        kind = MovementKind.REPAIRED_IN if repaired else made
        receive(work, line.line_no, line.part, counted, kind)
        if kept:
            reserve(work, line.line_no, line.part, kept)
        work.update(production_order, _order(work, line.line_no, shipment), in_on=work.today)
        mark_line(work, line.line_no, in_on=work.today)
        kinds[kind] = suppliers[f"{work.read(units)[line.unit].name} {line.unit}"] = None
        rows.append(goods_row(line, quantity=str(counted), reported=str(reported), reason=reason))
    if not rows:
        return None
    return issue(
        work, DocumentKind.INBOUND_SLIP, slip(work, kinds, {"supplier": "、".join(suppliers)}, rows, red=False)
    )
