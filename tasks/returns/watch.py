"""退款与维权: each morning who holds a refund or a dispute is reminded, and the SUPERVISOR has the list (S2)."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from schemas.shapes import money
from schemas.tables import service_case
from schemas.words import RefundState, Role
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.notices.watch import tell_due
from tasks.returns.queries import watched_returns
from tasks.rounds.pages import Listing, page_of
from tasks.rounds.rules import Cadence, Period
from tasks.rounds.steps import Rounds

HEADINGS = (
    *("单号 Case", "办事处 Office", "待办 Waits for", "经办 Held by", "到期 Due"),
    *("最迟付款 Pay by", "退款 Refund CNY", "状态 State", "维权 Dispute", "上次提醒 Reminded"),
)


def watch_returns(connection: Connection, _period: Period) -> str:
    """Remind on every day, of rest too: the law's days are calendar days; list what is to be paid and what is disputed."""
    now = clock.now()
    told = tell_due(connection, service_case.c.process == "RF", now, now)
    rows = watched_returns(connection)
    disputed, others = ([_cells(row) for row in rows if row.disputed == of_platform] for of_platform in (True, False))
    return page_of(
        "退款与维权 Refunds and disputes", shanghai_day(now),
        Listing("维权 disputes", HEADINGS, disputed), Listing("退款中 refunds in progress", HEADINGS, others), told=told,
    )  # fmt: skip


def _cells(row: Row[Any]) -> tuple[object, ...]:
    pay_by = datetime.fromisoformat(row.pay_by) if row.pay_by else None
    state = RefundState(row.state).zh if row.state else ""
    amount, dispute = money(row.amount) if row.amount else "", "是 yes" if row.disputed else ""
    about = (row.number, row.office, row.title, Role(row.role).zh, row.due_at)
    return (*about, pay_by, amount, state, dispute, row.told_at)


ROUNDS = Rounds("退款与维权", Cadence.DAY, watch_returns, catch_up=False)
