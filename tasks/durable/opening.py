"""`open_case`: accept an application, once per origin; `open_chunk`: many in one transaction; `open_child`: one by another.

A case's number is drawn as the last act of its transaction, like those of documents: gapless, and nobody waits.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection, Engine

from schemas.answers import Opened
from schemas.forms.base import Form
from schemas.problems import BadInput, IllegalTransition, Problem, problems_of
from schemas.tables import service_case
from schemas.words import Channel
from tasks.durable import clock, queries
from tasks.durable.process import PROCESSES, Process
from tasks.unit.refusals import in_halves
from tasks.unit.unit import Numbered, Unit
from tasks.unit.work import SHANGHAI, Work

Given = Mapping[str, Any] | BaseModel


def open_case(db: Engine, code: str, data: Given, origin: str, channel: Channel, **own: Any) -> Opened:
    """Accept an application: the case, its lines and its number commit together, once per origin.

    `own` says more of the case's row: `run_id` of the Prefect run that shows it, `opened_at` if it was received before
    we came to it. Raises BadInput with every problem; then nothing is stored and no number is used.
    """
    (opened,) = open_chunk(db, code, channel, [(origin, data)], **own)
    if isinstance(opened, BadInput):
        raise opened.__cause__ or opened
    return opened


def open_chunk(
    db: Engine, code: str, channel: Channel, applications: Sequence[tuple[str, Given]], **own: Any
) -> list[Opened | BadInput]:
    """Accept many applications, (origin, form) each, as `open_case` does; gives what became of each, in order.

    One transaction for all; where one fails, or others send the same meanwhile, each half has its own.
    """
    process, forms = PROCESSES[code], list[tuple[str, Form]]()
    results: dict[str, Opened | BadInput] = {}
    for origin, data in applications:
        try:
            forms.append((origin, process.request.model_validate(data if isinstance(data, BaseModel) else dict(data))))
        except ValidationError as error:
            results[origin] = BadInput(problems_of(error))

    def together(part: Sequence[tuple[str, Form]]) -> list[tuple[str, Opened | BadInput]]:
        with db.begin() as connection:
            return list(_open(connection, process, dict(part), channel, own | {"channel": channel}).items())

    def failed(one: tuple[str, Form], fault: Exception) -> tuple[str, Opened | BadInput]:
        wrong = BadInput([Problem("申报 application", one[0], f"出错 failed: {fault!r}")])
        wrong.__cause__ = fault
        return one[0], wrong

    results.update(in_halves(forms, together, failed))
    return [results[origin] for origin, _ in applications]


def _open(
    connection: Connection, process: Process, forms: Mapping[str, Form], channel: Channel, own: Mapping[str, Any]
) -> dict[str, Opened | BadInput]:
    """Judge applications and write the new cases; gives what became of each origin."""
    unit, now = Unit(connection, [], list(forms.values())), clock.now()
    known = queries.cases_by_origin(connection, list(forms))
    judged = {origin: process.accept(form, unit, channel) for origin, form in forms.items() if origin not in known}
    wrong = {origin: BadInput(problems) for origin, (_, problems) in judged.items() if problems}
    if wrong:  # a sending meanwhile has made some of them; its own lines must not be called twins
        known |= queries.cases_by_origin(connection, list(wrong))
    right = [origin for origin in judged if origin not in wrong]
    ids = zip(right, unit.new_case_ids(len(right)), strict=True)
    made = {one: enter(unit, process, id_, forms[one], judged[one][0], now, origin=one, **own) for one, id_ in ids}
    unit.flush()
    if channel != Channel.SYSTEM:  # what people open about a case is soon on its page
        queries.show_again(connection, sorted({row["parent_id"] for row in made.values() if row.get("parent_id")}))
    numbered = {origin: Opened(row["id"], row["number"], new=True) for origin, row in made.items()}
    return numbered | wrong | {origin: Opened(row.id, row.number, new=False) for origin, row in known.items()}


def enter(
    unit: Unit, process: Process, case_id: int, form: Form, facts: Mapping[str, Any], now: datetime, **own: Any
) -> dict[str, Any]:
    """Buffer a new case and what it begins with; gives its row, whose number is drawn when the unit is flushed."""
    row = {
        "id": case_id, "process": process.code, "version": process.version, "link": process.links[0],
        "request": form.model_dump(mode="json", by_alias=False), "opened_at": now, "ready_at": now, **own, **facts,
    }  # fmt: skip
    year = row["opened_at"].astimezone(SHANGHAI).year
    unit.insert_numbered(case_id, Numbered(service_case, row, f"case:{process.code}:{year}"))
    process.begin(form, Work(unit, cast(Any, SimpleNamespace(**row)), {}, "begin", now))
    return row


def open_child(work: Work, code: str, form: Form, key: str) -> int:
    """Open another case in this very transaction, once per `key`; gives its id, never its number.

    Raises IllegalTransition where its process does not accept the form: what a process writes must be right.
    """
    unit, process = work.unit, PROCESSES[code]
    facts, problems = process.accept(form, unit, Channel.SYSTEM)
    if problems:
        raise IllegalTransition(f"{work.case.number} cannot open a {code}: {'; '.join(map(str, problems))}")
    (child,) = unit.new_case_ids(1)
    enter(unit, process, child, form, facts, work.now, origin=f"case:{work.case.id}:{key}", parent_id=work.case.id)
    unit.made(child, by=work.case.id)
    return child
