"""The SQL of the runs that show cases: what each case's runs should show, and what they show."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, bindparam, case, cast, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB

from schemas.tables import decision, letter, service_case, work_item
from schemas.words import Channel, EntryKind, ItemState, Role
from tasks.branches.children import OF_CUSTOMERS, OF_PEOPLE
from tasks.durable import clock
from tasks.durable.lease import is_held
from tasks.durable.process import PROCESSES
from tasks.runs.rules import ItemRun
from tasks.runs.standing import Standing
from tasks.unit.among import among

MOST_CASES = 1_000_000  # of one job
_OPEN = service_case.c.closed_at.is_(None)
# a letter answers the question that it names; a withdrawal, and what is heard of others, whatever the case waits for
_UNASKED = [letter.c.key.startswith(of) for of in (OF_PEOPLE, OF_CUSTOMERS)]
_MEANT = or_(letter.c.kind == EntryKind.WITHDRAWN.value, letter.c.key == work_item.c.step_key, *_UNASKED)
_ADDRESSED = (letter.c.case_id == work_item.c.case_id) & _MEANT
_UNSHOWN = service_case.c.run_seq != service_case.c.seq


class Shown(NamedTuple):
    """Which run shows a case, at which item, and the ledger sequence that it shows; `beside`: the runs of other items."""

    case_id: int
    run_id: UUID | None
    run_item: str | None
    run_generation: int
    run_seq: int
    beside: Mapping[str, UUID | None]


def _known() -> ColumnElement[bool]:
    """Say that a case is of a process that this program knows; whoever knows the others has them in hand."""
    return service_case.c.process.in_(PROCESSES)


def shown_cases(connection: Connection, after: int, limit: int) -> list[Standing]:
    """Find the next open cases by id whose runs show where they stand, unless somebody has changed them."""
    shown = (_OPEN, _known(), ~_UNSHOWN, service_case.c.run_id.is_not(None), service_case.c.id > after)
    return _standings(connection, *shown, limit=limit)


def cases_again(connection: Connection, case_ids: Sequence[int]) -> list[Standing]:
    """Look at cases once more."""
    return _standings(connection, service_case.c.id.in_(case_ids))


def cases_behind(connection: Connection, limit: int) -> Sequence[int]:
    """Find cases whose runs do not show where they stand: the newest gates first, closed cases last.

    What has work to do before it waits again is left alone, and what a live leg has in hand. A case that waits
    for no person needs no run.
    """
    asked = or_(work_item.c.role != Role.SYSTEM.value, service_case.c.run_id.is_not(None))
    waits = (work_item.c.case_id == service_case.c.id, work_item.c.closed_at.is_(None), asked)
    newest = select(func.max(work_item.c.opened_at)).where(*waits).scalar_subquery()
    here = (_UNSHOWN, or_(_OPEN, service_case.c.run_id.is_not(None)), ~is_held(service_case.c.id))
    behind = select(service_case.c.id, newest.label("gate")).where(*here, _known()).subquery()
    ended = exists().where(service_case.c.id == behind.c.id, ~_OPEN)
    wanted = select(behind.c.id).where(or_(behind.c.gate.is_not(None), ended))
    order = (behind.c.gate.desc().nulls_last(), behind.c.id.desc())
    return connection.execute(wanted.order_by(*order).limit(limit)).scalars().all()


def note_runs(connection: Connection, shown: Iterable[Shown]) -> None:
    """Remember which Prefect runs show each case and its items, and what they show."""
    ordered = sorted(shown, key=lambda one: one.case_id)
    own = [{name: value for name, value in one._asdict().items() if name != "beside"} for one in ordered]
    connection.execute(update(service_case).where(service_case.c.id == bindparam("case_id")), own)
    beside = [{"case": one.case_id, "item": key, "run": run} for one in ordered for key, run in one.beside.items()]
    if beside:
        of_item = (work_item.c.case_id == bindparam("case"), work_item.c.step_key == bindparam("item"))
        connection.execute(update(work_item).where(*of_item).values(run_id=bindparam("run")), beside)


def note_own_run(connection: Connection, case_id: int, run_id: UUID, item: str | None, seq: int) -> None:
    """Remember what a case's own run shows; the case stays behind while other items' runs must be made or ended."""
    own, shown = work_item.c.step_key == item, work_item.c.run_id.is_not(None)
    is_open, asked = work_item.c.closed_at.is_(None), work_item.c.role != Role.SYSTEM.value
    unlike = or_(shown & (own | ~is_open), ~shown & ~own & is_open & asked)
    others = exists().where(work_item.c.case_id == service_case.c.id, unlike)
    shows = {"run_id": run_id, "run_item": item, "run_seq": case((others, service_case.c.run_seq), else_=seq)}
    connection.execute(update(service_case).where(service_case.c.id == case_id).values(shows))


def item_state(connection: Connection, case_id: int, key: str) -> ItemState:
    """Say what became of a work item."""
    of_item = (work_item.c.case_id == case_id, work_item.c.step_key == key)
    return ItemState(connection.execute(select(work_item.c.state).where(*of_item)).scalar_one())


def was_judged(connection: Connection, case_id: int, key: str, given: Mapping[str, Any]) -> bool:
    """Say whether an answer to a work item that was given in Prefect has been recorded or refused."""
    of_item = (decision.c.case_id == case_id, decision.c.step_key == key, decision.c.channel == Channel.PREFECT.value)
    return bool(connection.scalar(select(exists().where(*of_item, cast(decision.c.form, JSONB).contains(given)))))


def cases_to_advance(connection: Connection, numbers: Sequence[str]) -> tuple[Sequence[int], Sequence[str]]:
    """Find the cases with these numbers, by default all that have work to do, and the numbers that no case has."""
    if not numbers:
        return ready_cases(connection, clock.now(), MOST_CASES), []
    known = select(service_case.c.number, service_case.c.id).where(among(service_case.c.number, numbers))
    found = {row.number: row.id for row in connection.execute(known)}
    return [found[number] for number in numbers if number in found], [n for n in numbers if n not in found]


def _standings(connection: Connection, *which: ColumnElement[bool], limit: int | None = None) -> list[Standing]:
    """Load cases by id with those of their items that have a run or want one."""
    now = clock.now()
    wanted = select(service_case, is_held(service_case.c.id).label("leased")).where(*which)
    rows, of = connection.execute(wanted.order_by(service_case.c.id).limit(limit)).all(), work_item.c
    items: dict[int, list[ItemRun]] = {row.id: [] for row in rows}
    for case_id, key, role, state, *more in connection.execute(
        select(of.case_id, of.step_key, of.role, of.state, of.refusals, of.due_at < now, of.run_id)
        .where(or_(of.closed_at.is_(None), of.run_id.is_not(None)), among(of.case_id, list(items)))
        .order_by(of.case_id, of.due_at, of.step_key)
    ):
        items[case_id].append(ItemRun(key, Role(role), ItemState(state), *more))
    return [Standing(row, items[row.id]) for row in rows]


def unknown_processes(connection: Connection, at: datetime) -> Sequence[str]:
    """Find the processes of cases with work to do that this program does not know."""
    ready = select(service_case.c.process).where(service_case.c.ready_at <= at, _OPEN, ~_known())
    return connection.execute(ready.distinct().order_by(service_case.c.process)).scalars().all()


def ready_cases(connection: Connection, at: datetime, limit: int, skip_locked: bool = False) -> list[int]:
    """Find open cases with work to do, or with a letter to read, and no live lease, longest ready first.

    `skip_locked` leaves out those that somebody holds at the moment, a chunk at work or a worker that is frozen.
    """
    ready = select(service_case.c.id, service_case.c.ready_at.label("since")).where(
        service_case.c.ready_at <= at, _OPEN, _known()
    )
    waits = _ADDRESSED & work_item.c.closed_at.is_(None)
    unread = letter.c.read_at.is_(None) & (letter.c.sent_at <= at) & service_case.c.fault.is_(None)
    written = select(service_case.c.id, letter.c.sent_at).join(letter).join(work_item, waits).where(unread, _known())
    found = ready.union(written).subquery()
    free = select(found.c.id).where(~is_held(found.c.id)).order_by(found.c.since).limit(limit)
    if skip_locked:
        rows = free.join(service_case, service_case.c.id == found.c.id)
        free = rows.with_for_update(of=service_case, key_share=True, skip_locked=True)
    return list(connection.execute(free).scalars())
