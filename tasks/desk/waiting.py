"""The SQL of what waits for people: inboxes and counts. Always a constant number of statements."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    Text,
    case,
    column,
    func,
    or_,
    select,
    true,
    tuple_,
    values,
)

from schemas.tables import office, production_unit, service_case, work_item
from schemas.words import Role, Urgency
from tasks.desk.views import InboxRow, Waiting
from tasks.durable import clock

# the run that shows an item: its own, or its case's
_RUN = case(
    (work_item.c.run_id.is_not(None), work_item.c.run_id),
    (work_item.c.step_key == service_case.c.run_item, service_case.c.run_id),
).label("run_id")


def columns(table: Table, names: Iterable[str]) -> list[ColumnElement[Any]]:
    """Choose those columns of a table that a view has by their names."""
    return [table.c[name] for name in names if name in table.c]


def shown_items(names: Iterable[str]) -> Select[Any]:
    """Begin the query of open work items with what a view has of them, the first due first."""
    return (
        select(
            *columns(work_item, [name for name in names if name != _RUN.name]),
            work_item.c.step_key.label("key"),
            production_unit.c.name.label("unit_name"),
            _RUN,
        )
        .join(service_case, service_case.c.id == work_item.c.case_id)
        .outerjoin(production_unit, production_unit.c.code == work_item.c.unit)
        .where(work_item.c.closed_at.is_(None))
        .order_by(work_item.c.due_at, work_item.c.case_id, work_item.c.step_key)
    )


def inbox(connection: Connection, role: Role | None, now: datetime, most: int | None = None) -> list[InboxRow]:
    """List what waits for a role (None: for everybody) by due time, at most so many items a role."""
    waiting = (
        shown_items(InboxRow._fields)
        .add_columns(service_case.c.number, service_case.c.urgency, office.c.name.label("office_name"))
        .join(office, office.c.code == service_case.c.office)
    )
    if role is not None:
        waiting = waiting.where(or_(work_item.c.role == role.value, work_item.c.also == role.value)).limit(most)
    elif most is not None:
        waiting = _at_most(waiting, most)
    return [_inbox_row(row, now) for row in connection.execute(waiting)]


def _inbox_row(row: Row[Any], now: datetime) -> InboxRow:
    words = {
        "role": Role(row.role),
        "also": Role(row.also) if row.also else None,
        "urgency": Urgency(row.urgency),
        "overdue": row.due_at < now,
    }
    return InboxRow(**{**row._mapping, **words})


def _at_most(waiting: Select[Any], most: int) -> Select[Any]:
    """Keep the first items of each role, found by index: the others are never read."""
    roles = values(column("role", Text), name="roles").data([(role.value,) for role in Role])
    first = (
        select(work_item.c.case_id, work_item.c.step_key)
        .where(work_item.c.role == roles.c.role, work_item.c.closed_at.is_(None))
        .order_by(work_item.c.due_at, work_item.c.case_id, work_item.c.step_key)
        .limit(most)
        .lateral()
    )
    kept = select(first.c.case_id, first.c.step_key).select_from(roles.join(first, true()))
    return waiting.where(tuple_(work_item.c.case_id, work_item.c.step_key).in_(kept))


def open_counts(connection: Connection) -> dict[Role, Waiting]:
    """Count what waits for each role; roles for which nothing waits are not listed."""
    late = func.count().filter(work_item.c.due_at < clock.now())
    rows = connection.execute(
        select(work_item.c.role, work_item.c.also, func.count(), late)
        .where(work_item.c.closed_at.is_(None))
        .group_by(work_item.c.role, work_item.c.also)
    ).all()
    counts: dict[Role, Waiting] = {}
    for role, also, number, overdue in rows:
        for one in (Role(name) for name in (role, also) if name):
            before = counts.get(one, Waiting(0, 0))
            counts[one] = Waiting(before.open + number, before.overdue + overdue)
    return counts


def offices(connection: Connection) -> list[tuple[str, str]]:
    """List the offices: (code, name)."""
    return [
        (row.code, row.name) for row in connection.execute(select(office.c.code, office.c.name).order_by(office.c.code))
    ]
