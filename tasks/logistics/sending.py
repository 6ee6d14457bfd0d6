"""出库 and 出库制票: freight rules, early release of urgent goods, slips (DOMAIN 1.9, 1.10)."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import count
from typing import NamedTuple

from schemas.forms.logistics import EarlyRelease, FreightMethod, GoodsOut, ReleaseVerdict
from schemas.parts import Goods, PartsLine
from schemas.problems import Problem
from schemas.shapes import Shape, figure, listed
from schemas.words import DocumentKind, MovementKind, Role, Urgency, Verdict
from tasks.approvals.steps import Matter, approval, find_leader
from tasks.cycle.rules import Notice
from tasks.cycle.terms import escalation, gate, overdue, working_days
from tasks.documents.contents import Content, goods_row, slip, to_office
from tasks.documents.steps import DocumentRef, issue
from tasks.durable.process import Case, ask, ask_first
from tasks.durable.question import Question
from tasks.durable.signals import TimedOut
from tasks.durable.step import step
from tasks.lines.rules import brief_lines
from tasks.lines.steps import mark_line
from tasks.logistics.packing import packing, packing_problems
from tasks.logistics.queries import fleet, freight_limits, route_prices
from tasks.logistics.rules import FreightRuling, carrier_problems, freight_approval
from tasks.stock.moves import by_line, deliver_reserved, kept, receive
from tasks.unit.work import Work

MAY_GO_FIRST = "加急：可先放行，出库单 2 个工作日内补 urgent: goods may go first, the form follows"


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


class Sent(NamedTuple):
    """What left the house and when: line → quantity; who is `barred` may approve nothing of the case again."""

    quantities: dict[int, Decimal]
    day: date
    barred: frozenset[str]


def send_goods(case: Case, lines: Sequence[PartsLine], barred: frozenset[str], turn: int) -> Sent:
    """出库 + 出库制票: the form, its freight approval, the slips; urgent goods may go before the form."""
    may_release, released, refused = case.request.urgency == Urgency.URGENT, None, ""
    for attempt in count(1):
        asked = goods_out_question(f"goods-out-{turn}-{attempt}", lines, refused, case.request.urgency, released)
        if may_release:
            leader = find_leader(case, Role.SUPERVISOR, barred, turn=f"release-{turn}-{attempt}")
            early = release_question(f"release-{turn}-{attempt}", leader.role, barred)
            try:
                question, answer = ask_first(case, early, asked)
                may_release = question is asked
                if question is early and answer.verdict == ReleaseVerdict.RELEASE:
                    released, barred = release_goods(case, list(lines), turn=turn), barred | {answer.staff}
                    asked = goods_out_question(asked.key, lines, refused, case.request.urgency, released)
            except TimedOut:
                may_release = False
        form = ask(case, asked)
        barred, refused = approve_freight(case, form, barred, f"{turn}-{attempt}")
        if not refused:
            break
    released = released or release_goods(case, list(lines), turn=turn)
    dispatch_goods(case, form, released, turn=turn)
    return Sent(released.quantities, released.day, barred)


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
    if work.recorded(f"confirm-receipt-{released.turn}"):
        return None
    for line in released.lines:
        receive(work, line.line_no, line.part, line.quantity, MovementKind.DELIVERY_OUT)
    content = _outbound(work, [goods_row(line, quantity=str(-line.quantity)) for line in released.lines], red=True)
    return issue(work, DocumentKind.OUTBOUND_SLIP, content, reverses=released.slip)


@step("出库·出库制票", undo=reverse_release, link="出库")
def release_goods(work: Work, lines: list[PartsLine], turn: int) -> Release:
    """Book out what is kept for the case and issue the numbered 出库单; stock never falls below zero."""
    gone = by_line(deliver_reserved(work, MovementKind.DELIVERY_OUT))
    sent = [SentLine(**line.as_goods(gone[line.line_no])) for line in lines if line.line_no in gone]
    for line_no in (line.line_no for line in lines if line.line_no in gone and not line.remake):
        mark_line(work, line_no, out_on=work.today)
    issued = issue(work, DocumentKind.OUTBOUND_SLIP, _outbound(work, [goods_row(line) for line in sent], red=False))
    return Release(lines=sent, slip=issued, turn=turn, day=work.today)


def _outbound(work: Work, rows: Sequence[Content], red: bool) -> Content:
    return slip(work, [MovementKind.DELIVERY_OUT], to_office(work), rows, red)


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


def goods_out_question(
    key: str, lines: Sequence[PartsLine], refused: str, urgency: Urgency, released: Release | None
) -> Question[GoodsOut]:
    """Ask warehouse or logistics how the goods travel; when urgent, daily reminders follow the term (S3 §3 2.2)."""

    def brief() -> list[str]:
        return [*([f"运费未批 Freight was refused: **{refused}**"] if refused else []), *brief_lines(lines)]

    def check(form: GoodsOut, work: Work) -> list[Problem]:
        leaves = released.quantities if released else by_line(kept(work))
        return carrier_problems(form, work.read(fleet)) + packing_problems(form, leaves)

    role, also = Role.WAREHOUSE, Role.LOGISTICS
    remind = overdue(role, kind=Notice.DAILY) if urgency == Urgency.URGENT else escalation(role)
    return gate(key, "出库", role, GoodsOut, "goods_out", brief=brief, check=check, also=also, remind=remind)


def release_question(key: str, leader: Role, barred: frozenset[str]) -> Question[EarlyRelease]:
    """Ask a leader, today, whether urgent goods may go before the form; silence means that they wait for it."""
    due, brief = working_days("release"), lambda: [MAY_GO_FIRST]
    return gate(key, "加急放行", leader, EarlyRelease, due, "出库", brief, barred=barred, expires=due, remind=None)
