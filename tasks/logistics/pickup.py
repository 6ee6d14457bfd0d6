"""催提: the office collects the goods and checks them (DOMAIN 1.11)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from schemas.forms.anomalies import AnomalyKind
from schemas.forms.logistics import FoundLine, GoodsCheck, PickupConfirmation, PickupFound
from schemas.parts import PartsLine, Shortfall
from schemas.problems import Problem
from schemas.words import Role
from tasks.branches.beside import Branch, alone
from tasks.cycle.rules import at
from tasks.cycle.terms import (
    More,
    escalation,
    gate,
    overdue,
    pickup_due,
    pickup_reminders,
    reminders_used_up,
    working_days,
)
from tasks.documents.steps import DocumentRef
from tasks.durable.process import Case
from tasks.durable.question import Question
from tasks.durable.signals import TimedOut
from tasks.durable.step import step
from tasks.lines.rules import as_rows, only_these
from tasks.lines.steps import mark_line
from tasks.logistics.collected import beyond_what_left, stand_here
from tasks.logistics.rules import ARRIVED, arrival_problems, found_problems, late_problems
from tasks.logistics.sending import Release, SentLine
from tasks.people.queries import people
from tasks.unit.work import Work

KINDS = {
    PickupFound.SHORT: AnomalyKind.MISSING,
    PickupFound.DAMAGED: AnomalyKind.DAMAGED,
    PickupFound.MISMATCH: AnomalyKind.WRONG_PART,
}
REMINDED = "催提已用尽：主管认定到货后，办事处须在期限内核对 reminders are used up: a SUPERVISOR finds the arrival"


def await_pickup(case: Case, lines: Sequence[PartsLine], sent: Release, turn: int) -> list[Shortfall] | None:
    """催提: `collecting` as part of the process itself."""
    return alone(case, collecting(case, lines, sent, turn))


def collecting(
    case: Case, lines: Sequence[PartsLine], sent: Release, turn: int, stands: bool = True
) -> Branch[list[Shortfall] | None]:
    """催提: the office collects and checks; gives what did not arrive in good order.

    Who only tells the arrival (LOGISTICS, the office itself, at the latest the SUPERVISOR when the reminders are used
    up) starts the check's term. None where nobody checked in time: that is the office's own loss (S3 §3 1.2).
    What arrived in good order `stands` in the office's own warehouse, unless the caller books it.
    """
    try:
        found = yield pickup_question(f"pickup-{turn}", lines, sent)
    except TimedOut:
        found = yield finding_question(f"pickup-{turn}-late", lines, sent)
    checked = found.found != PickupFound.NOT_CHECKED
    came = in_good_order(found, sent) if stands and checked else []
    arrived_on = confirm_receipt(case, found.arrived_on, list(sent.quantities), came, turn=turn)
    if checked:
        return shortfalls(found, sent.quantities)
    if stands:
        leave_unchecked(case, sent, turn=turn)
    try:
        said = yield check_question(f"check-{turn}", lines, sent, arrived_on)
    except TimedOut:
        said = None
    if stands:
        stand_at_office(case, in_good_order(said, sent) if said else sent.lines, turn=f"{turn}")
    return shortfalls(said, sent.quantities) if said else None


def in_good_order(found: PickupConfirmation | GoodsCheck, sent: Release) -> list[SentLine]:
    """Give what arrived in good order: all of a line of which nothing is said."""
    good = {line.line_no: line.good for line in found.lines}
    return [line.of(good.get(line.line_no, line.quantity)) for line in sent.lines]


def shortfalls(found: PickupConfirmation | GoodsCheck, sent: Mapping[int, Decimal]) -> list[Shortfall]:
    """Give what did not arrive in good order."""
    story = " · ".join(filter(None, [found.found.zh, found.note]))
    less = {line.line_no: sent[line.line_no] - line.good for line in found.lines}
    kind = KINDS.get(PickupFound(found.found), AnomalyKind.NOTED)
    same = {"kind": kind, "found": story, "photos": found.photos, "by": found.staff}
    return [Shortfall(line_no=no, missing=less[no], quantity=less[no], **same) for no in sent if less.get(no)]


@step("签收", link="催提")
def confirm_receipt(work: Work, arrived_on: date, lines: list[int], came: list[SentLine], turn: int) -> date:
    """Record the pickup of the lines that were sent, and book what came; the signed copy settles the freight."""
    for line_no in lines:
        mark_line(work, line_no, picked_on=arrived_on)
    stand_here(work, _still_out(work, came))
    return arrived_on


@step("到货入库", link="催提")
def stand_at_office(work: Work, came: list[SentLine], turn: str) -> DocumentRef | None:
    """Book what the office collected, and has checked, or keeps as it is, into its own warehouse."""
    return stand_here(work, _still_out(work, came))


@step("未核对入库", link="催提")
def keep_unchecked(work: Work, sent: Release) -> DocumentRef | None:
    """Book what the office has and nobody will check any more into its own warehouse."""
    return None if work.recorded(f"stand-at-office-{sent.turn}") else stand_here(work, _still_out(work, sent.lines))


@step("到货待核对", link="催提", undo=keep_unchecked)
def leave_unchecked(work: Work, sent: Release, turn: int) -> Release:
    """Note that the office has the goods and will check them."""
    return sent


def _still_out(work: Work, came: list[SentLine]) -> list[SentLine]:
    """Leave out what was called back and counted before the office checked."""
    return [line.of(max(min(line.quantity, -beyond_what_left(work, line)), Decimal(0))) for line in came]


def pickup_question(key: str, lines: Sequence[PartsLine], sent: Release) -> Question[PickupConfirmation]:
    """Ask the office for pickup and check, until the reminders are used up; LOGISTICS may tell the arrival."""
    brief, prefill = _goods(lines, sent)
    more: More = {"also": Role.LOGISTICS, "remind": pickup_reminders, "expires": reminders_used_up}
    more["covers"] = only_these(sent.quantities)
    check = _checked(sent)
    return gate(key, "催提", Role.OFFICE, PickupConfirmation, pickup_due, "", brief, prefill, check, **more)


def finding_question(key: str, lines: Sequence[PartsLine], sent: Release) -> Question[PickupConfirmation]:
    """Ask the office again, and the SUPERVISOR to find that the goods arrived: from then on the check's term counts."""
    goods, prefill = _goods(lines, sent)
    more: More = {"also": Role.SUPERVISOR, "remind": escalation(Role.SUPERVISOR)}
    more["covers"] = only_these(sent.quantities)

    def brief() -> list[str]:
        return [REMINDED, *goods()]

    check = _checked(sent, finding=True)
    return gate(key, "催提", Role.OFFICE, PickupConfirmation, "finding", "", brief, prefill, check, **more)


def _checked(sent: Release, finding: bool = False) -> Callable[[PickupConfirmation, Work], list[Problem]]:
    """Check what is said of an arrival: only the office says what it found, and in time."""

    def check(form: PickupConfirmation, work: Work) -> list[Problem]:
        problems = found_problems(form, sent.quantities)
        if not sent.day <= form.arrived_on <= work.today:
            expected = f"应在发货日 {sent.day} 与今天 {work.today} 之间 must lie between dispatch and today"
            return [*problems, Problem(ARRIVED, form.arrived_on, expected)]
        if not work.read(people)[form.staff].holds(Role.OFFICE, work.case.office):
            return problems + arrival_problems(form, work.today if finding else None)
        ends = working_days("check", at(form.arrived_on))(work)
        return problems + late_problems(form.found, ends, work.now)

    return check


def check_question(key: str, lines: Sequence[PartsLine], sent: Release, arrived_on: date) -> Question[GoodsCheck]:
    """Ask the office for the later check, within 5 wd of arrival; then the loss is the office's."""

    def check(form: GoodsCheck, _work: Work) -> list[Problem]:
        return found_problems(form, sent.quantities)

    due, (brief, prefill) = working_days("check", at(arrived_on)), _goods(lines, sent)
    more: More = {"expires": due, "remind": overdue(Role.OFFICE), "covers": only_these(sent.quantities)}
    return gate(key, "到货核对", Role.OFFICE, GoodsCheck, due, "催提", brief, prefill, check, **more)


def _goods(lines: Sequence[PartsLine], sent: Release) -> tuple[Callable[[], list[str]], Callable[[], dict[str, Any]]]:
    """Show what was sent, the first few lines, and fill in that all of it arrived in good order."""
    names, quantities = {line.line_no: line.name for line in lines}, sent.quantities

    def brief() -> list[str]:
        return [f"{no}. {names[no]} × {quantity:f}" for no, quantity in list(quantities.items())[:5]]

    def prefill() -> dict[str, Any]:
        return as_rows(FoundLine(line_no=no, good=quantity) for no, quantity in quantities.items())

    return brief, prefill
