"""The deadline watch: reminders, overdue notices, escalations, each once; questions whose time ran out.

The sweep only narrows: each item is one job that locks its case and looks again. Killed, run twice or run by
two at once, everybody hears everything once.
"""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Engine

from schemas.answers import Answer
from schemas.words import Channel, EntryKind, Role
from tasks.cycle.queries import calendar_today
from tasks.cycle.rules import last_working_moment
from tasks.durable.stage import advance
from tasks.notices import queries
from tasks.notices.queries import ItemKey


@dataclass
class WatchReport:
    """What a round of the watch did: texts of notices, numbers of timed out cases, (number, fault)."""

    told: list[str] = field(default_factory=list)
    timed_out: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)


def watch_deadlines(db: Engine, now: datetime) -> WatchReport:
    """Answer for the questions whose time ran out, then tell everybody what is due.

    What counts is what was due by `now`, outside of working time by its last end: what fell due with the last second
    of a day is done that evening, and a watch that comes late does what it missed; what falls due in the night waits.
    The processes of the cases must be registered. A case's fault is reported, the others go on.
    """
    report = WatchReport()
    with db.connect() as connection:
        by = last_working_moment(calendar_today(connection), now)
        expired = queries.expired_items(connection, by)
    for item in expired:
        _time_out(db, item, report)
    with db.connect() as connection:
        items = queries.items_to_tell(connection, by)
    for item in items:
        with db.begin() as connection:
            report.told += queries.tell(connection, item, by, now)
    return report


def _time_out(db: Engine, item: ItemKey, report: WatchReport) -> None:
    """Answer an expired item by SYSTEM; the engine looks again under the case's lock."""
    answer = Answer(item.step_key, {}, Channel.SYSTEM, kind=EntryKind.TIMED_OUT, actor=Role.SYSTEM)
    try:
        outcome = advance(db, item.case_id, answer)
    except Exception as fault:  # noqa: BLE001  the engine has noted it on the case; the other cases are watched on
        report.failed.append((item.number, repr(fault)))
    else:
        if outcome.reply.accepted:
            report.timed_out.append(item.number)
