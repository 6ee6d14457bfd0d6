"""The SQL of cases as staff see them: one case, inboxes, counts. Always a constant number of statements."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Enum, Row, Select, Table, bindparam, case, func, or_, select, text

from schemas.forms.base import standing_forms
from schemas.problems import NotFound
from schemas.tables import holiday, office, production_unit, service_case, staff, work_item
from schemas.tables.base import Json
from schemas.words import Channel, DocumentKind, Ending, Role, Urgency
from tasks.clocks.lines import clock_table
from tasks.desk.views import NOTICE, REFUSED, CaseFacts, CaseView, DocumentView, Happening, ItemView, Related, Waiting
from tasks.durable import clock
from tasks.durable.process import PROCESSES
from tasks.unit.among import among

MOST_REFUSALS = 100  # of a case's refused decisions the latest are shown
MOST_RELATED = 50

# statements are built once, so that SQLAlchemy need not build and look them up on every leg


def _named(table: Table, names: Iterable[str]) -> list[ColumnElement[Any]]:
    """Choose those columns of a table that a view has by their names."""
    return [table.c[name] for name in names if name in table.c]


_FACTS: Select[Any] = (
    select(
        *_named(service_case, CaseFacts.__dataclass_fields__),
        office.c.name.label("office_name"),
        staff.c.name.label("applicant_name"),
        select(func.max(holiday.c.day)).scalar_subquery().label("last_holiday"),
    )
    .join(office, office.c.code == service_case.c.office)
    .join(staff, staff.c.code == service_case.c.applicant)
    .where(service_case.c.id == bindparam("case_id"))
)
# the run that shows an item: its own, or its case's
_RUN = case(
    (work_item.c.run_id.is_not(None), work_item.c.run_id),
    (work_item.c.step_key == service_case.c.run_item, service_case.c.run_id),
).label("run_id")
_whose = func.coalesce(work_item.c.office, service_case.c.office)
_ITEMS: Select[Any] = (
    select(
        *(one for one in _named(work_item, ItemView._fields) if one.key != _RUN.name),
        *_named(service_case, ["number", "customer_name", "customer_phone", "customer_address", "order_no", "urgency"]),
        work_item.c.step_key.label("key"),
        office.c.name.label("office_name"),
        production_unit.c.name.label("unit_name"),
        _RUN,
    )
    .join(service_case, service_case.c.id == work_item.c.case_id)
    .join(office, office.c.code == _whose)
    .outerjoin(production_unit, production_unit.c.code == work_item.c.unit)
    .where(work_item.c.closed_at.is_(None))
    .order_by(work_item.c.due_at, work_item.c.case_id, work_item.c.step_key)
)
_OF_CASE = _ITEMS.where(work_item.c.case_id == bindparam("case_id"))
# the first items of each role, found by index: the others are never read
_FIRST = text(f"""
    SELECT first.case_id, first.step_key
    FROM unnest(ARRAY[{", ".join(f"'{role}'" for role in Role)}]) known, LATERAL (
        SELECT case_id, step_key FROM work_item
        WHERE role = known AND closed_at IS NULL AND form <> ALL(:standing)
        ORDER BY due_at, case_id, step_key LIMIT :most) first""")

_DOCUMENTS = text("""
    SELECT d.number, d.kind, d.step_key, d.issued_at, black.number AS reverses,
           d.content ->> 'carrier' AS carrier,
           d.content ->> 'tracking' AS tracking, d.content ->> 'edition' AS edition
    FROM document d LEFT JOIN document black ON black.id = d.reverses
    WHERE d.case_id = :case_id ORDER BY d.issued_at, d.kind, d.serial""").columns(
    kind=Enum(DocumentKind, values_callable=list)
)
_TIMELINE = text(f"""
    SELECT at, key, kind, title, link, output, actor, name AS actor_name, channel, form FROM (
        SELECT l.finished_at AS at, seq, step_key AS key, l.kind, l.title, l.link, l.output, l.actor, l.channel, i.form
        FROM ledger l LEFT JOIN work_item i USING (case_id, step_key)
        WHERE case_id = :case_id
        UNION ALL (
            SELECT d.given_at, 0, step_key, '{REFUSED}', coalesce(i.title, step_key), NULL, to_json(d.reason), d.actor,
                   d.channel, NULL
            FROM decision d LEFT JOIN work_item i USING (case_id, step_key)
            WHERE case_id = :case_id AND NOT d.accepted
            ORDER BY d.given_at DESC, d.id DESC LIMIT {MOST_REFUSALS} -- by the key alone it would scan the table
        ) UNION ALL
        SELECT sent_at, 0, step_key, '{NOTICE}', kind, NULL, to_json(text), role, '{Channel.SYSTEM}', NULL
        FROM notice WHERE case_id = :case_id
    ) happened LEFT JOIN staff ON staff.code = actor
    ORDER BY at, seq""").columns(output=Json, channel=Enum(Channel, values_callable=list))
# the case that opened this one, and those that this one opened: their origin is case:<parent>:<key>, or people's
_RELATED = text(f"""
    SELECT number, process, parent_id IS DISTINCT FROM :case_id AS is_parent, link, ending,
           CASE WHEN origin LIKE 'case:%' THEN split_part(origin, ':', 3) ELSE 'case-' || id END AS key
    FROM service_case
    WHERE parent_id = :case_id OR id = (SELECT parent_id FROM service_case WHERE id = :case_id)
    ORDER BY id LIMIT {MOST_RELATED}""")


def case_view(connection: Connection, case_id: int) -> CaseView:
    """Load all that staff see of a case; NotFound when there is none.

    It takes six statements and its process's own, and two more where something is made.
    """
    given, now = {"case_id": case_id}, clock.now()
    row = connection.execute(_FACTS, given).first()
    if row is None:
        raise NotFound(f"没有编号为 {case_id} 的单据 no case with id {case_id}")
    words = {
        "urgency": Urgency(row.urgency),
        "channel": Channel(row.channel),
        "ending": ending_of(row.process, row.ending),
    }
    process = PROCESSES[row.process]
    return CaseView(
        case=CaseFacts(**{**row._mapping, **words, "title": process.title}),
        lines=process.lines(connection, case_id),
        items=[_item(row, now) for row in connection.execute(_OF_CASE, given)],
        documents=[DocumentView(**row._asdict()) for row in connection.execute(_DOCUMENTS, given)],
        timeline=[Happening(**row._asdict()) for row in connection.execute(_TIMELINE, given)],
        related=[_related(row) for row in connection.execute(_RELATED, given)],
        now=now,
        clocks=clock_table(connection, case_id),
    )


def ending_of(code: str, word: str | None) -> Ending | None:
    """Give the ending that a process means by a word; None for a case that is open."""
    return PROCESSES[code].endings(word) if word else None


def _item(row: Row[Any], now: datetime) -> ItemView:
    words = {"role": Role(row.role), "also": Role(row.also) if row.also else None, "urgency": Urgency(row.urgency)}
    return ItemView(**{**row._mapping, **words, "overdue": row.due_at < now})


def _related(row: Row[Any]) -> Related:
    title, ending = PROCESSES[row.process].title, ending_of(row.process, row.ending)
    return Related(row.number, title, row.is_parent, row.key, row.link, ending)


def inbox(
    connection: Connection, role: Role | None, most: int | None = None, office_code: str = "", unit: str = ""
) -> list[ItemView]:
    """List what waits for a role (None: for everybody) by due time, at most so many items a role.

    Where it is bounded, for pages, what may be filled in at any time stands not among what waits. It may be narrowed to
    the cases of an office and to the items of a production unit.
    """
    waiting, now = _ITEMS, clock.now()
    if office_code:
        waiting = waiting.where(_whose == office_code)
    if unit:
        waiting = waiting.where(work_item.c.unit == unit)
    if role is not None:
        waiting = waiting.where(or_(work_item.c.role == role.value, work_item.c.also == role.value)).limit(most)
    elif most is not None:
        first = (
            _FIRST.bindparams(most=most, standing=standing_forms())
            .columns(work_item.c.case_id, work_item.c.step_key)
            .subquery()
        )
        listed = (first.c.case_id == work_item.c.case_id) & (first.c.step_key == work_item.c.step_key)
        waiting = waiting.join(first, listed)
    return [_item(row, now) for row in connection.execute(waiting)]


_COUNTS = text("""
    SELECT who, count(*), count(*) FILTER (WHERE due_at < :now)
    FROM work_item, unnest(ARRAY[role, also]) who
    WHERE closed_at IS NULL AND who IS NOT NULL AND form <> ALL(:standing) GROUP BY who""")


def open_counts(connection: Connection) -> dict[Role, Waiting]:
    """Count what waits for each role; roles for which nothing waits are not listed."""
    asked = {"now": clock.now(), "standing": standing_forms()}
    return {Role(who): Waiting(*counts) for who, *counts in connection.execute(_COUNTS, asked)}


def open_to(connection: Connection, case_ids: Collection[int]) -> Sequence[Row[Any]]:
    """Say to whom the open items of cases are: role, another role or unit if there is one, and the office that it is of."""
    columns = (work_item.c.role, work_item.c.also, work_item.c.unit, _whose.label("office"))
    waits = select(*columns).join(service_case, service_case.c.id == work_item.c.case_id)
    return connection.execute(waits.where(work_item.c.closed_at.is_(None), among(service_case.c.id, case_ids))).all()
