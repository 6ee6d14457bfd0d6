"""催提 each working morning: the office is asked for what it has not collected, and the list of it (DOMAIN 1.11)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from schemas.forms.base import form_path
from schemas.forms.logistics import GoodsCheck, HandedOver, PickupConfirmation
from schemas.tables import work_item
from schemas.words import Role
from tasks.cycle.queries import calendar_today
from tasks.cycle.rules import last_working_moment, shanghai_day
from tasks.durable import clock
from tasks.logistics.queries import waiting_goods
from tasks.notices.watch import tell_due
from tasks.rounds.pages import Listing, page_of
from tasks.rounds.rules import Cadence, Period
from tasks.rounds.steps import Rounds

FORMS = [form_path(form) for form in (PickupConfirmation, GoodsCheck, HandedOver)]
HEADINGS = ("单号 Case", "办事处 Office", "待办 Waits for", "运单号 Tracking", "自 Since", "到期 Due", "已催 Reminded")


def remind_of_goods(connection: Connection, _period: Period) -> str:
    """Ask for the goods whose reminder is due, and list all that wait: with whom, since when, what was said."""
    now = clock.now()
    by = last_working_moment(calendar_today(connection), now)
    told = tell_due(connection, work_item.c.form.in_(FORMS), by, now)
    rows = [_cells(row) for row in waiting_goods(connection, FORMS)]
    return page_of(
        "催提 Goods waiting", shanghai_day(now), Listing("待提货、核对、交付 waiting", HEADINGS, rows), told=told
    )


def _cells(row: Row[Any]) -> tuple[object, ...]:
    waits = f"{row.title} {Role(row.role).zh}"
    return (row.number, row.office, waits, row.tracking, row.opened_at, row.due_at, reminded(row.told or ()))


def reminded(told: Sequence[tuple[str, str]]) -> str:
    """Say when who was reminded of goods."""
    at = [(datetime.fromisoformat(sent), kind.rpartition(":")[2]) for kind, sent in told]
    return "；".join(f"{shanghai_day(moment):%m-%d} {Role(role).zh}" for moment, role in at)


ROUNDS = Rounds("催提", Cadence.WORKING_DAY, remind_of_goods, catch_up=False)
