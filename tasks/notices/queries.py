"""The SQL of notices: which open items have something to say, and what was said."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Select, Text, case, cast, exists, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from schemas.shapes import Reminder
from schemas.tables import notice, notice_channel, service_case, work_item
from schemas.tables.base import Json, Moment
from tasks.cycle.rules import Notice, shanghai_day
from tasks.durable.process import PROCESSES
from tasks.notices.rules import NoticeChannel, Told, notice_text
from tasks.privacy.rules import mask_text

_ENTRY = func.json_array_elements(work_item.c.schedule).table_valued(Column("value", Json), name="entry")


def _open() -> Select[Any]:
    """Open items of processes that this program knows."""
    items = select(work_item.c.case_id, work_item.c.step_key, service_case.c.number)
    cases = items.join(service_case, service_case.c.id == work_item.c.case_id)
    return cases.where(work_item.c.closed_at.is_(None), service_case.c.process.in_(PROCESSES))


class ItemKey(NamedTuple):
    """An open work item; `number` is its case's."""

    case_id: int
    step_key: str
    number: str


def expired_items(connection: Connection, by: datetime) -> list[ItemKey]:
    """Find the open items whose time has run out, the oldest first."""
    expired = _open().where(work_item.c.expires_at <= by).order_by(work_item.c.expires_at, work_item.c.case_id)
    return [ItemKey(*row) for row in connection.execute(expired)]


def items_to_tell(connection: Connection, by: datetime) -> list[ItemKey]:
    """Find the open items with something due that was not said yet."""
    due = _due(by).order_by(work_item.c.case_id, work_item.c.step_key)
    return list(dict.fromkeys(ItemKey(*row[:3]) for row in connection.execute(due)))


def tell(connection: Connection, item: ItemKey, by: datetime, now: datetime) -> list[str]:
    """Write what is due by then of an item that is still open, and give the texts; its run is to show what changed.

    The case's row is held from the first statement on, so that nobody answers the item meanwhile.
    """
    connection.execute(update(service_case).where(service_case.c.id == item.case_id).values(run_seq=-1))
    place = {"case_id": item.case_id, "step_key": item.step_key}
    due = _due(by).where(*(work_item.c[name] == value for name, value in place.items()))
    rows = [
        {"case_id": item.case_id, "step_key": term, "kind": named, "role": role, "sent_at": now}
        | {"text": notice_text(item.number, title, named, due_at)}
        for *_, title, due_at, named, role, term in connection.execute(due)
    ]
    if not rows:
        return []
    told = upsert(notice).values(rows).on_conflict_do_nothing().returning(notice.c.text)
    return list(connection.execute(told).scalars())


def take_unpassed(connection: Connection, now: datetime) -> list[Told]:
    """Note that all there is was passed on, and give it, the oldest first, without what may be contact data."""
    mine = notice.c.passed_at.is_(None), service_case.c.id == notice.c.case_id
    known = notice.c.role, notice.c.text, notice.c.sent_at
    of_case = service_case.c.office, service_case.c.customer_phone, service_case.c.customer_address
    passed = update(notice).where(*mine).values(passed_at=now).returning(*known, *of_case)
    rows = sorted(connection.execute(passed), key=lambda row: (row.sent_at, row.text))
    return [Told(row.role, row.office, mask_text(row.text, row)) for row in rows]


def channels(connection: Connection) -> list[NoticeChannel]:
    """Load who hears of what."""
    columns = (notice_channel.c[name] for name in NoticeChannel._fields)
    rows = connection.execute(select(*columns).order_by(notice_channel.c.way, notice_channel.c.address))
    return [NoticeChannel(*row) for row in rows]


def _due(by: datetime) -> Select[Any]:
    """What is to be said of open items by then, and was not; what is daily is said once on each day that is worked.

    What is said of a term that items share is said under its name, whichever of them is open.
    """
    at, kind, role, named_term, own_due = (_ENTRY.c.value.op("->>")(name) for name in Reminder._fields)
    term = func.coalesce(func.nullif(named_term, ""), work_item.c.step_key)
    due_at = func.coalesce(cast(own_due, Moment), work_item.c.due_at)
    daily = literal(f"{Notice.DAILY}-{shanghai_day(by)}")
    named = case((kind == Notice.DAILY.value, daily), else_=kind).concat(":").concat(role)
    mine = (notice.c.case_id == work_item.c.case_id, notice.c.step_key == term)
    unsaid = ~exists().where(*mine, notice.c.kind == cast(named, Text))
    due = _open().add_columns(work_item.c.title, due_at, named, role, term).join(_ENTRY, literal(True))
    return due.where(cast(at, Moment) <= by, unsaid)
