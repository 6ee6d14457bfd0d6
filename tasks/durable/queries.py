"""The SQL of the core: cases with their ledger, open items and letters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Row, Text, cast, func, select, update

from schemas.answers import Answer
from schemas.forms.base import form_path
from schemas.tables import ledger, letter, service_case, sheet_row, work_item
from schemas.words import Channel, EntryKind, ItemState, Role
from tasks.durable import clock
from tasks.durable.question import Question
from tasks.unit.among import among
from tasks.unit.unit import Unit
from tasks.unit.work import Work


class Entry(NamedTuple):
    """One ledger row: what a step returned or what somebody decided, as JSON; `link` is of the process's chain."""

    step_key: str
    seq: int
    kind: str
    title: str
    link: str
    output: str
    actor: str
    finished_at: datetime


class Item(NamedTuple):
    """An open work item."""

    step_key: str
    title: str
    link: str
    due_at: datetime
    expires_at: datetime | None


_OUTPUT = func.coalesce(cast(ledger.c.output, Text), "null").label("output")
_ENTRY = [_OUTPUT if name == "output" else ledger.c[name] for name in Entry._fields]
_ENTRIES = select(ledger.c.case_id, *_ENTRY).order_by(ledger.c.case_id, ledger.c.seq)
_ITEM = [work_item.c[name] for name in Item._fields]
_ITEMS = select(work_item.c.case_id, *_ITEM, work_item.c.state).order_by(work_item.c.due_at, work_item.c.step_key)
_UNANSWERED = work_item.c.state.in_([ItemState.OPEN.value, ItemState.DROPPED.value])
_LETTERS = select(letter).where(letter.c.read_at.is_(None))


@dataclass
class CaseFile:
    """All that the core knows of one case.

    row       of service_case, as it was loaded; id is its key
    dropped   keys of items that nobody asked for any more
    letters   what other cases wrote, as the answers that they are
    known     the rows of sheets that were taken before, among those asked for
    """

    id: int
    row: Any
    seq: int = 0
    link: str = ""
    ready: bool = False
    closed: bool = False
    known: Mapping[UUID, str] = field(default_factory=dict)
    recorded: dict[str, Entry] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)
    letters: list[Answer] = field(default_factory=list)

    def now(self) -> datetime:
        """Give the present moment; the time of a case never goes back, whatever is done to a host's clock."""
        latest = next(reversed(self.recorded.values())).finished_at if self.recorded else self.row.opened_at
        return max(clock.now(), latest)

    def work(self, unit: Unit, key: str) -> Work:
        """Begin a step or an answer of this case in a unit."""
        return Work(unit, self.row, self.recorded, key, self.now())


def load_files(
    connection: Connection, case_ids: Sequence[int], marks: Sequence[UUID] = (), lock: bool = False
) -> dict[int, CaseFile]:
    """Load cases with ledger and open items, in as many queries for many as for one; `lock` holds their rows.

    `marks` are of the sheet rows whose answers the cases are to hear.
    """
    wanted = select(service_case).where(among(service_case.c.id, case_ids)).order_by(service_case.c.id)
    rows = connection.execute(wanted.with_for_update(key_share=True) if lock else wanted).all()
    known = known_rows(connection, marks)
    files = {
        row.id: CaseFile(row.id, row, row.seq, row.link, row.ready_at is not None, row.closed_at is not None, known)
        for row in rows
    }
    for row in connection.execute(_ENTRIES.where(among(ledger.c.case_id, case_ids))).all():
        files[row[0]].recorded[row[1]] = Entry(*row[1:])
    for row in connection.execute(_ITEMS.where(_UNANSWERED, among(work_item.c.case_id, case_ids))).all():
        if row.state == ItemState.OPEN:
            files[row.case_id].items[row.step_key] = Item(*row[1:-1])
        else:
            files[row.case_id].dropped.add(row.step_key)
    for row in connection.execute(_LETTERS.where(among(letter.c.case_id, case_ids))):
        how = (Channel.SYSTEM, EntryKind(row.kind), row.body.get("number", Role.SYSTEM))
        files[row.case_id].letters.append(Answer(row.key, row.body, *how, sent_at=row.sent_at))
    return files


def hold(connection: Connection, file: CaseFile) -> bool:
    """Hold a case's row, which others may refer to; False where another leg has moved it since `file` was loaded."""
    stands = select(service_case.c.seq, service_case.c.link, service_case.c.ready_at)
    row = connection.execute(stands.where(service_case.c.id == file.id).with_for_update(key_share=True)).one()
    return (row.seq, row.link, row.ready_at is not None) == (file.seq, file.link, file.ready)


def open_item(work: Work, file: CaseFile, question: Question[Any]) -> Item:
    """Open a work item for a question, again where it was dropped unanswered before."""
    due = question.due(work)
    expires_at = question.expires(work) if question.expires else None
    reminders = question.remind(work, due) if question.remind else []
    look_at = min([*(one.at for one in reminders), *filter(None, [expires_at])], default=None)
    if question.key in file.dropped:
        work.delete(work_item, {"case_id": file.id, "step_key": question.key})
    work.insert(
        work_item, step_key=question.key, title=question.title, link=question.link, role=question.role,
        also=question.also, unit=question.unit, line=question.line, form=form_path(question.form),
        office=question.office or file.row.office if question.role == Role.OFFICE else None,
        brief=list(question.brief()), prefill=dict(question.prefill()), opened_at=work.now, due_at=due,
        schedule=[reminder._asdict() for reminder in reminders], expires_at=expires_at, look_at=look_at,
    )  # fmt: skip
    return Item(question.key, question.title, question.link, due, expires_at)


def cases_by_origin(connection: Connection, origins: Sequence[str]) -> dict[str, Row[Any]]:
    """Find the cases that were made from origins: origin → id and number."""
    found = select(service_case.c.origin, service_case.c.id, service_case.c.number)
    return {row.origin: row for row in connection.execute(found.where(among(service_case.c.origin, origins)))}


def show_again(connection: Connection, case_ids: Sequence[int]) -> None:
    """Have the pages of cases made anew, though nothing of their own has happened."""
    if case_ids:
        connection.execute(update(service_case).where(among(service_case.c.id, case_ids)).values(run_seq=-1))


def known_rows(connection: Connection, marks: Sequence[UUID]) -> dict[UUID, str]:
    """Find the sheet rows that became part of a decision: id → work item."""
    if not marks:
        return {}
    known = select(sheet_row.c.id, sheet_row.c.step_key).where(among(sheet_row.c.id, marks))
    return {row.id: row.step_key for row in connection.execute(known)}
