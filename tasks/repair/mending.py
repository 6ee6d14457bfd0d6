"""Quotes and repairs: consent and money before work and dispatch, inspection before goods in (DOMAIN-BRANCHES 2)."""

from collections.abc import Sequence
from decimal import Decimal
from enum import Enum

from schemas.forms.production import GoodsInCount
from schemas.forms.repairs import (
    CustomerWord,
    Passed,
    Place,
    QuoteAnswer,
    QuoteSent,
    RepairInspected,
    RepairPaid,
    RepairReport,
    RepairResult,
    RepairRuled,
    Ruling,
)
from schemas.parts import OrderProgress, PlannedLine
from schemas.problems import Problem
from schemas.words import MovementKind, Role
from tasks.branches.beside import Branch
from tasks.cycle.terms import More, Promise, calendar_days, overdue, production_due, reminders
from tasks.durable.question import Question
from tasks.durable.signals import TimedOut
from tasks.lines.rules import only_these
from tasks.people.queries import units
from tasks.production.planning import planning
from tasks.production.questions import count_question
from tasks.production.rules import NO_UNIT, Received
from tasks.production.steps import book_goods_in
from tasks.repair.rules import wanted
from tasks.repair.steps import begin_repair, book, count_repairs, issue_fee_note, issue_quote, record_inspection
from tasks.repair.way import Way
from tasks.unit.work import Work

AGREED = "高于已同意的报价，请选“须重新报价” is more than was agreed: choose dearer, a new quote is needed"
NOT_DEARER = "收费且高于已同意的报价才须重新报价 a new quote is for what is charged, and dearer than agreed"
AS_CHARGED = "应等于修理收费单的金额 must be what the fee note says"


def repaired_too_often(way: Way) -> bool:
    """Say whether the same goods were repaired as often as they may be (S3 §2 3.3)."""
    return count_repairs(way.case, way.goods, turn=way.no) >= way.limits.too_often


def quoting(way: Way, fee: Decimal, finding: str) -> Branch[bool]:
    """Quote to the customer; says whether it came back signed. Silence for 15 days lets it lapse."""
    way.quotes, way.quoted = way.quotes + 1, fee
    turn, brief = f"{way.no}-{way.quotes}", [f"报价 quote: **{fee:,.2f} CNY** · {finding}"]
    issue_quote(way.case, way.goods, fee, finding, turn=turn)
    yield way.question(f"contact/{way.quotes}", "报价联系", Role.AGENT, QuoteSent, "contact", "修正确认", brief)
    asked = way.question(
        f"quote/{way.quotes}", "客户答复", Role.AGENT, QuoteAnswer, calendar_days("quote"), "修正确认", brief,
        _signed, expires=calendar_days("quote"), remind=reminders("quote", Role.AGENT),
    )  # fmt: skip
    way.lapsed = False
    try:
        said = yield asked
    except TimedOut:
        way.lapsed = True
        return False
    if said.verdict == CustomerWord.REFUSES:
        return False
    consented(way, fee, said)
    return True


def consented(way: Way, fee: Decimal, said: QuoteAnswer) -> None:
    """Take a customer's signed consent: the fee note is issued."""
    way.fee, way.lapsed = fee, False
    issue_fee_note(way.case, way.goods, fee, said.signed, turn=f"{way.no}-{way.quotes}")


def _signed(form: QuoteAnswer, _work: Work) -> list[Problem]:
    return wanted(form, "signed", form.verdict == CustomerWord.AGREES)


class Mended(Enum):
    """What came of a repair; DECLINED: the customer does not pay for it, HOPELESS: it cannot be done."""

    PASSED = "passed"
    DECLINED = "declined"
    HOPELESS = "hopeless"


def planning_repair(way: Way) -> Branch[PlannedLine]:
    """计划 of a repair, after 修正确认 and consent; the goods go to the repairer, as they do again after a new consent."""
    out = way.booking(MovementKind.REPAIR_OUT, "damaged", way.here)
    way.out = True
    if way.plan:
        book(way.case, out, turn=f"{way.no}-again-{way.attempts}")
        return way.plan
    planned = {Place.OUTSIDE: way.limits.outside_unit, Place.PAINT_ROOM: way.limits.paint_room}
    unit = planned.get(way.place, way.line.unit)
    line = way.line.model_copy(update={"quantity": way.quantity, "unit": unit})
    (way.plan,) = yield from planning(way.case, [line], [], way.no, "修正确认")
    begin_repair(way.case, way.plan, out, turn=way.no)
    return way.plan


def mending(way: Way, plan: PlannedLine) -> Branch[Mended]:
    """车间维修: repair and inspect until it passes, cannot be done, or the customer declines a higher price.

    The third failed inspection is the SUPERVISOR's: once more, another repairer, or scrap.
    """
    unit, failed, brief = plan.unit, 0, list[str]()
    while True:
        way.attempts += 1
        report = yield _report_question(way, plan, unit, brief)
        if report.result == RepairResult.DEARER:
            if not (yield from quoting(way, report.fee, report.work)):
                return Mended.DECLINED
            continue
        if report.result == RepairResult.IMPOSSIBLE:
            return Mended.HOPELESS
        found = yield _inspection_question(way, report)
        record_inspection(way.case, way.goods, report, found, turn=f"{way.no}-{way.attempts}")
        if found.verdict == Passed.PASS:
            return Mended.PASSED
        failed, brief = failed + 1, [f"检验不合格 failed: **{found.reason}**"]
        if failed >= way.limits.inspections:
            ruled = yield _ruling_question(way, brief)
            if ruled.verdict == Ruling.SCRAP:
                return Mended.HOPELESS
            unit, failed = (ruled.unit if ruled.verdict == Ruling.OTHER else unit), 0


def _report_question(way: Way, plan: PlannedLine, unit: str, brief: Sequence[str]) -> Question[RepairReport]:
    def check(form: RepairReport, _work: Work) -> list[Problem]:
        dearer = way.charged and form.fee > way.fee
        if form.result == RepairResult.REPAIRED and dearer:
            return [Problem("修理费 fee", form.fee, AGREED)]
        if form.result == RepairResult.DEARER and not dearer:
            return [Problem("修理费 fee", form.fee, NOT_DEARER)]
        return []

    promise = [Promise(plan.since, plan.days)]
    more: More = {"remind": None}  # the cycle's control reminds of a promise
    if not way.here:
        more["unit"] = unit
    return way.question(
        f"repair/{way.attempts}", "车间维修", Role.OFFICE if way.here else Role.WORKSHOP, RepairReport, 
        production_due(promise), "", [*brief, f"承诺 {plan.promised}"], check, {"修理费": float(way.fee)}, **more,
    )  # fmt: skip


def _inspection_question(way: Way, report: RepairReport) -> Question[RepairInspected]:
    def check(form: RepairInspected, _work: Work) -> list[Problem]:
        return wanted(form, "reason", form.verdict == Passed.FAIL)

    brief = [f"{report.work} {report.used}"]
    return way.question(
        f"inspect/{way.attempts}", "返修检验", Role.QUALITY, RepairInspected, "inspection", "车间维修", brief, check,
        barred=frozenset(way.barred),
    )  # fmt: skip


def _ruling_question(way: Way, brief: Sequence[str]) -> Question[RepairRuled]:
    def check(form: RepairRuled, work: Work) -> list[Problem]:
        problems, known = wanted(form, "unit", form.verdict == Ruling.OTHER), work.read(units)
        if form.unit and (form.unit not in known or known[form.unit].code != form.unit):
            problems.append(Problem("生产单位 unit", form.unit, NO_UNIT + known.meant(form.unit)))
        return problems

    return way.question(
        f"ruling/{way.attempts}", "返修裁定", Role.SUPERVISOR, RepairRuled, "ruling", "车间维修", brief, check
    )


def receiving(way: Way, plan: PlannedLine) -> Branch[Received]:
    """出货入库 + 入库制票: what passed is counted, booked as good, and kept for the case."""
    made = {way.no: way.quantity}
    counted: GoodsInCount = yield count_question(
        f"goods-in-{way.no}", made, {way.no: plan}, only_these(made), "出货入库", ""
    )
    (line,) = counted.lines
    received = Received(plan, way.quantity, line.counted, line.reason, min(line.counted, way.quantity))
    order = OrderProgress(line_no=way.no, quantity=way.quantity, made=way.quantity)
    book_goods_in(way.case, [received], [order], way.no, repaired=True, turn=f"{way.no}")
    way.out, way.quantity = False, received.kept
    return received


def paying(way: Way) -> Branch[None]:
    """Wait for the money of a charged repair: until then the goods stay; after 10 wd the SUPERVISOR is told."""
    if not way.fee:
        return

    def check(form: RepairPaid, _work: Work) -> list[Problem]:
        return [] if form.paid == way.fee else [Problem("收款金额 paid", form.paid, f"{AS_CHARGED}: {way.fee}")]

    due = [f"修理收费单 fee note: **{way.fee:,.2f} CNY**"]
    told = overdue(Role.FINANCE, Role.SUPERVISOR)
    yield way.question("paid", "修理收款", Role.FINANCE, RepairPaid, "payment", "出库", due, check, remind=told)
