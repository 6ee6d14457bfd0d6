"""Play the control of cycles: the watch goes its rounds, cases are made late or in time."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Annotated, Any, ClassVar

import time_machine

import flows.cycle_control  # noqa: F401  registers process CY
from schemas.forms.base import Decision
from schemas.forms.fields import Remark, label
from schemas.processes.parts_application import PartsEnding
from schemas.words import Role
from tasks.applications.steps import enter_order, review_application
from tasks.branches.beside import Branch, beside, drop, side_by_side
from tasks.control.watch import watch_cycles
from tasks.cycle.terms import gate
from tasks.durable import clock
from tasks.durable.process import PROCESSES, Case, Closing
from tasks.logistics.pickup import await_pickup
from tasks.logistics.sending import send_goods
from tasks.notices.watch import watch_deadlines
from tasks.production.planning import plan_production, reserve_stock
from tasks.production.steps import make_goods
from tasks.runs.process import variant
from tests.play import Play, cells, line, open_to_gate

PANEL = "produce-1-panel-1"  # its report; of what is planned on Wednesday 2026-11-18, promised for Friday 11-27
LEAVES = line("P-PB-001", 5)


def sweep(play: Play, today: time_machine.Traveller, moment: str) -> list[str]:
    """Let the watch go, as its job does, at a moment of 2026 in Shanghai: month-dayThour:minute; gives what it told."""
    today.move_to(f"2026-{moment}:00+08:00" if moment.count("-") == 1 else f"{moment}:00+08:00")
    assert watch_cycles(play.db) == []
    report = watch_deadlines(play.db, clock.now())
    assert report.failed == []
    return report.told


def planned(play: Play, *lines: dict[str, Any], process: str = "PA", **more: Any) -> int:
    """A case whose plan is confirmed on Wednesday; nothing is made yet."""
    case = open_to_gate(play.db, play.form(list(lines) or [LEAVES], **more), process).case_id
    while not any(key.startswith("produce") for key in play.items(case)):
        play.decide(case, play.next_key(case))
    return case


def control_of(play: Play, case: int) -> int:
    """Give the case that controls another's cycles."""
    found = play.rows("SELECT id FROM service_case WHERE process = 'CY' AND parent_id = :case ORDER BY id", case=case)
    return int(found[-1].id)


def made(play: Play, case: int, quantity: int, key: str = PANEL) -> None:
    """Let a unit report so many of its first line."""
    no = play.items(case)[key].prefill["明细"][0]["行号"]
    play.decide(case, key, 明细=cells("完成数量", {no: quantity}))


def late_case(play: Play, today: time_machine.Traveller, *lines: dict[str, Any]) -> int:
    """A case that is made on Monday 11-30, a working day over, at the opinion of December's first morning; its control."""
    case = planned(play, *lines)
    sweep(play, today, "11-18T10:15")
    made_late(play, today, case)
    return control_of(play, case)


def made_late(play: Play, today: time_machine.Traveller, case: int) -> None:
    """Let all of a case be made on Monday 11-30, and December's first morning come."""
    today.move_to("2026-11-30T10:00:00+08:00")
    play.decide(case, PANEL)
    sweep(play, today, "11-30T10:15")
    sweep(play, today, "12-01T08:30")


def recorded(play: Play, control: int) -> list[Any]:
    """Give the record of the lines that a case controls."""
    return play.rows("SELECT * FROM line_cycle WHERE case_id = :case ORDER BY line_no", case=control)


def counted_short(play: Play, case: int, counted: int, turn: int = 1) -> None:
    """Let the warehouse find less of the first line than the turn's report says; that is no anomaly: the rest is owed."""
    play.decide(case, f"goods-in-1-{turn}", 明细=cells("实收数量", {1: counted}, 差异原因="少一块"))
    play.deny(case, f"anomaly-1-{turn + 1}-1")


def penalties(play: Play, control: int) -> list[Any]:
    """Give the penalties of a case."""
    return play.rows("SELECT * FROM penalty WHERE case_id = :case ORDER BY made_on, line_no", case=control)


class Doubt(Decision):
    """车间疑问: the workshop does not know how to go on."""

    note: Annotated[Remark, label("疑问", "Doubt")] = ""


class OfficeSays(Decision):
    """办事处答复: what the office says to a doubt; the clock stands still until it does."""

    stops_clock: ClassVar = True
    note: Annotated[Remark, label("答复", "Answer")] = ""


def doubting() -> Branch[None]:
    for number in count(1):
        yield gate(f"doubt-{number}", "车间疑问", Role.WORKSHOP, Doubt, "plan", "车间生产")
        yield gate(f"office-{number}", "办事处答复", Role.OFFICE, OfficeSays, "resubmit", "车间生产")


@contextmanager
def with_doubts() -> Iterator[None]:
    """Let there be a process PW: parts that are made while the workshop may ask the office and wait for it."""

    @variant(of="PA", code="PW", title="配件申报(答疑)")
    def parts_with_doubts(case: Case) -> Closing:
        case = side_by_side(case)
        review = review_application(case)
        enter_order(case, review.lines)
        plan = plan_production(case, review.lines, reserve_stock(case, review.lines, turn=1), 1)
        doubts = beside(case, doubting())
        make_goods(case, plan, 1)
        drop(case, doubts)
        await_pickup(case, review.lines, send_goods(case, review.lines, review.barred, 1), 1)
        return Closing(PartsEnding.DELIVERED)

    try:
        yield
    finally:
        del PROCESSES["PW"]
