"""How goods leave a repair: delivered, returned unrepaired, scrapped with consent, taken back (DOMAIN-BRANCHES 2)."""

from decimal import Decimal

from schemas.forms.anomalies import AnomalyKind
from schemas.forms.approvals import ApprovalDecision
from schemas.forms.logistics import HandedOver
from schemas.forms.repairs import CustomerWord, Place, QuoteAnswer, ScrapAnswer, ScrapWord
from schemas.parts import Shortfall
from schemas.problems import Problem
from schemas.processes.repair_return import RepairEnding
from schemas.words import FeeCategory, MovementKind, Role, Verdict
from tasks.approvals.rules import Approver
from tasks.approvals.steps import Matter, approval, asking, find_leader
from tasks.branches.beside import Branch, beside, drop, drop_all
from tasks.cycle.terms import calendar_days, reminders, working_days
from tasks.durable.process import Case
from tasks.durable.question import Question
from tasks.durable.signals import TimedOut
from tasks.lines.anomalies import heed_anomaly, settling
from tasks.logistics.handover import handover_question
from tasks.logistics.pickup import collecting
from tasks.logistics.sending import Parcel, Release, sending
from tasks.repair.mending import consented, paying
from tasks.repair.rules import wanted
from tasks.repair.steps import (
    book,
    finish_here,
    hold_unrepaired,
    issue_repair_outbound,
    order_new,
    release_unrepaired,
    take_repair_back,
)
from tasks.repair.way import Way, arriving
from tasks.unit.work import Work

LAPSED = "报价已过期，只受理签回的同意 the quote has lapsed: only a consent that came back signed counts"


def scrapping(way: Way) -> Branch[RepairEnding | None]:
    """Scrap the goods: a customer's only with consent, all with the SUPERVISOR's approval; else they go back.

    Under warranty, or where the customer buys one, a linked parts application gives a new part.
    """
    way.put_back()
    new = way.line.fee == FeeCategory.FREE and not way.misused
    if way.of_customer:
        said = yield from _customer_on_scrap(way, offered=not new)
        if said == ScrapWord.REFUSES:
            return (yield from returning(way))
        new = new or said == ScrapWord.BUY_NEW
    if not (yield from _approving_scrap(way)):
        return (yield from returning(way))
    book(way.case, way.booking(MovementKind.SCRAP_OUT, "damaged", way.here), turn=f"{way.no}-scrap")
    if new:
        order_new(way.case, way.line, way.quantity, turn=f"{way.no}")
    return RepairEnding.SCRAPPED


def _customer_on_scrap(way: Way, offered: bool) -> Branch[ScrapWord]:
    new = way.quantity * way.line.price
    brief = [f"可购新件 a new part for **{new:,.2f} CNY**"] if offered else ["三包内免费换新 a new part is free"]
    due = calendar_days("quote")
    asked = way.question(
        "scrap-consent", "报废答复", Role.AGENT, ScrapAnswer, due, "修正确认", brief,
        expires=due, remind=reminders("quote", Role.AGENT),
    )  # fmt: skip
    try:
        said = yield asked
    except TimedOut:
        return ScrapWord.REFUSES
    return ScrapWord(said.verdict)


def _approving_scrap(way: Way) -> Branch[bool]:
    key, proof = f"scrap-{way.no}", ["凭照片就地报废 by photos"] if way.place == Place.SCRAP else []

    def find(key: str) -> Approver:
        return find_leader(way.case, Role.SUPERVISOR, frozenset(way.barred), turn=key)

    def question(key: str, leader: Approver) -> Question[ApprovalDecision]:
        matter = Matter("修正确认", way.barred, lambda: [*way.shown, *proof], leader.last)
        return approval(key, "报废审批", leader.role, matter, "scrap")

    said, *_ = yield from asking(key, find(key), find, question)
    if said.verdict == Verdict.APPROVE:
        way.barred.add(said.staff)
    return bool(said.verdict == Verdict.APPROVE)


def returning(way: Way) -> Branch[RepairEnding | None]:
    """Send the goods back unrepaired; None where consent to a lapsed quote came before they left, so they are repaired."""
    way.put_back()
    if way.here:
        yield from _handing_over(way, "damaged", way.quantity)
        return RepairEnding.UNREPAIRED
    if not way.lapsed:
        yield from _going_back(way, str(way.no))
        return RepairEnding.UNREPAIRED
    turn = f"{way.no}-{way.quotes}"
    back = _until_gone(way, turn)
    beside(way.case, back)

    def check(form: QuoteAnswer, _work: Work) -> list[Problem]:
        refuses = [Problem("客户答复 answer", form.verdict.zh, LAPSED)] if form.verdict == CustomerWord.REFUSES else []
        return [*refuses, *wanted(form, "signed")]

    asked = f"revive/{way.quotes}"
    said = yield way.question(
        asked, "追认同意", Role.AGENT, QuoteAnswer, working_days("goods_out"), "出库", [LAPSED], check, remind=None
    )
    drop(way.case, back)
    release_unrepaired(way.case, way.held, turn=turn)
    way.held = ""
    consented(way, way.quoted, said)
    return None


def _until_gone(way: Way, turn: str) -> Branch[None]:
    """Go back unrepaired, from dispatch on for good."""
    parcel = _unrepaired(way, turn)
    sent = yield from sending(parcel)
    drop(way.case, way.main)
    yield from _delivered(way, parcel, sent, "damaged")
    way.finish(RepairEnding.UNREPAIRED)


def _unrepaired(way: Way, turn: str) -> Parcel:
    way.held = hold_unrepaired(way.case, way.goods, way.quantity, turn=turn)
    return way.parcel(way.held)


def _going_back(way: Way, turn: str) -> Branch[None]:
    parcel = _unrepaired(way, turn)
    sent = yield from sending(parcel)
    yield from _delivered(way, parcel, sent, "damaged")


def delivering(way: Way) -> Branch[None]:
    """出库 → 催提: what was repaired is paid for, leaves, is collected, and is handed to the customer."""
    yield from paying(way)
    parcel = way.parcel(f"book-goods-in-{way.no}")
    sent = yield from sending(parcel)
    yield from _delivered(way, parcel, sent, "good")


def finishing_here(way: Way) -> Branch[None]:
    """What the office's own paint room repaired is booked there, paid for, and handed to the customer."""
    finish_here(way.case, way.booking(MovementKind.REPAIRED_IN, "good", of_office=True), turn=way.no)
    way.out = False
    yield from paying(way)
    yield from _handing_over(way, "good", way.quantity)


def _delivered(way: Way, parcel: Parcel, sent: Release, stock: str) -> Branch[None]:
    """Issue the 返修品出库单, await pickup, book the goods into the office's warehouse, and out to the customer."""
    way.since, method = sent.day, parcel.method.option if parcel.method else ""
    issue_repair_outbound(way.case, sent, method, turn=way.no)
    quantity = sum(sent.quantities.values(), Decimal(0))
    for one in (yield from collecting(way.case, [way.line], sent, parcel.turn)) or ():
        quantity -= one.missing
        beside(way.case, _missing(way, one, f"anomaly-pickup-{way.no}", "催提"))
    if quantity:
        kind = MovementKind.TRANSFER_IN if stock == "good" else MovementKind.RETURN_TO_STOCK
        book(way.case, way.booking(kind, stock, True, quantity), turn=f"{way.no}-office")
        yield from _handing_over(way, stock, quantity)


def _handing_over(way: Way, stock: str, quantity: Decimal) -> Branch[HandedOver]:
    said: HandedOver = yield handover_question(f"handover-{way.no}", way.shown, way.since)
    book(way.case, way.booking(MovementKind.OWN_USE_OUT, stock, True, quantity), turn=f"{way.no}-customer")
    return said


def lose(way: Way, less: Decimal, found: str, link: str) -> None:
    """Report goods that are not there as an anomaly, which goes on beside."""
    by = way.case.request.applicant
    fall = Shortfall(line_no=way.no, missing=less, quantity=less, kind=AnomalyKind.MISSING, found=found, by=by)
    beside(way.case, _missing(way, fall, f"anomaly-{len(way.passed)}-{way.no}-{way.attempts}", link))


def _missing(way: Way, found: Shortfall, key: str, link: str) -> Branch[None]:
    """Wait until an anomaly is settled: what is made or sent again is its own matter, the rest of the line goes on."""
    outcome = yield from settling(way.case, key, found, link)
    heed_anomaly(way.case, outcome, turn=key.removeprefix("anomaly-"))


def taking_back(case: Case, ways: list[Way]) -> None:
    """Return what is not at its office any more, for a case that was withdrawn."""
    drop_all(case)
    take_repair_back(case)
    for way in ways:
        if way.outcome is None:
            way.put_back()
            if way.passed:
                beside(case, _taken_back(way))


def _taken_back(way: Way) -> Branch[None]:
    if "arrived" not in way.passed:
        yield from arriving(way, "/back")
    if way.quantity:
        yield from _going_back(way, f"{way.no}-taken-back")
