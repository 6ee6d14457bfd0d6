"""出库, 出库制票, 催提: freight rules, slips, pickup and the office's check (DOMAIN 1.9–1.11)."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from schemas.forms.logistics import EarlyRelease, FoundLine, GoodsCheck, GoodsOut, PickupConfirmation
from schemas.parts import PartsLine, Shape, Shortfall
from schemas.problems import Problem
from schemas.tables import case_line
from schemas.words import (
    DocumentKind,
    FreightMethod,
    GoodsFound,
    MovementKind,
    PickupFound,
    ReleaseVerdict,
    Role,
    Urgency,
    Verdict,
)
from tasks.applications.steps import brief_lines, known_lines
from tasks.approvals.steps import NOBODY, approval
from tasks.cycle.terms import (
    daily_after,
    escalation,
    overdue,
    pickup_due,
    pickup_reminders,
    working_days,
    working_days_after,
)
from tasks.documents.steps import DocumentRef, issue
from tasks.durable.process import Case, ask, ask_first
from tasks.durable.question import Question
from tasks.durable.signals import TimedOut
from tasks.durable.step import step
from tasks.logistics.queries import route_prices
from tasks.logistics.rules import FreightLimits, freight_approval
from tasks.people.queries import people
from tasks.policies.queries import setting
from tasks.stock.moves import deliver_reserved, take_back
from tasks.unit.work import Work


class Ruling(Shape):
    """Who must approve a shipment's freight (None: nobody) and why."""

    role: Role | None
    reason: str


class SentLine(Shape):
    """A line as it left the house."""

    line_no: int
    part: str
    quantity: Decimal


class Release(Shape):
    """Goods that left the stock, and the 出库单 that says so."""

    lines: list[SentLine]
    slip: DocumentRef
    turn: int
    day: date


class Receipt(Shape):
    """What the office found: shortfalls go to an anomaly; unchecked in time, the loss is the office's."""

    shortfalls: tuple[Shortfall, ...] = ()
    unchecked: bool = False


class Sent(Shape):
    """What left the house and when: line → quantity; and all who have approved something of this case so far."""

    quantities: dict[int, Decimal]
    day: date
    approvers: frozenset[str]


def send_goods(case: Case, lines: Sequence[PartsLine], approvers: frozenset[str], turn: int) -> Sent:
    """出库 + 出库制票: the form, its freight approval, the slips; urgent goods may go before the form."""
    names = {line.line_no: line.name for line in lines}
    may_release, released, refused = case.request.urgency == Urgency.URGENT, None, ""
    for attempt in count(1):
        asked = goods_out_question(f"goods-out-{turn}-{attempt}", lines, refused, case.request.urgency)
        if may_release:
            early = release_question(f"release-{turn}-{attempt}", case.request.applicant)
            try:
                question, answer = ask_first(case, early, asked)
                may_release = question is asked
                if question is early and answer.verdict == ReleaseVerdict.RELEASE:
                    released = release_goods(case, turn=turn)
            except TimedOut:
                may_release = False
        form = ask(case, asked)
        approvers, refused = approve_freight(case, form, approvers, f"{turn}-{attempt}")
        if not refused:
            break
    released = released or release_goods(case, turn=turn)
    dispatch_goods(case, form, names, turn=turn)
    quantities = {line.line_no: line.quantity for line in released.lines}
    return Sent(quantities=quantities, day=released.day, approvers=approvers)


def approve_freight(case: Case, form: GoodsOut, approvers: frozenset[str], turn: str) -> tuple[frozenset[str], str]:
    """Ask for the freight's approval where the rules want one; gives the approvers, and the reason of a refusal."""
    barred = approvers | {case.request.applicant}
    ruling = judge_freight(case, form.method, form.freight, barred, turn=turn)
    if ruling.role is None:
        return approvers, ""
    if ruling.role == Role.SYSTEM:
        return approvers, f"{NOBODY}: {ruling.reason}"
    reason, shown = ruling.reason, f"{form.method.option} · {form.carrier} · **{form.freight:,.2f} CNY**"
    question = approval(
        f"freight-{turn}", "运费审批", ruling.role, barred, lambda: [shown, reason], "出库", "freight.approval.days"
    )
    said = ask(case, question)
    return (approvers, said.reason) if said.verdict == Verdict.REJECT else (approvers | {said.staff}, "")


@step("红字冲销", link="出库")
def reverse_release(work: Work, released: Release) -> DocumentRef | None:
    """Put undelivered goods back on stock with a red, negative 出库单; what the office has is not touched."""
    if work.recorded(f"pickup-{released.turn}"):
        return None
    for line in released.lines:
        take_back(work, line.line_no, line.part, line.quantity, MovementKind.DELIVERY_OUT)
    rows = [line.model_copy(update={"quantity": -line.quantity}).model_dump(mode="json") for line in released.lines]
    return issue(work, DocumentKind.OUTBOUND_SLIP, {"lines": rows, "red": True}, reverses=released.slip)


@step("出库·出库制票", undo=reverse_release, link="出库")
def release_goods(work: Work, turn: int) -> Release:
    """Book out what is kept for the case and issue the numbered 出库单; stock never falls below zero."""
    gone: dict[tuple[int, str], Decimal] = {}
    for line_no, part, quantity in deliver_reserved(work, MovementKind.DELIVERY_OUT):
        gone[line_no, part] = gone.get((line_no, part), Decimal(0)) + quantity
    lines = [SentLine(line_no=no, part=part, quantity=quantity) for (no, part), quantity in sorted(gone.items())]
    for line in lines:
        work.update(case_line, {"case_id": work.case.id, "line_no": line.line_no}, out_on=work.today)
    slip = issue(work, DocumentKind.OUTBOUND_SLIP, {"lines": [line.model_dump(mode="json") for line in lines]})
    return Release(lines=lines, slip=slip, turn=turn, day=work.today)


@step("运费判定", link="出库")
def judge_freight(work: Work, method: FreightMethod, freight: Decimal, barred: frozenset[str], turn: str) -> Ruling:
    """Rule on the freight by the route's reference price; the next rung stands in for who is barred."""
    limits = FreightLimits(
        Decimal(str(setting(work, "freight.hired_over_reference"))), Decimal(str(setting(work, "freight.express_free")))
    )
    ruling = freight_approval(method, freight, work.read(route_prices).get(work.case.office), limits)
    ladder = (Role.SUPERVISOR, Role.MANAGER, Role.GENERAL_MANAGER)
    if ruling.role is None:
        return Ruling(role=None, reason=ruling.reason)
    free = [
        rung
        for rung in ladder[ladder.index(ruling.role) :]
        if any(p.active and p.holds(rung) and p.code not in barred for p in work.read(people).values())
    ]
    return Ruling(role=free[0] if free else Role.SYSTEM, reason=ruling.reason)


@step("发货单·装箱单", link="出库制票")
def dispatch_goods(work: Work, form: GoodsOut, names: dict[int, str], turn: int) -> list[DocumentRef]:
    """Issue 发货单 and 装箱单 with carrier, freight and packages."""
    how = form.model_dump(mode="json", by_alias=False, exclude={"staff"})
    content = {"names": names, **how}
    return [issue(work, DocumentKind.DISPATCH_NOTE, content), issue(work, DocumentKind.PACKING_LIST, content)]


def await_pickup(case: Case, lines: Sequence[PartsLine], shipment: Sent, turn: int) -> Receipt:
    """催提: the office collects and checks; what it does not check in time is its own loss (S3 §3 1.2)."""
    sent = shipment.quantities
    pickup = ask(case, pickup_question(f"pickup-{turn}", lines, sent, shipment.day))
    found: PickupConfirmation | GoodsCheck = pickup
    if pickup.found == PickupFound.NOT_CHECKED:
        try:
            found = ask(case, check_question(f"check-{turn}", lines, sent, pickup.arrived_on))
        except TimedOut:
            confirm_receipt(case, pickup.arrived_on, list(sent), turn=turn)
            return Receipt(unchecked=True)
    confirm_receipt(case, pickup.arrived_on, list(sent), turn=turn)
    if found.found.value == GoodsFound.IN_ORDER.value:
        return Receipt()
    good = {line.line_no: line.good for line in found.lines}
    story = f"{found.found.zh} · 照片 photos {found.photos} · {found.note}"
    return Receipt(
        shortfalls=[
            Shortfall(line_no=no, missing=quantity - good.get(no, quantity), found=story, where="到货 at the office")
            for no, quantity in sent.items()
            if quantity > good.get(no, quantity)
        ]
    )


@step("签收", link="催提")
def confirm_receipt(work: Work, arrived_on: date, lines: list[int], turn: int) -> date:
    """Record the pickup of the lines that were sent; the signed copy settles the freight."""
    for line_no in lines:
        work.update(case_line, {"case_id": work.case.id, "line_no": line_no}, picked_on=arrived_on)
    return arrived_on


def goods_out_question(key: str, lines: Sequence[PartsLine], refused: str, urgency: Urgency) -> Question[GoodsOut]:
    """Ask warehouse or logistics how the goods travel; when urgent, daily reminders follow the term (S3 §3 2.2)."""
    return Question(
        key=key,
        title="出库",
        role=Role.WAREHOUSE,
        also=Role.LOGISTICS,
        form=GoodsOut,
        link="出库",
        due=working_days("pa.goods_out.days"),
        remind=daily_after(Role.WAREHOUSE) if urgency == Urgency.URGENT else escalation(Role.WAREHOUSE),
        brief=lambda: [*([f"运费未批 Freight was refused: **{refused}**"] if refused else []), *brief_lines(lines)],
        check=lambda form, _work: (
            []
            if form.freight or form.method == FreightMethod.OWN
            else [
                Problem(
                    "运费 freight", form.freight, "自有车辆以外须填运费 must be above 0 unless our own vehicle goes"
                )
            ]
        ),
    )


def release_question(key: str, applicant: str) -> Question[EarlyRelease]:
    """Ask a SUPERVISOR, today, whether urgent goods may go before the form; silence means that they wait for it."""
    due = working_days("pa.release.days")
    return Question(
        key=key,
        title="加急放行",
        role=Role.SUPERVISOR,
        form=EarlyRelease,
        link="出库",
        due=due,
        expires=due,
        barred=frozenset({applicant}),
        brief=lambda: ["加急：可先放行，出库单 2 个工作日内补 urgent: goods may go first, the form follows"],
    )


def pickup_question(
    key: str, lines: Sequence[PartsLine], sent: Mapping[int, Decimal], sent_on: date
) -> Question[PickupConfirmation]:
    """Ask the office for pickup and check."""

    def check(form: PickupConfirmation, work: Work) -> list[Problem]:
        problems = _found_problems(form, form.found.value in {"in_order", "not_checked"}, lines, sent)
        if not sent_on <= form.arrived_on <= work.today:
            expected = f"应在发货日 {sent_on} 与今天 {work.today} 之间 must lie between dispatch and today"
            problems.append(Problem("到货日期 arrived on", form.arrived_on, expected))
        return problems

    return Question(
        key=key,
        title="催提",
        role=Role.OFFICE,
        form=PickupConfirmation,
        link="催提",
        due=pickup_due,
        remind=pickup_reminders,
        check=check,
        **_sent_form(lines, sent),
    )


def check_question(
    key: str, lines: Sequence[PartsLine], sent: Mapping[int, Decimal], arrived_on: date
) -> Question[GoodsCheck]:
    """Ask the office for the later check, within 5 wd of arrival; then the loss is the office's."""
    due = working_days_after(arrived_on, "pa.check.days")
    return Question(
        key=key,
        title="到货核对",
        role=Role.OFFICE,
        form=GoodsCheck,
        link="催提",
        due=due,
        expires=due,
        remind=overdue(Role.OFFICE),
        check=lambda form, _work: _found_problems(form, form.found == GoodsFound.IN_ORDER, lines, sent),
        **_sent_form(lines, sent),
    )


def _sent_form(lines: Sequence[PartsLine], sent: Mapping[int, Decimal]) -> dict[str, Any]:
    names = {line.line_no: line.name for line in lines}
    return {
        "brief": lambda: [f"{no}. {names[no]} × {quantity:f}" for no, quantity in list(sent.items())[:5]],
        "prefill": lambda: {"明细": [FoundLine(line_no=no, good=quantity).as_form() for no, quantity in sent.items()]},
    }


def _found_problems(
    form: PickupConfirmation | GoodsCheck, fine: bool, lines: Sequence[PartsLine], sent: Mapping[int, Decimal]
) -> list[Problem]:
    problems = known_lines([line.line_no for line in form.lines], [line for line in lines if line.line_no in sent])
    if problems:
        return problems
    problems = [
        Problem("完好数量 good", line.good, f"发货 {sent[line.line_no]:f} at most what was sent", row)
        for row, line in enumerate(form.lines, start=1)
        if line.good > sent[line.line_no]
    ]
    less = any(line.good < sent[line.line_no] for line in form.lines)
    if fine and less:
        problems.append(
            Problem(
                "核对结果 check",
                form.found.zh,
                "完好数量少于发货，请选短少、损坏或货不对单 less arrived in good order: say what is wrong",
            )
        )
    if not fine and not less:
        problems.append(
            Problem("完好数量 good", form.found.zh, "请在明细中填写每行完好数量 enter what arrived in good order")
        )
    if not fine and not form.photos:
        problems.append(Problem("照片编号 photos", "", "异常须附照片编号 an anomaly needs photo references"))
    return problems
