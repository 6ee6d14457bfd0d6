"""通知返货 and 返货验收: the goods' way back, the count, the appraisal, the re-inspection (DOMAIN-BRANCHES 5)."""

from datetime import date
from itertools import count
from typing import Any

from schemas.forms.returns import (
    AppraisedReturn,
    CameBack,
    DifferenceAnswer,
    DifferenceVerdict,
    GoodsGoBack,
    GoodsSentBack,
    Ground,
    InspectedReturn,
    ReturnAppraised,
    ReturnCounted,
    ReturnInspected,
    ReturnNotified,
    ReturnTraced,
    TraceSaid,
    Wish,
)
from schemas.parts import Goods
from schemas.problems import Problem
from schemas.words import Role
from tasks.approvals.steps import Matter, approving
from tasks.branches.beside import Branch, beside, next_answer
from tasks.cycle.rules import at
from tasks.cycle.terms import Due, More, calendar_days, escalation, gate, overdue, working_days
from tasks.durable.process import ask
from tasks.durable.question import Question
from tasks.durable.signals import TimedOut
from tasks.lines.rules import all_lines, as_rows, known_lines, only_these
from tasks.returns.handling import NOTICE, RECEIPT, REVIEW, Handling, OtherWish
from tasks.returns.rules import judged
from tasks.returns.shapes import NONE, Found, Quantities
from tasks.returns.steps import (
    book_return,
    book_scrap,
    issue_parcel_note,
    judge_return,
    named,
    record_way,
    report_return,
    return_place,
)
from tasks.unit.work import Work


class NoGoods(Exception):
    """What was to come back will not: it never left, or was lost on its way."""

    def __init__(self, lost: bool = False) -> None:
        super().__init__()
        self.lost = lost


def notify(it: Handling, turn: int) -> date:
    """通知返货: address, person and phone, and the note for the parcel; gives the day."""

    said = _waiting(it, _notice_question(it, turn))
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


def _waiting(it: Handling, *questions: Question[Any]) -> Any:
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
            said = _waiting(it, _sent_question(it, since, turn), _count_question(it, left, turn, "", told))
        except TimedOut as silent:
            raise NoGoods from silent
        if isinstance(said, ReturnCounted):
            return said
        it.goods_out = True
        told = record_way(it.case, named(it.claim.goods, left), said, turn=turn)
        it.listen()
    for late in count():
        try:
            said = _waiting(it, _count_question(it, left, turn, f"-{late}" if late else "-way", told, expires=True))
        except TimedOut:
            said = _waiting(it, _count_question(it, left, turn, f"-late-{late}", told), _trace_question(it, turn, late))
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


def inspect(it: Handling, came: ReturnCounted, turn: int) -> Found:
    """Appraise by the WORKSHOP, re-inspect what is claimed by QUALITY, book what is accepted, tell of a difference."""
    it.received, it.freight, it.goods_out = came.received_on, it.freight + came.freight, True
    it.listen()
    counted = {line.line_no: line.counted for line in came.lines}
    goods, ground = named(it.claim.goods, counted), it.rule.ground if it.rule else Ground.NO_REASON
    said = ask(it.case, _appraisal_question(it, counted, turn))
    tested = None
    if ground is Ground.DEFECT:
        tested = ask(it.case, _inspection_question(it, counted, turn))
        words = {line.line_no: f"属质量 {line.defective:f} 无法判定 {line.unclear:f}" for line in tested.lines}
        report_return(it.case, goods, tested.tests, words, turn=turn)
    found = judge_return(it.case, judged(counted, said, tested, ground, it.claim), turn=turn)
    if found.differs:
        found = _tell_difference(it, found, turn)
    if any(found.refused.values()):
        beside(it.case, going_back(found.refused, f"{turn}"))
    return found


def _appraisal_question(it: Handling, counted: Quantities, turn: int) -> Question[ReturnAppraised]:
    def check(form: ReturnAppraised, _work: Work) -> list[Problem]:
        problems = all_lines([line.line_no for line in form.lines], counted)
        for row, line in enumerate(form.lines, start=1):
            most = counted.get(line.line_no, NONE)
            for field, many in (("完好数量 intact", line.intact), ("可再售数量 resale", line.resale + line.scrap)):
                if many > most:
                    problems.append(Problem(field, many, f"最多 {most:f} at most what came", row))
        return problems

    def prefill() -> dict[str, Any]:
        return as_rows(AppraisedReturn(line_no=no, intact=many, resale=many) for no, many in counted.items())

    more: More = {"covers": only_these(counted)}
    key = f"appraise-{turn}"
    return it.ask(
        key, "退货鉴定", Role.WORKSHOP, ReturnAppraised, "appraisal", RECEIPT, it.shown, prefill, check, **more
    )


def _inspection_question(it: Handling, counted: Quantities, turn: int) -> Question[ReturnInspected]:
    def check(form: ReturnInspected, _work: Work) -> list[Problem]:
        problems = all_lines([line.line_no for line in form.lines], counted)
        for row, line in enumerate(form.lines, start=1):
            if line.defective + line.unclear > counted.get(line.line_no, NONE):
                expected = f"与无法判定合计最多 {counted.get(line.line_no, NONE):f} at most what came"
                problems.append(Problem("属质量问题 defective", line.defective, expected, row))
        return problems

    def prefill() -> dict[str, Any]:
        return as_rows(InspectedReturn(line_no=no, defective=many) for no, many in counted.items())

    more: More = {"covers": only_these(counted)}
    key = f"reinspect-{turn}"
    return it.ask(
        key, "退货复检", Role.QUALITY, ReturnInspected, "inspection", RECEIPT, it.shown, prefill, check, **more
    )


def _tell_difference(it: Handling, found: Found, turn: int) -> Found:
    """Tell the customer what was found; silence agrees. What is disputed the MANAGER rules on beside, later."""
    due = it.by("difference")
    question = it.ask(
        f"difference-{turn}", "差异答复", Role.AGENT, DifferenceAnswer, due, REVIEW,
        lambda: [*it.shown(), found.said], expires=due,
    )  # fmt: skip
    try:
        said = ask(it.case, question)
    except TimedOut:
        return found
    disputed = said.verdict is DifferenceVerdict.DISPUTE
    return found.model_copy(update={"why": said.note or "客户不认可 disputed"}) if disputed else found


def book_accepted(it: Handling, goods: list[Goods], found: Found, turn: int) -> None:
    """Book what is accepted: whole and wrapped into good stock, the rest apart; scrap goes once two have said so."""
    accepted = found.accepted
    isolated = {no: found.ours.get(no, NONE) for no in accepted}
    fit = {no: min(found.resale.get(no, NONE), many - isolated[no]) for no, many in accepted.items()}
    rest = {no: many - fit[no] for no, many in accepted.items()}
    for damaged, part in ((False, fit), (True, rest)):
        if some := named(goods, part):
            book_return(it.case, some, damaged, turn=f"{turn}-{'damaged' if damaged else 'good'}")
    scrap = {no: min(found.scrap.get(no, NONE), rest[no]) for no in rest}
    if some := named(goods, scrap):
        beside(it.case, _scrapping(it, some, turn))


def _scrapping(it: Handling, goods: list[Goods], turn: int) -> Branch[None]:
    """报废: QUALITY releases it (S0), the SUPERVISOR approves its cost; a refusal leaves it among the damaged goods."""
    barred = set(it.barred)
    for role, key in ((Role.QUALITY, "release"), (Role.SUPERVISOR, "cost")):
        matter = Matter(RECEIPT, barred, lambda: [f"报废 scrap: {one.name} × {one.quantity:f}" for one in goods])
        if (yield from approving(it.case, f"scrap-{turn}-{key}", "报废审批", role, matter, "scrap")):
            return
    book_scrap(it.case, goods, turn=turn)


def going_back(refused: Quantities, turn: str) -> Branch[None]:
    """退回客户: what is not accepted goes back at the customer's cost; uncollected for long the SUPERVISOR hears of it."""
    rows = [f"第{no}行 ×{many:f}" for no, many in refused.items() if many]
    remind = overdue(Role.WAREHOUSE, Role.SUPERVISOR)
    yield gate(
        f"back-{turn}", "退回客户", Role.WAREHOUSE, GoodsGoBack, calendar_days("refused"), RECEIPT, rows.copy,
        remind=remind,
    )  # fmt: skip
