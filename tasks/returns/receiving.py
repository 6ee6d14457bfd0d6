"""通知返货 and 返货验收: the goods' way back, until they are counted (DOMAIN-BRANCHES 5)."""

from datetime import date
from itertools import count
from typing import Any

from schemas.forms.returns import CameBack, GoodsSentBack, ReturnCounted, ReturnNotified, ReturnTraced, TraceSaid, Wish
from schemas.problems import Problem
from schemas.words import Role
from tasks.branches.beside import next_answer
from tasks.cycle.rules import at
from tasks.cycle.terms import Due, More, calendar_days, escalation, working_days
from tasks.durable.question import Question
from tasks.durable.signals import TimedOut
from tasks.lines.rules import as_rows, known_lines, only_these
from tasks.returns.handling import NOTICE, RECEIPT, Handling, OtherWish
from tasks.returns.shapes import Quantities
from tasks.returns.steps import issue_parcel_note, named, record_way, return_place
from tasks.unit.work import Work


class NoGoods(Exception):
    """What was to come back will not: it never left, or was lost on its way."""

    def __init__(self, lost: bool = False) -> None:
        super().__init__()
        self.lost = lost


def notify(it: Handling, turn: int) -> date:
    """通知返货: address, person and phone, and the note for the parcel; gives the day."""

    said = waiting(it, _notice_question(it, turn))
    reasons = {line.line_no: line.found for line in it.case.request.lines}
    wish = f"{it.wish.zh} {it.case.request.wanted}".strip()
    return issue_parcel_note(it.case, it.claim.goods, reasons, wish, said, turn=turn)


def _notice_question(it: Handling, turn: int) -> Question[ReturnNotified]:
    """Ask the AGENT to tell the customer where the goods go."""

    def check(form: ReturnNotified, work: Work) -> list[Problem]:
        if it.claim.asked_on <= form.notified_on <= work.today:
            return []
        expected = f"应在 {it.claim.asked_on} 与今天 {work.today} 之间 must lie between the request and today"
        return [Problem("通知日期 told on", form.notified_on, expected)]

    names = {"address": "返货地址", "contact": "返货联系人", "phone": "返货电话"}
    place = return_place(it.case, turn=turn)
    return it.ask(
        f"notice-{turn}", "通知返货", Role.AGENT, ReturnNotified, "notice", NOTICE, it.shown,
        lambda: {heading: place[name] for name, heading in names.items()}, check,
    )  # fmt: skip


def waiting(it: Handling, *questions: Question[Any]) -> Any:
    """Wait while the goods have not left: OtherWish where the customer then wants them cheaper instead."""
    while (answered := next_answer(it.case, *questions)) is None:
        if it.wish is Wish.REDUCTION and not it.goods_out:
            raise OtherWish
    return answered[1]


def await_goods(it: Handling, left: Quantities, since: date, turn: int) -> ReturnCounted:
    """返货验收: wait for goods, which may be announced by carrier and number; NoGoods where they never come.

    The days of silence run from the notice, not while goods move or we collect them.
    """
    told: GoodsSentBack | None = None
    while told is None:
        try:
            said = waiting(it, _sent_question(it, since, turn), _count_question(it, left, turn, "", told))
        except TimedOut as silent:
            raise NoGoods from silent
        if isinstance(said, ReturnCounted):
            return said
        it.goods_out = True
        told = record_way(it.case, named(it.claim.goods, left), said, turn=turn)
        it.listen()
    for late in count():
        try:
            said = waiting(it, _count_question(it, left, turn, f"-{late}" if late else "-way", told, expires=True))
        except TimedOut:
            said = waiting(it, _count_question(it, left, turn, f"-late-{late}", told), _trace_question(it, turn, late))
        if isinstance(said, ReturnCounted):
            return said
        if said.verdict is TraceSaid.LOST:
            raise NoGoods(lost=True)
    raise AssertionError("count() has no end")


def _sent_question(it: Handling, since: date, turn: int) -> Question[GoodsSentBack]:
    """Ask for carrier and number: LOGISTICS where we collect, else the office; silence ends it."""
    role = Role.LOGISTICS if it.collects else Role.OFFICE
    more: More = {"also": Role.AGENT, "remind": escalation(role)}
    if not it.collects:
        more["expires"] = calendar_days("never", at(since))
    return it.ask(f"sent-{turn}", "返货寄出", role, GoodsSentBack, "sent_back", RECEIPT, it.shown, **more)


def _count_question(
    it: Handling, left: Quantities, turn: int, suffix: str, told: GoodsSentBack | None, expires: bool = False
) -> Question[ReturnCounted]:
    """Ask the WAREHOUSE to count what the carrier delivered, on its own day."""

    def check(form: ReturnCounted, work: Work) -> list[Problem]:
        problems = known_lines([line.line_no for line in form.lines], left)
        for row, line in enumerate(form.lines, start=1):
            if line.line_no in left and not 0 < line.counted <= left[line.line_no]:
                expected = f"应为 1 至 {left[line.line_no]:f}，多出的另行登记 at most what is awaited"
                problems.append(Problem("实返数量 counted", line.counted, expected, row))
        if not it.claim.asked_on <= form.received_on <= work.today:
            expected = f"应在 {it.claim.asked_on} 与今天 {work.today} 之间 must lie between the request and today"
            problems.append(Problem("送达日期 delivered on", form.received_on, expected))
        return problems

    def prefill() -> dict[str, Any]:
        rows = as_rows(CameBack(line_no=no, counted=many) for no, many in left.items())
        return rows | {"返货运费": float(told.freight if told else 0)}

    due: Due = working_days("arrival") if told else calendar_days("never")
    more: More = {"covers": only_these(left), "also": Role.LOGISTICS}
    if expires:
        more["expires"] = due
    key = f"count-{turn}{suffix}"
    return it.ask(key, "返货验收", Role.WAREHOUSE, ReturnCounted, due, RECEIPT, it.shown, prefill, check, **more)


def _trace_question(it: Handling, turn: int, late: int) -> Question[ReturnTraced]:
    return it.ask(f"trace-{turn}-{late}", "返货查询", Role.LOGISTICS, ReturnTraced, "trace", RECEIPT, it.shown)
