"""在办申报: each week the department head sees how far the open applications for parts and repairs are (S3 §3 2)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from schemas.words import Role, Urgency
from tasks.applications.queries import applications_open, came_and_went
from tasks.cycle.rules import at, shanghai_day
from tasks.durable import clock
from tasks.durable.process import PROCESSES
from tasks.rounds.pages import Listing, page_of
from tasks.rounds.rules import Cadence, Period
from tasks.rounds.steps import Rounds

OF = {"PA", "RR"}
FAR = ("在办 Open", "逾期 Overdue", "最早 Oldest")
MOVES = ("流程 Process", "本期申报 Opened", "本期结案 Closed", *FAR)
LINKS = ("流程 Process", "环节 Link", *FAR)
CASES = (
    "单号 Case",
    "办事处 Office",
    "申报 Applied",
    "紧急 Urgency",
    "环节 Link",
    "待办 Waits for",
    "经办 Held by",
    "到期 Due",
)


def list_applications(connection: Connection, period: Period) -> str:
    """Show what came and went in these days, where the open ones stand, and each of them, what is due first first."""
    now, known = clock.now(), [one for code, one in PROCESSES.items() if OF & {code, *one.family}]
    codes = [one.code for one in known]
    rows, ends = applications_open(connection, codes), at(period.last + timedelta(days=1))
    moved = came_and_went(connection, codes, at(period.first), ends)
    of = {one.code: [row for row in rows if row.process == one.code] for one in known}
    moves = [(one.title, *moved.get(one.code, (0, 0)), *_far(of[one.code], now)) for one in known]
    places = [(one, link, [row for row in of[one.code] if row.link == link]) for one in known for link in one.links]
    links = [(one.title, link, *_far(there, now)) for one, link, there in places if there]
    return page_of(
        f"在办申报 Open applications · {period.first} – {period.last}", shanghai_day(now),
        Listing("进展 progress", MOVES, moves), Listing("所在环节 where they stand", LINKS, links),
        Listing("在办单据 open cases", CASES, [_cells(row, now) for row in rows]),
    )  # fmt: skip


def _far(rows: Sequence[Row[Any]], now: datetime) -> tuple[object, ...]:
    """Count cases, and those that are overdue; tell the day of the oldest."""
    oldest = min((shanghai_day(row.opened_at) for row in rows), default=None)
    return len(rows), sum(_late(row, now) for row in rows), oldest


def _cells(row: Row[Any], now: datetime) -> tuple[object, ...]:
    due = f"逾期 overdue {shanghai_day(row.due_at)}" if _late(row, now) else row.due_at
    held, urgency = Role(row.holder).zh if row.holder else "", Urgency(row.urgency).zh
    return (row.number, row.office, shanghai_day(row.opened_at), urgency, row.link, row.step, held, due)


def _late(row: Row[Any], now: datetime) -> bool:
    return row.due_at is not None and row.due_at < now


ROUNDS = Rounds("在办申报", Cadence.WEEK, list_applications, catch_up=False)
