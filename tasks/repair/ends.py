"""How goods leave a repair: delivered, returned unrepaired, scrapped with consent, taken back (DOMAIN-BRANCHES 2)."""

from decimal import Decimal

from schemas.forms.anomalies import AnomalyKind
from schemas.forms.repairs import Place, ScrapAnswer, ScrapWord
from schemas.forms.return_lists import GoodsArrived
from schemas.parts import Shortfall
from schemas.processes.repair_return import RepairEnding
from schemas.words import FeeCategory, MovementKind, Role
from tasks.approvals.steps import Matter, approving
from tasks.branches.beside import Branch, beside, drop, drop_all
from tasks.cycle.terms import calendar_days, reminders
from tasks.durable.process import Case
from tasks.durable.signals import TimedOut
from tasks.lines.anomalies import heed_anomaly, settling
from tasks.logistics.handover import handover_question
from tasks.logistics.pickup import collecting
from tasks.logistics.sending import Parcel, Release, sending
from tasks.quotes.steps import answer_question
from tasks.repair.coming import arriving
from tasks.repair.mending import consented, paid
from tasks.repair.steps import (
    book_goods,
    finish_here,
    hold_unrepaired,
    issue_repair_outbound,
    order_new,
    release_unrepaired,
    take_repair_back,
)
from tasks.repair.way import ARRIVED, Way

BOUGHT = "客户购新件，收费 the customer buys it"
LOST = "运输丢失 lost on the way"


def scrapping(way: Way) -> Branch[RepairEnding | None]:
    """Scrap the goods: a customer's only with consent, all with the SUPERVISOR's approval; else they go back.

    Under warranty, or where the customer buys one, a linked parts application gives a new part.
    """
    way.put_back()
    new, why = way.line.fee == FeeCategory.FREE and not way.misused, ""
    if way.of_customer:
        said = yield from _customer_on_scrap(way, offered=not new)
        if said == ScrapWord.REFUSES:
            return (yield from returning(way))
        new, why = new or said == ScrapWord.BUY_NEW, "" if new else BOUGHT
    shown = [*way.shown, *(["凭照片就地报废 by photos"] if way.place == Place.SCRAP else [])]
    matter = Matter("修正确认", way.barred, shown.copy)
    if (yield from approving(way.case, f"scrap-{way.no}", "报废审批", Role.SUPERVISOR, matter, "scrap")):
        return (yield from returning(way))
    book_goods(way.case, way.booking(MovementKind.SCRAP_OUT, "damaged", way.here), turn=f"{way.no}-scrap")
    if new:
        order_new(way.case, way.line, way.quantity, why, turn=f"{way.no}")
    return RepairEnding.SCRAPPED


def _customer_on_scrap(way: Way, offered: bool) -> Branch[ScrapWord]:
    new = way.quantity * way.line.price
    brief = [f"可购新件 a new part for **{new:,.2f} CNY**"] if offered else ["三包内免费换新 a new part is free"]
    due = calendar_days("scrap_consent")
    asked = way.question(
        "scrap-consent", "报废答复", Role.AGENT, ScrapAnswer, due, "修正确认", brief,
        expires=due, remind=reminders("quote", Role.AGENT),
    )  # fmt: skip
    try:
        said = yield asked
    except TimedOut:
        return ScrapWord.REFUSES
    return ScrapWord(said.verdict)


def returning(way: Way) -> Branch[RepairEnding | None]:
    """Send the goods back unrepaired; None where consent to a lapsed quote came before they left, so they are repaired."""
    way.put_back()
    if way.here:
        yield from _handing_over(way, "damaged", way.quantity)
        return RepairEnding.UNREPAIRED
    if way.in_house:  # nobody wants them damaged: they stay, and what was applied for is made anew
        order_new(way.case, way.line, way.quantity, "", turn=f"{way.no}")
        return RepairEnding.UNREPAIRED
    if not (way.lapsed and way.quote):
        yield from _going_back(way, str(way.no))
        return RepairEnding.UNREPAIRED
    turn = f"{way.no}-{way.quotes}"
    back = beside(way.case, _until_gone(way, turn))
    shown = way.shown
    said = yield answer_question(
        f"revive-{turn}", Role.AGENT, way.quote, "出库", shown.copy, within="goods_out", late=True, line=way.no
    )
    drop(way.case, back)
    release_unrepaired(way.case, way.held, turn=turn)
    consented(way, said.signed_on)
    return None


def _until_gone(way: Way, turn: str) -> Branch[None]:
    yield from _going_back(way, turn)
    way.finish(RepairEnding.UNREPAIRED)


def _going_back(way: Way, turn: str) -> Branch[None]:
    """Go back unrepaired; from dispatch on nothing revives a quote."""
    way.held = hold_unrepaired(way.case, way.goods, way.quantity, turn=turn)
    parcel = way.parcel(way.held)
    sent = yield from sending(parcel)
    drop(way.case, way.main)
    yield from _delivered(way, parcel, sent, "damaged")


def delivering(way: Way) -> Branch[None]:
    """出库 → 催提: what was repaired is paid for, leaves, is collected, and is handed to the customer."""
    yield from paid(way)
    parcel = way.parcel(f"book-goods-in-{way.no}")
    sent = yield from sending(parcel)
    yield from _delivered(way, parcel, sent, "good")


def finishing_here(way: Way) -> Branch[None]:
    """What the office's own paint room repaired is booked there, paid for, and handed to the customer."""
    finish_here(way.case, way.so_many(way.quantity), turn=way.order)
    way.out = False
    yield from paid(way)
    yield from _handing_over(way, "good", way.quantity)


def _delivered(way: Way, parcel: Parcel, sent: Release, stock: str) -> Branch[None]:
    """Issue the 返修品出库单, await pickup, book the goods into the office's warehouse, and out to the customer."""
    way.since, method = sent.day, parcel.method.option if parcel.method else ""
    issue_repair_outbound(way.case, sent, method, turn=way.no)
    quantity = sum(sent.quantities.values(), Decimal(0))
    for one in (yield from collecting(way.case, [way.line], sent, parcel.turn, stands=False)) or ():
        quantity -= one.missing
        beside(way.case, _missing(way, one, f"anomaly-pickup-{way.no}", "催提"))
    if quantity:
        kind = MovementKind.TRANSFER_IN if stock == "good" else MovementKind.RETURN_TO_STOCK
        book_goods(way.case, way.booking(kind, stock, True, quantity), turn=f"{way.no}-office")
        yield from _handing_over(way, stock, quantity)


def _handing_over(way: Way, stock: str, quantity: Decimal) -> Branch[None]:
    yield handover_question(f"handover-{way.no}", way.shown, way.since)
    book_goods(way.case, way.booking(MovementKind.OWN_USE_OUT, stock, True, quantity), turn=f"{way.no}-customer")


def lost_or_never_sent(way: Way, came: GoodsArrived | None) -> RepairEnding | None:
    """Report what did not come back as an anomaly; gives how the line ended where none of it did."""
    if came is None:
        return RepairEnding.NEVER_SENT
    if less := way.goods.quantity - came.counted:
        lose(way, less, f"{came.state.zh if came.counted else LOST} · {way.carrier}", "提货验货")
    return None if way.quantity else RepairEnding.REPLACED


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
            if way.passed and not way.in_house:
                beside(case, _taken_back(way))


def _taken_back(way: Way) -> Branch[None]:
    if ARRIVED not in way.passed:
        yield from arriving(way, "/back")
    if way.quantity:
        yield from _going_back(way, f"{way.no}-taken-back")
