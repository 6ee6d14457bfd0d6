"""投诉满月: each morning what is valid and unsolved a calendar month after receipt is made major, and listed (S0 4.1.3)."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, Row

from schemas.forms.base import form_path
from schemas.forms.cycles import MonthEnded
from schemas.tables import service_case, work_item
from schemas.words import Role
from tasks.complaints.queries import CODE, ageing_complaints
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.notices.watch import WatchReport, answer_expired
from tasks.rounds.pages import Listing, page_of
from tasks.rounds.rules import Cadence, Period
from tasks.rounds.steps import Rounds

MONTH = form_path(MonthEnded)
HEADINGS = (
    *("单号 Case", "办事处 Office", "受理 Received", "满月 A month", "严重程度 Severity"),
    *("环节 Link", "责任单位 Unit", "经办 Held by", "到期 Due"),
)


def make_major(db: Engine) -> list[str]:
    """Make complaints major whose month is over, whatever the hour: no clock of theirs pauses; says which.

    Each is answered for in a transaction of its own, and no other one waits for that.
    """
    report = WatchReport()
    busy = answer_expired(db, clock.now(), report, (work_item.c.form == MONTH) & (service_case.c.process == CODE))
    told = [f"{number} 满月未解决，已升为重大 unsolved for a month: it is major now" for number in report.timed_out]
    told += [f"{number} 故障 fault: {why}" for number, why in report.failed]
    return told + [f"{item.number} 正由他人办理，下次再升 another has it in hand: next time" for item in busy]


def ageing(told: Sequence[str]) -> Rounds:
    """Give the round that lists how old all are, and says what was told."""
    return Rounds("投诉满月", Cadence.DAY, partial(_listed, told), catch_up=False)


def _listed(told: Sequence[str], connection: Connection, _period: Period) -> str:
    now, rows = clock.now(), ageing_complaints(connection, MONTH)
    over, younger = ([_cells(row) for row in rows if (row.major_at <= now) == late] for late in (True, False))
    return page_of(
        "投诉满月 Ageing of complaints", shanghai_day(now),
        Listing("已满月 a month and older", HEADINGS, over), Listing("未满月 younger", HEADINGS, younger), told=told,
    )  # fmt: skip


def _cells(row: Row[Any]) -> tuple[str | datetime | None, ...]:
    held = Role(row.holder).zh if row.holder else ""
    return (row.number, row.office, row.opened_at, row.major_at, row.severity, row.link, row.unit, held, row.due_at)
