"""The SQL of what staff see: one case, inboxes, look-ups. Always a constant number of statements."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    column,
    func,
    literal,
    null,
    or_,
    select,
    true,
    tuple_,
    union_all,
    values,
)

from schemas.problems import NotFound
from schemas.tables import (
    case_line,
    decision,
    document,
    ledger,
    notice,
    office,
    production_unit,
    service_case,
    staff,
    work_item,
)
from schemas.tables.base import Json
from schemas.words import Channel, DocumentKind, Role, Urgency
from tasks.desk.views import CaseFacts, CaseView, DocumentView, FoundCase, Happening, InboxRow, ItemView, Waiting
from tasks.durable import clock
from tasks.durable.process import PROCESSES, ending_of
from tasks.lines.queries import part_lines
from tasks.privacy.rules import mask_phone

__all__ = ["CaseView", "case_view", "find_cases", "inbox", "offices", "open_counts"]

MOST_REFUSALS = 100  # of a case's refused decisions the latest are shown
E = TypeVar("E")

# statements are built once, so that SQLAlchemy need not build and look them up on every leg

_ID: BindParameter[int] = bindparam("case_id")

_FACTS: Select[Any] = (
    select(
        service_case.c.id, service_case.c.number, service_case.c.process, service_case.c.version,
        service_case.c.office, office.c.name.label("office_name"),
        service_case.c.applicant, staff.c.name.label("applicant_name"),
        service_case.c.customer_name, service_case.c.customer_phone, service_case.c.customer_address,
        service_case.c.order_no, service_case.c.model, service_case.c.urgency, service_case.c.link,
        service_case.c.step, service_case.c.due_at, service_case.c.ending, service_case.c.ending_reason,
        service_case.c.opened_at, service_case.c.closed_at, service_case.c.fault, service_case.c.seq,
        service_case.c.run_id, service_case.c.run_item, service_case.c.run_generation, service_case.c.run_seq,
    )
    .join(office, office.c.code == service_case.c.office)
    .join(staff, staff.c.code == service_case.c.applicant)
    .where(service_case.c.id == _ID)
)  # fmt: skip

# the run that shows an item: its own, or its case's
_RUN = case(
    (work_item.c.run_id.is_not(None), work_item.c.run_id),
    (work_item.c.step_key == service_case.c.run_item, service_case.c.run_id),
).label("run_id")
_ITEMS: Select[Any] = (
    select(
        work_item.c.step_key.label("key"), work_item.c.title, work_item.c.role, work_item.c.also, work_item.c.office,
        production_unit.c.name.label("unit_name"), work_item.c.form, work_item.c.brief, work_item.c.prefill,
        work_item.c.refusals, work_item.c.refused_because, work_item.c.opened_at, work_item.c.due_at,
        work_item.c.expires_at, _RUN,
    )
    .join(service_case, service_case.c.id == work_item.c.case_id)
    .outerjoin(production_unit, production_unit.c.code == work_item.c.unit)
    .where(work_item.c.case_id == _ID, work_item.c.closed_at.is_(None))
    .order_by(work_item.c.due_at, work_item.c.step_key)
)  # fmt: skip

_REVERSED = document.alias("reversed")
_DOCUMENTS: Select[Any] = (
    select(
        document.c.number, document.c.kind, document.c.step_key, document.c.issued_at,
        _REVERSED.c.number.label("reverses"),
        document.c.content["carrier"].as_string().label("carrier"),
        document.c.content["tracking"].as_string().label("tracking"),
    )
    .outerjoin(_REVERSED, _REVERSED.c.id == document.c.reverses)
    .where(document.c.case_id == _ID)
    .order_by(document.c.issued_at, document.c.kind, document.c.serial)
)  # fmt: skip


def _asked_by(answers: Table) -> ColumnElement[bool]:
    """Find the work item that a row answers."""
    return and_(work_item.c.case_id == answers.c.case_id, work_item.c.step_key == answers.c.step_key)


_RECORDED = (
    select(
        ledger.c.finished_at.label("at"), ledger.c.seq, ledger.c.step_key.label("key"), ledger.c.kind,
        ledger.c.title, ledger.c.output, ledger.c.actor, staff.c.name.label("actor_name"), ledger.c.channel,
        work_item.c.form, ledger.c.run_id,
    )
    .outerjoin(staff, staff.c.code == ledger.c.actor)
    .outerjoin(work_item, _asked_by(ledger))
    .where(ledger.c.case_id == _ID)
)  # fmt: skip
_REFUSED = (
    select(
        decision.c.given_at, literal(0), decision.c.step_key, literal("refused"),
        func.coalesce(work_item.c.title, decision.c.step_key), cast(func.to_json(decision.c.reason), Json),
        decision.c.actor, staff.c.name, decision.c.channel, cast(null(), Text), cast(null(), Uuid),
    )
    .outerjoin(staff, staff.c.code == decision.c.actor)
    .outerjoin(work_item, _asked_by(decision))
    .where(decision.c.case_id == _ID, ~decision.c.accepted)
    .order_by(decision.c.given_at.desc(), decision.c.id.desc())  # by the key alone it would scan the table
    .limit(MOST_REFUSALS)
)  # fmt: skip
_NOTICED = select(
    notice.c.sent_at, literal(0), notice.c.step_key, literal("notice"), notice.c.kind,
    cast(func.to_json(notice.c.text), Json), notice.c.role, cast(null(), Text), literal(Channel.SYSTEM.value),
    cast(null(), Text), cast(null(), Uuid),
).where(notice.c.case_id == _ID)  # fmt: skip
_HAPPENED = union_all(_RECORDED, _REFUSED, _NOTICED).subquery()
_TIMELINE: Select[Any] = select(
    *(field for field in _HAPPENED.c if field.key != "seq")
).order_by(_HAPPENED.c.at, _HAPPENED.c.seq)  # fmt: skip


def case_view(connection: Connection, case_id: int) -> CaseView:
    """Load all that staff see of a case, in five statements; NotFound when there is none."""
    given = {"case_id": case_id}
    facts = connection.execute(_FACTS, given).first()
    if facts is None:
        raise NotFound(f"没有编号为 {case_id} 的单据 no case with id {case_id}")
    return CaseView(
        case=_facts(facts),
        lines=part_lines(connection, case_id),
        items=[_item(row) for row in connection.execute(_ITEMS, given)],
        documents=[_document(row) for row in connection.execute(_DOCUMENTS, given)],
        timeline=[_happening(row) for row in connection.execute(_TIMELINE, given)],
        now=clock.now(),
    )


def _facts(row: Row[Any]) -> CaseFacts:
    words = {"urgency": Urgency(row.urgency), "ending": ending_of(row.process, row.ending)}
    return CaseFacts(**{**row._mapping, **words, "title": _title(row.process)})


def _item(row: Row[Any]) -> ItemView:
    return ItemView(**{**row._mapping, "role": Role(row.role), "also": _maybe(Role, row.also)})


def _document(row: Row[Any]) -> DocumentView:
    return DocumentView(**{**row._mapping, "kind": DocumentKind(row.kind)})


def _happening(row: Row[Any]) -> Happening:
    return Happening(**{**row._mapping, "channel": Channel(row.channel)})


def _title(process: str) -> str:
    return PROCESSES[process].title if process in PROCESSES else process


def _maybe(words: Callable[[Any], E], value: Any) -> E | None:
    return None if value is None else words(value)


def inbox(connection: Connection, role: Role | None, now: datetime, most: int | None = None) -> list[InboxRow]:
    """List what waits for a role (None: for everybody) by due time, at most so many items a role."""
    waiting: Select[Any] = (
        select(
            service_case.c.number, work_item.c.step_key.label("key"), work_item.c.title, work_item.c.role,
            work_item.c.also,
            office.c.name.label("office_name"), production_unit.c.name.label("unit_name"),
            service_case.c.urgency, work_item.c.due_at, work_item.c.refusals, work_item.c.brief,
            _RUN,
        )
        .join(service_case, service_case.c.id == work_item.c.case_id)
        .join(office, office.c.code == service_case.c.office)
        .outerjoin(production_unit, production_unit.c.code == work_item.c.unit)
        .where(work_item.c.closed_at.is_(None))
        .order_by(work_item.c.due_at, work_item.c.case_id, work_item.c.step_key)
    )  # fmt: skip
    if role is not None:
        waiting = waiting.where(or_(work_item.c.role == role.value, work_item.c.also == role.value)).limit(most)
    elif most is not None:
        waiting = _at_most(waiting, most)
    return [_inbox_row(row, now) for row in connection.execute(waiting)]


def _inbox_row(row: Row[Any], now: datetime) -> InboxRow:
    words = {
        "role": Role(row.role),
        "also": _maybe(Role, row.also),
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


def find_cases(connection: Connection, text: str, limit: int = 20) -> list[FoundCase]:
    """Look cases up by case number, order number or phone, newest first."""
    wanted = "".join(text.split())
    if not wanted:
        return []
    found = (
        select(service_case)
        .where(
            or_(
                service_case.c.number == wanted.upper(),
                service_case.c.order_no.in_({wanted, wanted.upper()}),
                service_case.c.customer_phone == wanted,
            )
        )
        .order_by(service_case.c.id.desc())
        .limit(limit)
        .subquery()
    )
    days = (case_line.c.promised, case_line.c.in_on, case_line.c.out_on, case_line.c.picked_on)
    of_lines = (
        select(*(func.max(day).label(day.name) for day in days)).where(case_line.c.case_id == found.c.id).lateral()
    )
    of_notes = (
        select(func.string_agg(document.c.content["tracking"].as_string(), " ").label("tracking"))
        .where(document.c.case_id == found.c.id, document.c.kind == DocumentKind.DISPATCH_NOTE.value)
        .lateral()
    )
    rows = connection.execute(
        select(found, office.c.name.label("office_name"), of_lines, of_notes)
        .join(office, office.c.code == found.c.office)
        .join(of_lines, true())
        .join(of_notes, true())
        .order_by(found.c.id.desc())
    )
    return [
        FoundCase(
            number=row.number,
            title=_title(row.process),
            office_name=row.office_name,
            customer_name=row.customer_name,
            phone=mask_phone(row.customer_phone),
            order_no=row.order_no,
            link=row.link,
            step=row.step,
            due_at=row.due_at,
            promised=row.promised,
            in_on=row.in_on,
            out_on=row.out_on,
            picked_on=row.picked_on,
            tracking=row.tracking,
            ending=ending_of(row.process, row.ending),
            opened_at=row.opened_at,
            run_id=row.run_id,
        )
        for row in rows
    ]
