"""出库 and 出库制票: freight rules, early release of urgent goods, slips (DOMAIN 1.9, 1.10)."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import count
from typing import NamedTuple

from schemas.forms.logistics import EarlyRelease, FreightMethod, GoodsOut, ReleaseVerdict
from schemas.parts import LineQuantity, PartsLine
from schemas.problems import Problem
from schemas.shapes import Shape, figure, listed
from schemas.words import DocumentKind, MovementKind, Role, Urgency, Verdict
from tasks.approvals.steps import Matter, approval, find_leader
from tasks.cycle.rules import Notice
from tasks.cycle.terms import escalation, gate, overdue, working_days
from tasks.documents.steps import DocumentRef, issue
from tasks.durable.process import Case, ask, ask_first
from tasks.durable.question import Question
from tasks.durable.signals import TimedOut
from tasks.durable.step import step
from tasks.lines.rules import brief_lines
from tasks.lines.steps import mark_line
from tasks.logistics.queries import fleet, freight_limits, route_prices
from tasks.logistics.rules import FreightRuling, carrier_problems, freight_approval
from tasks.stock.moves import deliver_reserved, receive
from tasks.unit.work import Work

MAY_GO_FIRST = "加急：可先放行，出库单 2 个工作日内补 urgent: goods may go first, the form follows"


class SentLine(LineQuantity):
    """A line as it left the house."""

    part: str

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


class Sent(NamedTuple):
    """What left the house and when: line → quantity; who is `barred` may approve nothing of the case again."""

    quantities: dict[int, Decimal]
    day: date
    barred: frozenset[str]


def send_goods(case: Case, lines: Sequence[PartsLine], barred: frozenset[str], turn: int) -> Sent:
    """出库 + 出库制票: the form, its freight approval, the slips; urgent goods may go before the form."""
    may_release, released, refused = case.request.urgency == Urgency.URGENT, None, ""
    for attempt in count(1):
        asked = goods_out_question(f"goods-out-{turn}-{attempt}", lines, refused, case.request.urgency)
        if may_release:
            leader = find_leader(case, Role.SUPERVISOR, barred, turn=f"release-{turn}-{attempt}")
            early = release_question(f"release-{turn}-{attempt}", leader.role, barred)
            try:
                question, answer = ask_first(case, early, asked)
                may_release = question is asked
                if question is early and answer.verdict == ReleaseVerdict.RELEASE:
                    released, barred = release_goods(case, turn=turn), barred | {answer.staff}
            except TimedOut:
                may_release = False
        form = ask(case, asked)
        barred, refused = approve_freight(case, form, barred, f"{turn}-{attempt}")
        if not refused:
            break
    released = released or release_goods(case, turn=turn)
    dispatch_goods(case, form, {line.line_no: line.name for line in lines}, turn=turn)
    return Sent({line.line_no: line.quantity for line in released.lines}, released.day, barred)


def approve_freight(case: Case, form: GoodsOut, barred: frozenset[str], turn: str) -> tuple[frozenset[str], str]:
    """Ask for the freight's approval where the rules want one; gives who is barred, and the reason of a refusal."""
    ruling = judge_freight(case, form.method, form.freight, turn=turn)
    if ruling.role is None:
        return barred, ""
    leader = find_leader(case, ruling.role, barred, turn=f"freight-{turn}")
    shown = f"{form.method.option} · {form.carrier} · **{form.freight:,.2f} CNY**"
    matter = Matter("出库", barred, lambda: [shown, ruling.reason], leader.last)
    said = ask(case, approval(f"freight-{turn}", "运费审批", leader.role, matter, "freight_approval"))
    return (barred, said.reason) if said.verdict == Verdict.REJECT else (barred | {said.staff}, "")


@step("红字冲销", link="出库")
def reverse_release(work: Work, released: Release) -> DocumentRef | None:
    """Put undelivered goods back on stock with a red, negative 出库单; what the office has is not touched."""
    if work.recorded(f"pickup-{released.turn}"):
        return None
    for line in released.lines:
        receive(work, line.line_no, line.part, line.quantity, MovementKind.DELIVERY_OUT)
    rows = [line.model_copy(update={"quantity": -line.quantity}).model_dump(mode="json") for line in released.lines]
    return issue(work, DocumentKind.OUTBOUND_SLIP, {"lines": rows, "red": True}, reverses=released.slip)


@step("出库·出库制票", undo=reverse_release, link="出库")
def release_goods(work: Work, turn: int) -> Release:
    """Book out what is kept for the case and issue the numbered 出库单; stock never falls below zero."""
    gone: dict[tuple[int, str], Decimal] = {}
    for held in deliver_reserved(work, MovementKind.DELIVERY_OUT):
        gone[held.line_no, held.part] = gone.get((held.line_no, held.part), Decimal(0)) + held.quantity
    lines = [SentLine(line_no=no, part=part, quantity=quantity) for (no, part), quantity in sorted(gone.items())]
    for line in lines:
        mark_line(work, line.line_no, out_on=work.today)
    slip = issue(work, DocumentKind.OUTBOUND_SLIP, {"lines": [line.model_dump(mode="json") for line in lines]})
    return Release(lines=lines, slip=slip, turn=turn, day=work.today)


@step("运费判定", link="出库")
def judge_freight(work: Work, method: FreightMethod, freight: Decimal, turn: str) -> FreightRuling:
    """Rule on the freight by the route's reference price."""
    return freight_approval(method, freight, work.read(route_prices).get(work.case.office), freight_limits(work))


@step("发货单·装箱单", link="出库制票")
def dispatch_goods(work: Work, form: GoodsOut, names: dict[int, str], turn: int) -> list[DocumentRef]:
    """Issue 发货单 and 装箱单 with carrier, freight and packages."""
    content = {"names": names, **form.model_dump(mode="json", by_alias=False, exclude={"staff"})}
    return [issue(work, kind, content) for kind in (DocumentKind.DISPATCH_NOTE, DocumentKind.PACKING_LIST)]


def goods_out_question(key: str, lines: Sequence[PartsLine], refused: str, urgency: Urgency) -> Question[GoodsOut]:
    """Ask warehouse or logistics how the goods travel; when urgent, daily reminders follow the term (S3 §3 2.2)."""

    def brief() -> list[str]:
        return [*([f"运费未批 Freight was refused: **{refused}**"] if refused else []), *brief_lines(lines)]

    def check(form: GoodsOut, work: Work) -> list[Problem]:
        return carrier_problems(form, work.read(fleet))

    role, also = Role.WAREHOUSE, Role.LOGISTICS
    remind = overdue(role, kind=Notice.DAILY) if urgency == Urgency.URGENT else escalation(role)
    return gate(key, "出库", role, GoodsOut, "goods_out", brief=brief, check=check, also=also, remind=remind)


def release_question(key: str, leader: Role, barred: frozenset[str]) -> Question[EarlyRelease]:
    """Ask a leader, today, whether urgent goods may go before the form; silence means that they wait for it."""
    due, brief = working_days("release"), lambda: [MAY_GO_FIRST]
    return gate(key, "加急放行", leader, EarlyRelease, due, "出库", brief, barred=barred, expires=due, remind=None)
