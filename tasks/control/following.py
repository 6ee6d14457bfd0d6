"""配件生产: how far units are, told by the watch; reminders of what they promised, and what is late (DOMAIN 4)."""

from collections.abc import Sequence
from datetime import datetime
from itertools import count

from schemas.forms.cycles import ControlledOrder, CycleProgress, SourceEnded
from schemas.shapes import Reminder
from schemas.words import Role
from tasks.branches.beside import Branch
from tasks.control.penalties import PRODUCTION, RECORD, Penalties, find_late
from tasks.control.rules import Stages, UnitPlan, paused_days
from tasks.cycle.queries import calendar
from tasks.cycle.rules import add_working_days_to_date
from tasks.cycle.terms import Due, end_of, promise_watch
from tasks.durable.process import Case
from tasks.durable.question import Question
from tasks.unit.work import Work


def following(case: Case, plan: UnitPlan, penalties: Penalties, last: Due) -> Branch[None]:
    """Follow a unit for as long as its source is open: what is counted short may be made again after all was made.

    Each month in which it was late has an opinion of its own.
    """
    seen = plan.progress
    for turn in count(1):
        if any(order.late_on for order in seen.orders):
            for month in find_late(case, plan.unit, turn=f"{plan.unit.lower()}-{turn}"):
                penalties.begin(plan.unit, month)
        seen = yield progress_question(plan, seen, turn, last)


def progress_question(plan: UnitPlan, seen: CycleProgress, turn: int, last: Due) -> Question[CycleProgress]:
    """Ask how far a unit is, by the day it promised, or that all leave by; of what stands still nobody is reminded."""

    def paused(work: Work, one: ControlledOrder) -> int:
        return paused_days(calendar(work), seen.pauses_of(one.line_no), one.since, work.today)

    def due(work: Work) -> datetime:
        days = [add_working_days_to_date(calendar(work), one.since, one.days + paused(work, one)) for one in seen.open]
        return end_of(work, min(days)) if days else last(work)

    def remind(work: Work, _due: datetime) -> list[Reminder]:
        runs = [one for one in seen.open if all(pause.end for pause in seen.pauses_of(one.line_no))]
        promises = {f"{plan.unit.lower()}-{one.turn}-{one.since}-{one.days}": one for one in runs}
        watched = [promise_watch(work, name, one.since, one.days, paused(work, one)) for name, one in promises.items()]
        return [reminder for reminders in watched for reminder in reminders]

    link = PRODUCTION if seen.open else RECORD
    key, title = f"progress-{plan.unit.lower()}-{turn}", f"{link}·{plan.unit_name}·{plan.source}"
    return Question(
        key, title, Role.SYSTEM, CycleProgress, due, link,
        unit=plan.unit, prefill=lambda: seen.model_dump(mode="json"), remind=remind,
    )  # fmt: skip


def left_by(standards: Sequence[Stages]) -> Due:
    """Due when the last line should have left."""

    def due(work: Work) -> datetime:
        last = max(standards, key=lambda one: one.promised)
        return end_of(work, add_working_days_to_date(calendar(work), last.promised, last.in_days + last.out_days))

    return due


def ended_question(last: Due) -> Question[SourceEnded]:
    """Ask for the end of the source, by when the last line should have left."""
    return Question("source-ended", "待来源单结案", Role.SYSTEM, SourceEnded, last, RECORD)
