"""The SQL of notices: which open items have something to say, and what was said."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Row, Text, case, cast, exists, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from schemas.tables import notice, service_case, work_item
from schemas.tables.base import Json, Moment
from tasks.cycle.queries import holidays
from tasks.cycle.rules import Calendar, Notice
from tasks.notices.rules import DueNotice, notice_text
from tasks.policies.queries import current_version, policies


class ItemKey(NamedTuple):
    """An open work item; `number` is its case's."""

    case_id: int
    step_key: str
    number: str


def working_calendar(connection: Connection, today: date) -> Calendar:
    """Load the working calendar by today's policies."""
    values = policies(connection)[current_version(connection, today)]
    start, end = (time.fromisoformat(values[key]) for key in ("work.start", "work.end"))
    return Calendar(holidays(connection), start, end)


def expired_items(connection: Connection, now: datetime) -> list[ItemKey]:
    """Find the open items whose time has run out, the oldest first."""
    return _keys(
        connection,
        select(work_item.c.case_id, work_item.c.step_key, service_case.c.number)
        .join(service_case, service_case.c.id == work_item.c.case_id)
        .where(work_item.c.closed_at.is_(None), work_item.c.expires_at <= now)
        .order_by(work_item.c.expires_at, work_item.c.case_id),
    )


def items_to_tell(connection: Connection, now: datetime, workday: date | None) -> list[ItemKey]:
    """Find the open items with something due that was not said yet; `workday` is today if it is worked.

    The same rule as `due_notices`, for all open items at once.
    """
    entry = func.json_array_elements(work_item.c.schedule).table_valued(Column("value", Json), name="entry")
    at, kind, role = (entry.c.value.op("->>")(name) for name in ("at", "kind", "role"))
    named = (
        case((kind == Notice.DAILY.value, literal(f"{Notice.DAILY}-{workday}")), else_=kind).concat(":").concat(role)
    )
    said = exists().where(
        notice.c.case_id == work_item.c.case_id,
        notice.c.step_key == work_item.c.step_key,
        notice.c.kind == cast(named, Text),
    )
    due = [work_item.c.closed_at.is_(None), cast(at, Moment) <= now, ~said]
    return _keys(
        connection,
        select(work_item.c.case_id, work_item.c.step_key, service_case.c.number)
        .distinct()
        .join(service_case, service_case.c.id == work_item.c.case_id)
        .join(entry, literal(True))
        .where(*due, *([] if workday else [kind != Notice.DAILY.value]))
        .order_by(work_item.c.case_id, work_item.c.step_key),
    )


def _keys(connection: Connection, wanted: Any) -> list[ItemKey]:
    return [ItemKey(*row) for row in connection.execute(wanted)]


def open_item(connection: Connection, item: ItemKey) -> Row[Any] | None:
    """Read an item if it is still open."""
    return connection.execute(
        select(work_item).where(
            work_item.c.case_id == item.case_id, work_item.c.step_key == item.step_key, work_item.c.closed_at.is_(None)
        )
    ).first()


def tell(connection: Connection, item: Row[Any], number: str, due: Sequence[DueNotice], now: datetime) -> list[str]:
    """Write notices that are not there yet, and give their texts; the case's run is to show what changed."""
    if not due:
        return []
    rows = [
        {
            "case_id": item.case_id,
            "step_key": item.step_key,
            "kind": kind,
            "role": role,
            "text": notice_text(number, item.title, kind, item.due_at),
            "sent_at": now,
        }
        for kind, role in due
    ]
    told = upsert(notice).values(rows).on_conflict_do_nothing().returning(notice.c.text)
    texts = list(connection.execute(told).scalars())
    if texts:
        connection.execute(update(service_case).where(service_case.c.id == item.case_id).values(run_seq=-1))
    return texts
