"""`open_case`: accept an application, once per origin; `open_chunk`: many in one transaction.

A case's number is drawn as the last act of its transaction, like those of documents: gapless, and nobody waits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ValidationError
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from schemas.forms.base import Form
from schemas.problems import BadInput, problems_of
from schemas.tables import service_case
from schemas.words import Channel
from tasks.durable import clock, queries
from tasks.durable.process import PROCESSES, Process
from tasks.durable.queries import CaseFile
from tasks.durable.stage import halves
from tasks.durable.step import SHANGHAI, Work
from tasks.unit.unit import Numbered, Unit


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
                unit = Unit(connection, [], list(part.values()))
                found = _open(unit, process, part, channel, run_id)
                unit.flush()
            results.update({origin: _told(one) for origin, one in found.items()})
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


def _told(one: "Opened | BadInput | dict[str, Any]") -> Opened | BadInput:
    """Tell of a new case by its row, which has its number by now."""
    return Opened(one["id"], one["number"], new=True) if isinstance(one, dict) else one


def _open(
    unit: Unit, process: Process, forms: Mapping[str, Form], channel: Channel, run_id: UUID | None
) -> dict[str, Opened | BadInput | dict[str, Any]]:
    """Judge the applications and buffer the cases of those that are right; gives their rows."""
    made, now = queries.cases_by_origin(unit.connection, list(forms)), clock.now()
    judged = {origin: process.accept(form, unit, channel) for origin, form in forms.items() if origin not in made}
    wrong = {origin: problems for origin, (_, problems) in judged.items() if problems}
    if wrong:  # a sending meanwhile has made some of them; its own lines must not be called twins
        made |= queries.cases_by_origin(unit.connection, list(wrong))
    right = [origin for origin, (_, problems) in judged.items() if not problems]
    ids = dict(zip(right, queries.new_case_ids(unit.connection, len(right)), strict=True))
    found = {
        origin: enter(unit, process, ids[origin], forms[origin], judged[origin][0], now, origin=origin, run_id=run_id)
        for origin in right
    }
    earlier = {origin: Opened(row.id, row.number, new=False) for origin, row in made.items()}
    refused = {origin: BadInput(problems) for origin, problems in wrong.items() if origin not in made}
    return {**found, **refused, **earlier}


def enter(
    unit: Unit, process: Process, case_id: int, form: Form, facts: Mapping[str, Any], now: datetime, **own: Any
) -> dict[str, Any]:
    """Buffer a new case and what it begins with; gives its row, whose number is drawn when the unit is flushed."""
    year = now.astimezone(SHANGHAI).year
    row = {
        "id": case_id, "process": process.code, "version": process.version, "link": process.chain[0],
        "request": form.model_dump(mode="json", by_alias=False), "opened_at": now, "ready_at": now, **own, **facts,
    }  # fmt: skip
    unit.insert_numbered(case_id, Numbered(service_case, row, f"case:{process.code}:{year}", _write_number))
    process.begin(form, Work(unit, CaseFile(SimpleNamespace(**row)), "begin", now))
    return row


def _write_number(row: dict[str, Any], serial: int) -> None:
    """Put a drawn serial into a case's row: PA-2026-000123."""
    row["number"] = f"{row['process']}-{row['opened_at'].astimezone(SHANGHAI).year}-{serial:06d}"
