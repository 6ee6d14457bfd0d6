"""The SQL of the core: cases with their ledger and open items, people and their roles."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Row, Text, cast, func, insert, select, update

from schemas.problems import NotFound
from schemas.tables import lease, ledger, service_case, sheet_row, staff, staff_role, work_item
from schemas.words import CaseState, Role
from tasks.unit.among import among


class Entry(NamedTuple):
    """One ledger row: what a step returned or what somebody decided, as JSON."""

    key: str
    seq: int
    kind: str
    title: str
    output: str
    actor: str
    finished_at: datetime


class Item(NamedTuple):
    """An open work item."""

    key: str
    title: str
    role: str
    due_at: datetime
    expires_at: datetime | None
    refusals: int
    refused_because: str


@dataclass
class CaseFile:
    """All that the core knows of one case; `row` is its line in service_case."""

    row: Row[Any]
    recorded: dict[str, Entry] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    seq: int = 0
    state: str = ""
    ready: bool = False

    @property
    def id(self) -> int:
        """The case's key."""
        return int(self.row.id)

    @property
    def closed(self) -> bool:
        """Whether the case has ended."""
        return self.state == CaseState.CLOSED


def load_files(connection: Connection, case_ids: Sequence[int], lock: bool = False) -> dict[int, CaseFile]:
    """Load cases with ledger and open items, three queries for any number of cases; `lock` holds their rows."""
    wanted = select(service_case).where(among(service_case.c.id, case_ids)).order_by(service_case.c.id)
    rows = connection.execute(wanted.with_for_update() if lock else wanted).all()
    files = {row.id: CaseFile(row, seq=row.seq, state=row.state, ready=row.ready_at is not None) for row in rows}
    for row in connection.execute(
        select(
            ledger.c.case_id,
            ledger.c.step_key,
            ledger.c.seq,
            ledger.c.kind,
            ledger.c.title,
            func.coalesce(cast(ledger.c.output, Text), "null"),
            ledger.c.actor,
            ledger.c.finished_at,
        )
        .where(among(ledger.c.case_id, case_ids))
        .order_by(ledger.c.case_id, ledger.c.seq)
    ).all():
        files[row[0]].recorded[row[1]] = Entry(*row[1:])
    for row in connection.execute(
        select(
            work_item.c.case_id,
            work_item.c.step_key,
            work_item.c.title,
            work_item.c.role,
            work_item.c.due_at,
            work_item.c.expires_at,
            work_item.c.refusals,
            work_item.c.refused_because,
        )
        .where(among(work_item.c.case_id, case_ids), work_item.c.closed_at.is_(None))
        .order_by(work_item.c.due_at, work_item.c.step_key)
    ).all():
        files[row[0]].items[row[1]] = Item(*row[1:])
    return files


def lock_case(connection: Connection, case_id: int) -> tuple[int, str, bool]:
    """Hold a case's row; give its ledger sequence, its state, and if a leg has work to do."""
    row = connection.execute(
        select(service_case.c.seq, service_case.c.state, service_case.c.ready_at)
        .where(service_case.c.id == case_id)
        .with_for_update()
    ).one()
    return row.seq, row.state, row.ready_at is not None


def case_id_by_number(connection: Connection, number: str) -> int | None:
    """Find a case by its number."""
    return connection.execute(select(service_case.c.id).where(service_case.c.number == number)).scalar()


def find_case(connection: Connection, text: str) -> int:
    """Find a case by its number as people type it, in full width or small letters; NotFound where there is none."""
    number = unicodedata.normalize("NFKC", text).strip().upper()
    case_id = case_id_by_number(connection, number)
    if case_id is None:
        raise NotFound(f"没有单号为 {number} 的单据，请核对 there is no case {number}: check the number")
    return case_id


def case_by_origin(connection: Connection, origin: str) -> Any:
    """Find the case that was made from an origin."""
    return cases_by_origin(connection, [origin]).get(origin)


def cases_by_origin(connection: Connection, origins: Sequence[str]) -> dict[str, Any]:
    """Find the cases that were made from origins: origin → id and number."""
    found = select(service_case.c.origin, service_case.c.id, service_case.c.number)
    return {row.origin: row for row in connection.execute(found.where(among(service_case.c.origin, origins)))}


def open_engineer_item(connection: Connection, case_id: int, why: str, now: datetime) -> None:
    """Open the engineer's work item of a case whose process changed, unless one is open already.

    It is due before whatever else is open: nothing of that can be answered until it is.
    """
    items = connection.execute(
        select(work_item.c.role, work_item.c.closed_at, work_item.c.due_at).where(work_item.c.case_id == case_id)
    ).all()
    due = min([now, *(item.due_at - timedelta(seconds=1) for item in items if item.closed_at is None)])
    items = [item for item in items if item.role == Role.ENGINEER]
    if all(item.closed_at for item in items):
        connection.execute(
            insert(work_item).values(
                case_id=case_id,
                step_key=f"engineer-{len(items) + 1}",
                title="流程代码与记录不符",
                role=Role.ENGINEER,
                form="schemas.forms.base:EngineerNote",
                brief=[why],
                prefill={},
                schedule=[],
                opened_at=now,
                due_at=due,
            )
        )


class Person(NamedTuple):
    """A staff member; `roles` holds (role, office or None, unit or None)."""

    code: str
    name: str
    active: bool
    roles: frozenset[tuple[Role, str | None, str | None]]

    def holds(self, role: Role, office: str | None = None, unit: str | None = None) -> bool:
        """Say whether this person may act as `role`; an office or unit narrows it where the person has one."""
        return any(
            held == role and (not office or not o or o == office) and (not unit or not u or u == unit)
            for held, o, u in self.roles
        )


def people(connection: Connection, _case_ids: Sequence[int] = ()) -> dict[str, Person]:
    """Load all staff with their roles, by staff code."""
    roles: dict[str, set[tuple[Role, str | None, str | None]]] = {}
    for row in connection.execute(select(staff_role)):
        roles.setdefault(row.staff, set()).add((Role(row.role), row.office, row.unit))
    return {
        row.code: Person(row.code, row.name, row.active, frozenset(roles.get(row.code, ())))
        for row in connection.execute(select(staff))
    }


def withdrawal(connection: Connection, case_id: int) -> Any:
    """Find by whom and why a case was withdrawn: {"by", "reason"}, or None."""
    return connection.execute(
        select(ledger.c.output).where(ledger.c.case_id == case_id, ledger.c.kind == "withdrawn")
    ).scalar()


def known_rows(connection: Connection, marks: Sequence[UUID]) -> dict[UUID, str]:
    """Find the sheet rows that became part of a decision: id → work item."""
    if not marks:
        return {}
    known = select(sheet_row.c.id, sheet_row.c.step_key).where(among(sheet_row.c.id, marks))
    return {row.id: row.step_key for row in connection.execute(known)}


def set_fault(connection: Connection, case_id: int, fault: str, retry_at: datetime | None) -> None:
    """Note why a leg could not go on and when the watch may try again (None: not by itself)."""
    connection.execute(update(service_case).where(service_case.c.id == case_id).values(fault=fault, ready_at=retry_at))


def ready_cases(connection: Connection, at: datetime, limit: int) -> list[int]:
    """Find open cases with work to do and no live lease, longest ready first."""
    return list(
        connection.execute(
            select(service_case.c.id)
            .outerjoin(lease, (lease.c.case_id == service_case.c.id) & (lease.c.expires_at > at))
            .where(service_case.c.ready_at <= at, lease.c.case_id.is_(None))
            .order_by(service_case.c.ready_at)
            .limit(limit)
        ).scalars()
    )
