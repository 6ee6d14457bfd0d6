"""The deadline watch: reminders, overdue notices, escalations, each once; questions whose time ran out.

The sweep only narrows: many items at once lock their cases and are looked at again, so that fifty due take as many
queries as one. Killed, run twice or run by two at once, everybody hears everything once.
"""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import sleep

from sqlalchemy import ColumnElement, Connection, Engine

from schemas.answers import Answer, Turn
from schemas.problems import Unavailable
from schemas.words import Channel, EntryKind, Role
from tasks.cycle.queries import calendar_today
from tasks.cycle.rules import last_working_moment
from tasks.durable.lease import VOID_AFTER
from tasks.durable.stage import CHUNK, advance, advance_chunk
from tasks.notices import queries
from tasks.notices.queries import ItemKey
from tasks.unit.reading import reading

COME_BACK_AFTER = 0.5  # seconds
TOGETHER = 500  # items in one transaction


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
    with reading(db) as connection:
        by = last_working_moment(calendar_today(connection), now)
    held = answer_expired(db, by, report)
    with reading(db) as connection:
        items = [item for item in queries.items_to_tell(connection, by) if item not in held]
    for start in range(0, len(items), TOGETHER):
        with db.begin() as connection:
            report.told += queries.tell(connection, items[start : start + TOGETHER], by, now)
    _come_back(db, held, report)
    return report


def answer_expired(
    db: Engine, by: datetime, report: WatchReport, which: ColumnElement[bool] = queries.ALL
) -> list[ItemKey]:
    """Answer for those questions whose time ran out by then; gives what a leg has in hand."""
    with reading(db) as connection:
        expired = queries.expired_items(connection, by, which)
        busy = queries.moving_cases(connection, [item.case_id for item in expired]) if expired else set()
    _time_out(db, [item for item in expired if item.case_id not in busy], report)
    return [item for item in expired if item.case_id in busy]


def tell_due(connection: Connection, which: ColumnElement[bool], by: datetime, now: datetime) -> list[str]:
    """Tell what is due by then of some open items, in the caller's transaction; gives what was not said before."""
    items = queries.items_to_tell(connection, by, which)
    return queries.tell(connection, items, by, now) if items else []


def _time_out(db: Engine, items: Sequence[ItemKey], report: WatchReport) -> None:
    """Answer expired items by SYSTEM, many cases at once; the engine looks again under each case's lock."""
    cases: defaultdict[int, list[Answer]] = defaultdict(list)
    numbers = {item.case_id: item.number for item in items}
    for item in items:
        cases[item.case_id].append(_time_is_over(item))
    turns = [Turn(case_id, answers) for case_id, answers in cases.items()]
    for start in range(0, len(turns), CHUNK):
        for result in advance_chunk(db, turns[start : start + CHUNK]):
            number = numbers[result.case_id]
            report.timed_out += [number for reply in result.replies if reply.accepted]
            if result.fault:
                report.failed.append((number, result.fault))


def _time_is_over(item: ItemKey) -> Answer:
    return Answer(item.step_key, {}, Channel.SYSTEM, kind=EntryKind.TIMED_OUT, actor=Role.SYSTEM)


def _come_back(db: Engine, held: Sequence[ItemKey], report: WatchReport) -> None:
    """Answer for what a leg had in hand, as long as a dead leg's lease may live; then it is left to the next round."""
    until = time.monotonic() + 2 * VOID_AFTER.total_seconds()
    while held and time.monotonic() < until:
        sleep(COME_BACK_AFTER)
        held = [item for item in held if not _timed_out(db, item, report)]
    report.failed += [(item.number, "正由他人办理 another has the case in hand") for item in held]


def _timed_out(db: Engine, item: ItemKey, report: WatchReport) -> bool:
    """Answer an expired item by SYSTEM; the engine looks again under the case's lock. False where a leg has it in hand."""
    try:
        outcome = advance(db, item.case_id, _time_is_over(item), wait=False)
    except Unavailable:
        return False
    except Exception as fault:  # noqa: BLE001  the engine has noted it on the case; the other cases are watched on
        report.failed.append((item.number, repr(fault)))
    else:
        if outcome.reply.accepted:
            report.timed_out.append(item.number)
    return True
