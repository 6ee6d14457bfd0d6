"""返货验收: the appraisal, the re-inspection, what is accepted and booked, what goes back (DOMAIN-BRANCHES 5)."""

from typing import Any

from schemas.forms.returns import (
    AppraisedReturn,
    DifferenceAnswer,
    DifferenceVerdict,
    GoodsGoBack,
    Ground,
    InspectedReturn,
    ReturnAppraised,
    ReturnCounted,
    ReturnInspected,
)
from schemas.parts import Goods
from schemas.problems import Problem
from schemas.words import Role, Verdict
from tasks.approvals.steps import Matter, approval, approving
from tasks.branches.beside import Branch, beside
from tasks.cycle.terms import More, calendar_days, gate, overdue
from tasks.durable.process import ask
from tasks.durable.question import Question
from tasks.durable.signals import TimedOut
from tasks.lines.rules import all_lines, as_rows, only_these
from tasks.returns.handling import RECEIPT, REVIEW, Handling
from tasks.returns.rules import at_most_paid, judged
from tasks.returns.shapes import NONE, Found, Quantities
from tasks.returns.steps import book_return, book_scrap, judge_return, named, note_receipt, report_return
from tasks.unit.work import Work


def inspect(it: Handling, came: ReturnCounted, turn: int) -> Found:
    """Appraise by the WORKSHOP, re-inspect what is claimed by QUALITY, book what is accepted, tell of a difference."""
    it.received, it.freight, it.goods_out = came.received_on, it.freight + came.freight, True
    it.listen()
    counted = {line.line_no: line.counted for line in came.lines}
    goods, ground = named(it.claim.goods, counted), it.rule.ground if it.rule else Ground.NO_REASON
    note_receipt(it.case, goods, came.received_on, turn=turn)
    said = ask(it.case, _appraisal_question(it, counted, turn))
    tested = None
    if ground is Ground.DEFECT:
        tested = ask(it.case, _inspection_question(it, counted, turn))
        words = {line.line_no: f"属质量 {line.defective:f} 无法判定 {line.unclear:f}" for line in tested.lines}
        report_return(it.case, goods, tested.tests, words, turn=turn)
    found = judge_return(it.case, judged(counted, said, tested, ground, it.claim, it.wish), turn=turn)
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
        return [*problems, *at_most_paid("拟扣金额 deduction", form.deduction, it.claim.order, counted)]

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
    due = it.by("difference", least=1)
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
    matter = Matter(RECEIPT, set(it.barred), lambda: [f"报废 scrap: {one.name} × {one.quantity:f}" for one in goods])
    said = yield approval(f"scrap-{turn}-release", "报废审批", Role.QUALITY, matter, "scrap")
    matter.barred.add(said.staff)
    refused = said.verdict is Verdict.REJECT
    if not refused:
        cost = approving(it.case, f"scrap-{turn}-cost", "报废审批", Role.SUPERVISOR, matter, "scrap")
        refused = bool((yield from cost))
    if refused:
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
