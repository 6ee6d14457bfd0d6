"""`open_case`: accept an application, once per origin; `open_chunk`: many in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from schemas.forms.base import Form
from schemas.problems import BadInput, problems_of
from schemas.tables import service_case
from schemas.words import CaseState, Channel
from tasks.durable import clock, queries
from tasks.durable.engine import PROCESSES, ProcessDefinition, halves
from tasks.durable.step import SHANGHAI, Work
from tasks.unit.unit import Unit


@dataclass(frozen=True)
class Opened:
    """A case that exists now, or that an earlier sending of the same origin made."""

    case_id: int
    number: str
    new: bool


def open_case(
    db: Engine,
    code: str,
    data: Mapping[str, Any] | BaseModel,
    origin: str,
    channel: Channel,
    run_id: UUID | None = None,
) -> Opened:
    """Accept an application: the case, its lines and its number commit together, once per origin.

    `run_id` is the Prefect run that shows the case, if there is one. Raises BadInput with every problem; then
    nothing is stored and no number is used.
    """
    (opened,) = open_chunk(db, code, channel, [(origin, data)], run_id)
    if isinstance(opened, BadInput):
        raise opened
    return opened


def open_chunk(
    db: Engine,
    code: str,
    channel: Channel,
    applications: Sequence[tuple[str, Mapping[str, Any] | BaseModel]],
    run_id: UUID | None = None,
) -> list[Opened | BadInput]:
    """Accept many applications, (origin, form) each, as `open_case` does; gives what became of each, in order.

    One transaction for all; where the database refuses, because others send the same, each half has its own.
    """
    process, results = PROCESSES[code], dict[str, Opened | BadInput]()
    forms: dict[str, Form] = {}
    for origin, data in applications:
        try:
            forms[origin] = process.request.model_validate(data if isinstance(data, BaseModel) else dict(data))
        except ValidationError as error:
            results[origin] = BadInput(problems_of(error))

    def attempt(part: Mapping[str, Form], attempts: int = 2) -> None:
        try:
            with db.begin() as connection:
                results.update(_open(connection, process, part, channel, run_id))
        except IntegrityError:  # another sending of an origin, or a twin line, came between check and insert
            if len(part) > 1:
                for half in halves(list(part.items())):
                    attempt(dict(half))
            elif attempts > 1:
                attempt(part, attempts - 1)
            else:
                raise

    attempt(forms)
    return [results[origin] for origin, _ in applications]


def _open(
    connection: Connection, process: ProcessDefinition, forms: Mapping[str, Form], channel: Channel, run_id: UUID | None
) -> dict[str, Opened | BadInput]:
    unit, now = Unit(connection, [], list(forms.values())), clock.now()
    made = queries.cases_by_origin(connection, list(forms))
    judged = {origin: process.accept(form, unit, channel) for origin, form in forms.items() if origin not in made}
    wrong = {origin: problems for origin, (_, problems) in judged.items() if problems}
    if wrong:  # a sending meanwhile has made some of them; its own lines must not be called twins
        made |= queries.cases_by_origin(connection, list(wrong))
    found = {origin: Opened(row.id, row.number, new=False) for origin, row in made.items()}
    rows = [
        {
            "process": process.code,
            "version": process.version,
            "origin": origin,
            "state": CaseState.RECEIVED,
            "request": forms[origin].model_dump(mode="json", by_alias=False),
            "opened_at": now,
            "ready_at": now,
            "run_id": run_id,
            **facts,
        }
        for origin, (facts, problems) in judged.items()
        if not problems
    ]
    refused = {origin: BadInput(problems) for origin, problems in wrong.items() if origin not in found}
    return found | refused | _make(unit, process, forms, rows, now)


def _make(
    unit: Unit, process: ProcessDefinition, forms: Mapping[str, Form], rows: Sequence[dict[str, Any]], now: datetime
) -> dict[str, Opened]:
    """Number and write the cases, and what they begin with."""
    if not rows:
        return {}
    year = now.astimezone(SHANGHAI).year
    first = unit.draw(f"case:{process.code}:{year}", len(rows)) - len(rows) + 1
    for serial, row in enumerate(rows, start=first):
        row["number"] = f"{process.code}-{year}-{serial:06d}"
    made = unit.insert_now(service_case, rows, service_case.c.id, service_case.c.origin)
    for case in queries.load_files(unit.connection, [row.id for row in made]).values():
        process.begin(forms[case.row.origin], Work(unit, case, "begin", now))
    unit.flush()
    numbers = {row["origin"]: row["number"] for row in rows}
    return {row.origin: Opened(row.id, numbers[row.origin], new=True) for row in made}
