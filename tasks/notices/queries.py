"""The SQL of notices: which open items have something to say, and what was said.

Each open item knows when something of it may be due next (`look_at`), so that only those are looked at.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Select,
    TableValuedAlias,
    Text,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    select,
    text,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from schemas.shapes import Reminder
from schemas.tables import notice, notice_channel, round_notice, service_case, work_item
from schemas.tables.base import Json, Moment
from tasks.cycle.rules import Notice, at, shanghai_day
from tasks.durable.lease import is_held
from tasks.durable.process import PROCESSES
from tasks.durable.queries import show_again
from tasks.notices.rules import NoticeChannel, ToldNotice, notice_text, without_markdown
from tasks.privacy.rules import mask_text
from tasks.unit.among import among
from tasks.unit.rows import encode, insertion

_ENTRY = func.json_array_elements(work_item.c.schedule).table_valued(Column("value", Json), name="entry")
_LOOK_NEXT = text(f"""
    UPDATE work_item i SET look_at = least(i.expires_at, (
        SELECT min(CASE WHEN moment > :by THEN moment ELSE :tomorrow END)
        FROM json_array_elements(i.schedule) entry, LATERAL (SELECT (entry ->> 'at')::timestamptz AS moment) m
        WHERE moment > :by OR entry ->> 'kind' = '{Notice.DAILY}'))
    FROM unnest(CAST(:cases AS bigint[]), CAST(:keys AS text[])) AS named (case_id, step_key)
    WHERE (i.case_id, i.step_key) = (named.case_id, named.step_key) AND i.closed_at IS NULL""")


class ItemKey(NamedTuple):
    """An open work item; `number` is its case's."""

    case_id: int
    step_key: str
    number: str


ALL = true()


def _to_look_at(by: datetime, which: ColumnElement[bool] = ALL) -> Select[Any]:
    """Open items of processes that this program knows, of which something may be due by then."""
    items = select(work_item.c.case_id, work_item.c.step_key, service_case.c.number)
    cases = items.join(service_case, service_case.c.id == work_item.c.case_id)
    known = service_case.c.process.in_(PROCESSES)
    return cases.where(work_item.c.closed_at.is_(None), work_item.c.look_at <= by, known, which)


def expired_items(connection: Connection, by: datetime, which: ColumnElement[bool] = ALL) -> list[ItemKey]:
    """Find the open items whose time has run out, the oldest first."""
    expired = _to_look_at(by, which).where(work_item.c.expires_at <= by)
    in_order = expired.order_by(work_item.c.expires_at, work_item.c.case_id, work_item.c.step_key)
    return [ItemKey(*row) for row in connection.execute(in_order)]


def moving_cases(connection: Connection, case_ids: Collection[int]) -> set[int]:
    """Find those cases that a leg has in hand."""
    held = select(service_case.c.id).where(among(service_case.c.id, case_ids), is_held(service_case.c.id))
    return set(connection.execute(held).scalars())


def items_to_tell(connection: Connection, by: datetime, which: ColumnElement[bool] = ALL) -> list[ItemKey]:
    """Find the open items of which something may be due and was not said yet, by case."""
    in_order = _to_look_at(by, which).order_by(work_item.c.case_id, work_item.c.step_key)
    return [ItemKey(*row) for row in connection.execute(in_order)]


def tell(connection: Connection, items: Sequence[ItemKey], by: datetime, now: datetime) -> list[str]:
    """Write what is due by then of items that are still open, and give the texts; their runs are to show what changed.

    The cases' rows are held from the first statement on, by id, so that nobody answers the items meanwhile.
    """
    cases = [item.case_id for item in items]
    held = select(service_case.c.id).where(among(service_case.c.id, cases)).order_by(service_case.c.id)
    connection.execute(held.with_for_update(key_share=True))
    rows = [
        {"case_id": case_id, "step_key": term, "kind": named, "role": role, "sent_at": now}
        | {"text": notice_text(number, title, named, due_at)}
        for case_id, _, number, title, due_at, named, role, term in connection.execute(_due(items, by))
    ]
    said = list[Any]()
    if rows:
        told = insertion(notice, tuple(rows[0]), if_missing=True).returning(notice.c.case_id, notice.c.text)
        said += connection.execute(told, {"rows": encode(notice, rows)}).all()
    show_again(connection, [row.case_id for row in said])
    keys = {"cases": cases, "keys": [item.step_key for item in items]}
    connection.execute(_LOOK_NEXT, keys | {"by": by, "tomorrow": at(shanghai_day(by) + timedelta(days=1))})
    return [row.text for row in said]


def take_unpassed(connection: Connection, now: datetime) -> list[ToldNotice]:
    """Note that all there is was passed on, and give it, the oldest first, without what may be contact data."""
    mine = notice.c.passed_at.is_(None), service_case.c.id == notice.c.case_id
    known = notice.c.role, notice.c.text, notice.c.sent_at
    of_item = notice.c.case_id == work_item.c.case_id, notice.c.step_key == work_item.c.step_key
    whose = func.coalesce(select(work_item.c.office).where(*of_item).scalar_subquery(), service_case.c.office)
    of_case = whose.label("office"), service_case.c.customer_phone, service_case.c.customer_address
    passed = update(notice).where(*mine).values(passed_at=now).returning(*known, *of_case)
    rows = sorted(connection.execute(passed), key=lambda row: (row.sent_at, row.text))
    return [ToldNotice(row.role, row.office, mask_text(row.text, row)) for row in rows] + _of_rounds(connection, now)


def _of_rounds(connection: Connection, now: datetime) -> list[ToldNotice]:
    """Note that what scheduled work tells roles was passed on, and give what was not yet; it is of no office."""
    new = update(round_notice).where(round_notice.c.passed_at.is_(None)).values(passed_at=now)
    rows = connection.execute(new.returning(round_notice.c.work, round_notice.c.role, round_notice.c.text))
    return [ToldNotice(row.role, "", without_markdown(row.text)) for row in sorted(rows, key=lambda row: row.work)]


def channels(connection: Connection) -> list[NoticeChannel]:
    """Load who hears of what."""
    columns = (notice_channel.c[name] for name in NoticeChannel._fields)
    rows = connection.execute(select(*columns).order_by(notice_channel.c.way, notice_channel.c.address))
    return [NoticeChannel(*row) for row in rows]


def _due(items: Sequence[ItemKey], by: datetime) -> Select[Any]:
    """What is to be said of open items by then, and was not; what is daily is said once on each day that is worked.

    What is said of a term that items share is said under its name, whichever of them is open.
    """
    moment, kind, role, named_term, own_due = (_ENTRY.c.value.op("->>")(name) for name in Reminder._fields)
    term = func.coalesce(func.nullif(named_term, ""), work_item.c.step_key).label("term")
    due_at = func.coalesce(cast(own_due, Moment), work_item.c.due_at).label("due_at")
    daily = literal(f"{Notice.DAILY}-{shanghai_day(by)}")
    named = cast(case((kind == Notice.DAILY.value, daily), else_=kind).concat(":").concat(role), Text).label("named")
    these = _these(items)
    of_these = (these.c.case_id == work_item.c.case_id) & (these.c.step_key == work_item.c.step_key)
    entries = _to_look_at(by).add_columns(work_item.c.title, due_at, named, role.label("role"), term)
    entries = entries.join(these, of_these).join(_ENTRY, literal(True)).where(cast(moment, Moment) <= by)
    due = entries.cte("due").prefix_with("MATERIALIZED")  # so that a notice is found by its whole key
    mine = (notice.c.case_id == due.c.case_id, notice.c.step_key == due.c.term, notice.c.kind == due.c.named)
    return select(due).where(~exists().where(*mine)).order_by(due.c.case_id, due.c.step_key)


def _these(items: Sequence[ItemKey]) -> TableValuedAlias:
    """These items as a table."""
    cases = bindparam(None, [item.case_id for item in items], type_=ARRAY(BigInteger))
    keys = bindparam(None, [item.step_key for item in items], type_=ARRAY(Text))
    columns = (Column("case_id", BigInteger), Column("step_key", Text))
    return func.unnest(cases, keys).table_valued(*columns, name="these").render_derived()
