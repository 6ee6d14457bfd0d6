"""The SQL of the runs that show cases: what each case's run should show, and what it shows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Row, Select, Text, bindparam, cast, exists, func, or_, select, update

from schemas.tables import lease, service_case, work_item
from schemas.words import Role

_OPEN = service_case.c.closed_at.is_(None)
_UNSHOWN = service_case.c.run_seq != service_case.c.seq


class Shown(NamedTuple):
    """Which run shows a case, and the ledger sequence that it shows."""

    case_id: int
    run_id: UUID | None
    generation: int
    seq: int


def shown_cases(connection: Connection, after: int, limit: int, at: datetime) -> Sequence[Row[Any]]:
    """Find the next open cases by id whose run shows where they stand, unless somebody has changed it."""
    shown = (_OPEN, ~_UNSHOWN, service_case.c.run_id.is_not(None), service_case.c.id > after)
    return connection.execute(_cases(at).where(*shown).order_by(service_case.c.id).limit(limit)).all()


def cases_again(connection: Connection, case_ids: Sequence[int], at: datetime) -> Sequence[Row[Any]]:
    """Look at cases once more."""
    return connection.execute(_cases(at).where(service_case.c.id.in_(case_ids))).all()


def cases_behind(connection: Connection, limit: int, at: datetime) -> Sequence[int]:
    """Find cases whose run does not show where they stand: the newest gates first, closed cases last.

    What has work to do before it waits again is left alone, and what a live leg has in hand. A case that waits
    for no person needs no run.
    """
    asked = or_(work_item.c.role != Role.SYSTEM.value, service_case.c.run_id.is_not(None))
    waits = (work_item.c.case_id == service_case.c.id, work_item.c.closed_at.is_(None), asked)
    newest = select(func.max(work_item.c.opened_at)).where(*waits).scalar_subquery()
    leased = exists().where(lease.c.case_id == service_case.c.id, lease.c.expires_at > at)
    behind = (
        select(service_case.c.id, newest.label("gate"))
        .where(_UNSHOWN, or_(_OPEN, service_case.c.run_id.is_not(None)), ~leased)
        .subquery()
    )
    ended = exists().where(service_case.c.id == behind.c.id, ~_OPEN)
    wanted = select(behind.c.id).where(or_(behind.c.gate.is_not(None), ended))
    order = (behind.c.gate.desc().nulls_last(), behind.c.id.desc())
    return connection.execute(wanted.order_by(*order).limit(limit)).scalars().all()


def note_runs(connection: Connection, shown: Sequence[Shown]) -> None:
    """Remember which Prefect run shows each case, and what it shows."""
    noted = update(service_case).where(service_case.c.id == bindparam("key"))
    values = ("run_id", "run_generation", "run_seq")
    connection.execute(
        noted.values({name: bindparam(f"new_{name}") for name in values}),
        [
            {"key": one.case_id, "new_run_id": one.run_id, "new_run_generation": one.generation, "new_run_seq": one.seq}
            for one in sorted(shown)
        ],
    )


def _cases(at: datetime) -> Select[Any]:
    item, late = work_item.alias(), work_item.alias()
    overdue = exists().where(late.c.case_id == service_case.c.id, late.c.closed_at.is_(None), late.c.due_at < at)
    gate_key = (
        select(item.c.step_key + "-" + cast(item.c.refusals, Text))
        .where(item.c.case_id == service_case.c.id, item.c.closed_at.is_(None))
        .order_by(item.c.due_at, item.c.step_key)
        .limit(1)
        .scalar_subquery()
    )
    return select(
        service_case.c.id,
        service_case.c.number,
        service_case.c.process,
        service_case.c.request,
        service_case.c.closed_at,
        service_case.c.seq,
        service_case.c.run_id,
        service_case.c.run_generation,
        service_case.c.run_seq,
        gate_key.label("gate_key"),
        overdue.label("overdue"),
        lease.c.case_id.is_not(None).label("leased"),
    ).outerjoin(lease, (lease.c.case_id == service_case.c.id) & (lease.c.expires_at > at))


def cases_by_number(connection: Connection, numbers: Sequence[str]) -> dict[str, int]:
    """Find the ids of cases by their numbers."""
    found = select(service_case.c.number, service_case.c.id).where(service_case.c.number.in_(numbers))
    return {row.number: row.id for row in connection.execute(found)}
