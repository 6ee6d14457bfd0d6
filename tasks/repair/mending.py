"""Quotes and repairs: consent and money before work and dispatch, inspection before goods in (DOMAIN-BRANCHES 2)."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from enum import Enum

from schemas.forms.production import GoodsInCount
from schemas.forms.quotes import QuoteVerdict
from schemas.forms.repairs import Place, QuoteSent, RepairReport, RepairResult, RepairRuled, RepairRuling
from schemas.forms.sales import YesNo
from schemas.parts import OrderProgress, PlannedLine
from schemas.problems import Problem
from schemas.words import MovementKind, PaymentKind, Role
from tasks.branches.beside import Branch
from tasks.cycle.rules import shanghai_day
from tasks.cycle.terms import More, Promise, production_due, reminders
from tasks.durable.process import answered_at
from tasks.durable.question import Question
from tasks.durable.signals import TimedOut
from tasks.lines.rules import only_these
from tasks.people.queries import units
from tasks.production.planning import planning
from tasks.production.questions import count_question
from tasks.production.rules import NO_UNIT, Received
from tasks.production.steps import book_goods_in, place_production_orders, record_production
from tasks.quality.steps import inspecting
from tasks.quotes.steps import answer_question, ends, paying
from tasks.repair.disputes import disputing
from tasks.repair.rules import wanted
from tasks.repair.steps import book_goods, end_repair_order, issue_fee_note, offer_repair, report_repair
from tasks.repair.way import Way
from tasks.unit.work import Work

AGREED = "高于已同意的报价，请选“须重新报价” is more than was agreed: choose dearer, a new quote is needed"
NOT_DEARER = "收费且高于已同意的报价才须重新报价 a new quote is for what is charged, and dearer than agreed"


def quoting(way: Way, fee: Decimal, finding: str) -> Branch[bool]:
    """Quote to the customer; says whether it came back signed. Silence for 15 days lets it lapse."""
    way.quotes, way.lapsed = way.quotes + 1, False
    turn, brief = f"{way.no}-{way.quotes}", [f"报价 quote: **{fee:,.2f} CNY** · {finding}"]
    told = yield way.question(f"contact/{way.quotes}", "报价联系", Role.AGENT, QuoteSent, "contact", "修正确认", brief)
    if told.disputed == YesNo.YES and (yield from disputing(way, told.note)):
        return True
    way.quote = offer_repair(way.case, way.goods, fee, finding, turn=turn)
    remind, shown = reminders("quote", Role.AGENT), [*way.shown, *filter(None, [finding])]
    asked = answer_question(
        f"quote-{turn}", Role.AGENT, way.quote, "修正确认", shown.copy, remind, ends(way.quote), line=way.no
    )
    try:
        said = yield asked
    except TimedOut:
        way.lapsed = True
        return False
    if said.verdict == QuoteVerdict.ACCEPT:
        consented(way, said.signed_on)
    return bool(said.verdict == QuoteVerdict.ACCEPT)


def consented(way: Way, signed_on: date) -> None:
    """Take a customer's signed consent: the fee note is issued."""
    assert way.quote
    way.fee, way.lapsed = way.quote.amount, False
    issue_fee_note(way.case, way.goods, way.fee, f"客户签字 {signed_on}", turn=f"{way.no}-{way.quotes}")


class Mended(Enum):
    """What came of a repair; DECLINED: the customer does not pay for it, HOPELESS: it cannot be done; MOVED: by others."""

    PASSED = "passed"
    MOVED = "moved"
    DECLINED = "declined"
    HOPELESS = "hopeless"


def planning_repair(way: Way) -> Branch[PlannedLine]:
    """计划 of a repair, after 修正确认 and consent; the goods go to the repairer, as they do again after a new consent."""
    if not way.plan:
        planned = {Place.OUTSIDE: way.limits.outside_unit, Place.PAINT_ROOM: way.limits.paint_room}
        unit = way.unit or planned.get(way.place, way.line.unit)
        line = way.line.of(way.quantity).model_copy(update={"unit": unit})
        way.plans += 1
        (way.plan,) = yield from planning(way.case, [line], [], way.order, "修正确认")
        place_production_orders(way.case, [way.plan], turn=way.order)
    if not way.out:
        way.out = True
        out = way.booking(MovementKind.REPAIR_OUT, "damaged", way.here)
        book_goods(way.case, out, turn=f"{way.no}-repair-{way.attempts}")
    return way.plan


def mending(way: Way, plan: PlannedLine) -> Branch[Mended]:
    """车间维修: repair and inspect until it passes, cannot be done, or the customer declines a higher price.

    The third failed inspection is the SUPERVISOR's: once more, another repairer, or scrap.
    """
    failed, brief = 0, list[str]()
    while True:
        way.attempts += 1
        report = yield _report_question(way, plan, brief)
        if report.result == RepairResult.DEARER:
            if not (yield from quoting(way, report.fee, report.work)):
                return Mended.DECLINED
            continue
        if report.result == RepairResult.IMPOSSIBLE:
            return Mended.HOPELESS
        turn, tested = f"{way.no}-{way.attempts}", [*way.shown, f"{report.work} {report.used}"]
        wrong = yield from inspecting(way.case, turn, way.goods, way.barred, "车间维修", tested.copy)
        if not wrong:
            _finish(way, report, turn)
            return Mended.PASSED
        failed, brief = failed + 1, [f"检验不合格 failed: **{wrong}**"]
        if failed >= way.limits.inspections:
            ruled = yield _ruling_question(way, brief)
            if ruled.verdict == RepairRuling.SCRAP:
                return Mended.HOPELESS
            if ruled.verdict == RepairRuling.OTHER:
                way.unit, way.plan = ruled.unit, None
                end_repair_order(way.case, way.no, turn=way.order)
                return Mended.MOVED
            failed = 0


def _report_question(way: Way, plan: PlannedLine, brief: Sequence[str]) -> Question[RepairReport]:
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
        more["unit"] = plan.unit
    return way.question(
        f"repair/{way.attempts}", "车间维修", Role.OFFICE if way.here else Role.WORKSHOP, RepairReport, 
        production_due(promise), "", [*brief, f"承诺 {plan.promised}"], check, {"修理费": float(way.fee)}, **more,
    )  # fmt: skip


def _finish(way: Way, report: RepairReport, turn: str) -> None:
    on = shanghai_day(answered_at(way.case, f"inspect-{turn}"))
    done = OrderProgress(line_no=way.no, quantity=way.quantity, made=way.quantity)
    record_production(way.case, [done], [way.no], on, way.order, turn=turn)
    report_repair(way.case, way.goods, way.line.reason.zh, report, way.charged, turn=turn)
    if way.charged and report.fee < way.fee:  # more is never paid than the report says
        way.fee = report.fee
        issue_fee_note(way.case, way.goods, way.fee, f"实际 {report.work}", turn=f"{turn}-less")


def _ruling_question(way: Way, brief: Sequence[str]) -> Question[RepairRuled]:
    def check(form: RepairRuled, work: Work) -> list[Problem]:
        problems, known = wanted(form, "unit", form.verdict == RepairRuling.OTHER), work.read(units)
        if form.unit and form.unit not in known:
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
    book_goods_in(way.case, [received], [order], way.order, repaired=True, turn=f"{way.no}")
    way.out, way.quantity = False, received.kept
    return received


def paid(way: Way) -> Branch[None]:
    """Wait for the money of a charged repair: until then the goods stay; after 10 wd the SUPERVISOR is told."""
    yield from paying(f"paid-{way.no}", {PaymentKind.FEE: way.fee}, [], "出库", line=way.no)
