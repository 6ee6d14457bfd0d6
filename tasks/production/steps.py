"""车间生产, 出货入库, 入库制票: partial reports, counted receipts, anomalies (DOMAIN 1.6–1.8)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import count

from schemas.forms.anomalies import AnomalyDecision
from schemas.forms.production import CountLine, GoodsInCount, ProductionReport, ReportLine
from schemas.parts import LineQuantity, OrderProgress, PartsLine, PlannedLine, Shortfall
from schemas.problems import Problem
from schemas.tables import case_line, production_order
from schemas.words import AnomalyVerdict, DocumentKind, MovementKind, OrderState, Role, Supply
from tasks.cycle.terms import end_of, escalation, production_watch, working_days
from tasks.documents.steps import DocumentRef, issue
from tasks.durable.process import Case, ask_first
from tasks.durable.question import Question
from tasks.durable.step import step
from tasks.lines.rules import only_these
from tasks.production.planning import release_stock
from tasks.production.rules import Making, count_problems, report_problems
from tasks.stock.moves import receive, reserve
from tasks.unit.work import Work

RECEIPT_KIND = {
    Supply.WORKSHOP: MovementKind.PRODUCTION_IN,
    Supply.OUTSOURCED: MovementKind.PRODUCTION_IN,
    Supply.PURCHASE: MovementKind.PURCHASE_IN,
}


def make_goods(case: Case, plan: Sequence[PlannedLine], shipment: int) -> Decimal | None:
    """Make and receive the planned lines until nothing is owed; gives how much came in.

    None when an anomaly closes the case.

    Reports, counts and anomalies are open side by side: a unit may report again while goods are counted.
    """
    if not plan:
        return Decimal(0)
    making, came_in = Making.of(plan), Decimal(0)
    place_production_orders(case, list(plan), turn=shipment)
    reports: dict[str, int] = {}
    counts: dict[str, list[LineQuantity]] = {}
    anomalies: dict[str, Shortfall] = {}
    numbers = count(1)
    while making.units() or counts or anomalies:
        producing = {f"produce-{shipment}-{unit.lower()}-{reports.get(unit, 0) + 1}": unit for unit in making.units()}
        question, answer = ask_first(
            case,
            *(production_question(key, unit, making) for key, unit in producing.items()),
            *(count_question(key, made, making.plan) for key, made in counts.items()),
            *(
                anomaly_question(key, found, making.plan[found.line_no].name, "车间生产")
                for key, found in anomalies.items()
            ),
        )
        new: list[Shortfall] = []
        turn = f"{shipment}-{next(numbers)}"
        if question.key in producing:
            unit = producing[question.key]
            reports[unit] = reports.get(unit, 0) + 1
            made, new = making.report(answer.lines)
            progress = making.progress([line.line_no for line in answer.lines])
            record_production(case, progress, [line.line_no for line in made], shipment, turn=turn)
            if made:
                counts[f"goods-in-{turn}"] = made
        elif question.key in counts:
            made = counts.pop(question.key)
            new = making.count(made, answer.lines)
            came_in += sum(line.counted for line in answer.lines)
            orders = making.progress([line.line_no for line in made])
            book_goods_in(case, list(plan), made, list(answer.lines), orders, shipment, turn=turn)
        else:
            found = anomalies.pop(question.key)
            if answer.verdict == AnomalyVerdict.CLOSE:
                return None
            settle_anomaly(case, making.settle(found, answer.verdict), answer.verdict, shipment, turn=turn)
        anomalies |= {f"anomaly-{turn}-{shortfall.line_no}": shortfall for shortfall in new}
    return came_in


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
        work.insert(
            production_order,
            line_no=line.line_no,
            turn=turn,
            unit=line.unit,
            supply=line.supply,
            part=line.part,
            quantity=line.quantity,
            promised=line.promised,
            planned=line.planned,
            placed_at=work.now,
        )
    return [line.line_no for line in plan]


@step("车间生产")
def record_production(
    work: Work, orders: list[OrderProgress], made: list[int], shipment: int, turn: str
) -> list[OrderProgress]:
    """Record what the workshop has made and scrapped so far; `made` are the lines of which it made some now."""
    for order in orders:
        _keep(work, order, shipment)
    for line_no in made:
        work.update(case_line, {"case_id": work.case.id, "line_no": line_no}, made_on=work.today)
    return orders


@step("异常处理意见", link="车间生产")
def settle_anomaly(
    work: Work, order: OrderProgress, verdict: AnomalyVerdict, shipment: int, turn: str
) -> AnomalyVerdict:
    """Carry out the decision on an anomaly: make again, or owe so much less."""
    _keep(work, order, shipment)
    return verdict


def _keep(work: Work, order: OrderProgress, shipment: int) -> None:
    state = OrderState.DONE if order.made >= order.quantity else OrderState.OPEN
    work.update(
        production_order,
        {"case_id": work.case.id, "line_no": order.line_no, "turn": shipment},
        quantity=order.quantity,
        made=order.made,
        scrapped=order.scrapped,
        state=OrderState.CANCELLED if order.cancelled else state,
    )


@step("出货入库·入库制票", link="入库制票", undo=release_stock)
def book_goods_in(
    work: Work,
    plan: list[PlannedLine],
    made: list[LineQuantity],
    counted: list[CountLine],
    orders: list[OrderProgress],
    shipment: int,
    turn: str,
) -> DocumentRef:
    """Book what was counted into stock, keep it for the case, and issue the numbered 入库单, one a receipt."""
    by_no = {line.line_no: line for line in plan}
    reported = {line.line_no: line.quantity for line in made}
    for order in orders:
        _keep(work, order, shipment)
    for line in counted:
        planned = by_no[line.line_no]
        if line.counted > 0:
            receive(work, line.line_no, planned.part, line.counted, RECEIPT_KIND[planned.supply])
            reserve(work, line.line_no, planned.part, min(line.counted, reported[line.line_no]))
            work.update(case_line, {"case_id": work.case.id, "line_no": line.line_no}, in_on=work.today)
    rows = [
        {
            "line_no": line.line_no,
            "part": by_no[line.line_no].part,
            "name": by_no[line.line_no].name,
            "reported": str(reported[line.line_no]),
            "quantity": str(line.counted),
            "reason": line.reason,
        }
        for line in counted
    ]
    return issue(work, DocumentKind.INBOUND_SLIP, {"lines": rows})


def production_question(key: str, unit: str, making: Making) -> Question[ProductionReport]:
    """Ask a unit for its report, due by the promised date of its first line."""
    left = making.lines_of(unit)
    promised = min(making.plan[no].promised for no in left)

    def check(form: ProductionReport, _work: Work) -> list[Problem]:
        return report_problems(form.lines, left)

    return Question(
        key=key,
        title="车间生产",
        role=Role.WORKSHOP,
        form=ProductionReport,
        unit=unit,
        due=end_of(promised),
        remind=production_watch(promised),
        check=check,
        covers=only_these(left),
        brief=lambda: [
            f"{no}. {making.plan[no].name} × {q:f} · 承诺 {making.plan[no].promised}" for no, q in left.items()
        ],
        prefill=lambda: {"明细": [ReportLine(line_no=no, made=q).as_form() for no, q in left.items()]},
    )


def count_question(key: str, made: Sequence[LineQuantity], plan: Mapping[int, PlannedLine]) -> Question[GoodsInCount]:
    """Ask the warehouse to count before anything is booked."""
    return Question(
        key=key,
        title="出货入库",
        role=Role.WAREHOUSE,
        form=GoodsInCount,
        due=working_days("pa.goods_in.days"),
        remind=escalation(Role.WAREHOUSE),
        check=lambda form, _work: count_problems(form.lines, made),
        covers=only_these({line.line_no for line in made}),
        brief=lambda: [f"{line.line_no}. {plan[line.line_no].name}: 报 reported {line.quantity:f}" for line in made],
        prefill=lambda: {"明细": [CountLine(line_no=line.line_no, counted=line.quantity).as_form() for line in made]},
    )


def anomaly_question(key: str, found: Shortfall, name: str, link: str) -> Question[AnomalyDecision]:
    """Ask the SUPERVISOR what becomes of an anomaly (until process 6 takes over)."""

    def check(form: AnomalyDecision, _work: Work) -> list[Problem]:
        if form.verdict == AnomalyVerdict.REMAKE and not found.missing:
            return [
                Problem("处理意见 decision", form.verdict.zh, "没有短缺，不需重做 nothing is missing: accept or close")
            ]
        if form.verdict != AnomalyVerdict.REMAKE and not form.reason:
            return [Problem("原因 reason", "", "接受短交或关闭时必填 is required to accept short or close")]
        return []

    return Question(
        key=key,
        title="异常处理",
        role=Role.SUPERVISOR,
        form=AnomalyDecision,
        link=link,
        due=working_days("pa.anomaly.days"),
        remind=escalation(Role.SUPERVISOR),
        check=check,
        brief=lambda: [
            f"{found.where} · 第{found.line_no}行 {name}",
            f"缺 missing: **{found.missing:f}**",
            found.found,
        ],
    )


def settle_shortfalls(
    case: Case, lines: Sequence[PartsLine], found: Sequence[Shortfall], shipment: int
) -> list[PartsLine] | None:
    """Ask what becomes of what the office did not get in good order; gives what is made again, None to close."""
    waiting = {f"anomaly-pickup-{shipment}-{one.line_no}": one for one in found}
    by_no = {line.line_no: line for line in lines}
    again: list[PartsLine] = []
    while waiting:
        questions = [anomaly_question(key, one, by_no[one.line_no].name, "催提") for key, one in waiting.items()]
        question, answer = ask_first(case, *questions)
        one = waiting.pop(question.key)
        if answer.verdict == AnomalyVerdict.CLOSE:
            return None
        if answer.verdict == AnomalyVerdict.REMAKE:
            again.append(by_no[one.line_no].model_copy(update={"quantity": one.missing}))
    return sorted(again, key=lambda line: line.line_no)
