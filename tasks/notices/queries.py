"""The SQL of notices: which open items have something to say, and what was said."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Row, Text, case, cast, exists, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from schemas.tables import notice, service_case, work_item
from schemas.tables.base import Json, Moment
from tasks.cycle.queries import calendar_of, holidays
from tasks.cycle.rules import Calendar, Notice
from tasks.notices.rules import DueNotice, notice_text
from tasks.policies.queries import policies_on

_OPEN = (
    select(work_item.c.case_id, work_item.c.step_key, service_case.c.number)
    .join(service_case, service_case.c.id == work_item.c.case_id)
    .where(work_item.c.closed_at.is_(None))
)


class ItemKey(NamedTuple):
    """An open work item; `number` is its case's."""

    case_id: int
    step_key: str
    number: str


def working_calendar(connection: Connection, today: date) -> Calendar:
    """Load the working calendar by today's policies."""
    return calendar_of(policies_on(connection, today), holidays(connection))


def expired_items(connection: Connection, now: datetime) -> list[ItemKey]:
    """Find the open items whose time has run out, the oldest first."""
    expired = _OPEN.where(work_item.c.expires_at <= now).order_by(work_item.c.expires_at, work_item.c.case_id)
    return [ItemKey(*row) for row in connection.execute(expired)]


def items_to_tell(connection: Connection, now: datetime, workday: date | None) -> list[ItemKey]:
    """Find the open items with something due that was not said yet; `workday` is today if it is worked.

    The same rule as `due_notices`, for all open items at once.
    """
    entry = func.json_array_elements(work_item.c.schedule).table_valued(Column("value", Json), name="entry")
    at, kind, role = (entry.c.value.op("->>")(name) for name in ("at", "kind", "role"))
    daily = kind == Notice.DAILY.value
    named = case((daily, literal(f"{Notice.DAILY}-{workday}")), else_=kind).concat(":").concat(role)
    mine = (notice.c.case_id == work_item.c.case_id) & (notice.c.step_key == work_item.c.step_key)
    unsaid = ~exists().where(mine, notice.c.kind == cast(named, Text))
    due = _OPEN.distinct().join(entry, literal(True)).where(cast(at, Moment) <= now, unsaid)
    told = due if workday else due.where(~daily)
    return [ItemKey(*row) for row in connection.execute(told.order_by(work_item.c.case_id, work_item.c.step_key))]


def open_item(connection: Connection, item: ItemKey) -> Row[Any] | None:
    """Read an item if it is still open."""
    named = (work_item.c.case_id == item.case_id) & (work_item.c.step_key == item.step_key)
    return connection.execute(select(work_item).where(named, work_item.c.closed_at.is_(None))).first()


def tell(connection: Connection, item: Row[Any], number: str, due: Sequence[DueNotice], now: datetime) -> list[str]:
    """Write notices that are not there yet, and give their texts; the case's run is to show what changed."""
    if not due:
        return []
    place = {"case_id": item.case_id, "step_key": item.step_key, "sent_at": now}
    texts = {kind: notice_text(number, item.title, kind, item.due_at) for kind, _ in due}
    rows = [place | {"kind": kind, "role": role, "text": texts[kind]} for kind, role in due]
    told = upsert(notice).values(rows).on_conflict_do_nothing().returning(notice.c.text)
    new = list(connection.execute(told).scalars())
    if new:
        connection.execute(update(service_case).where(service_case.c.id == item.case_id).values(run_seq=-1))
    return new
