"""Sheets of decisions: the forms of a chunk become answers, and the answers' fate comes back to the rows.

A form goes on whole or not at all. Rows that were taken before are known by their mark; what is new goes on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Row

from schemas.forms.base import form_path
from schemas.problems import Problem
from schemas.words import Channel
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.durable.queries import known_rows
from tasks.durable.question import Answer, Reply
from tasks.durable.stage import Turn, advance_chunk
from tasks.sheets.columns import NUMBER, SheetKind
from tasks.sheets.outcome import Became, RowOutcome, SheetRow, all_became, in_sheet, rejected
from tasks.sheets.queries import cases_by_number
from tasks.sheets.rows import Filled, ReadRow, SheetForm, fill_in, forms_of, read_rows_of
from tasks.unit.work import SHANGHAI


@dataclass(slots=True)
class Sending:
    """A form that is ready for the engine, with those of its rows that are new."""

    form: SheetForm
    case_id: int
    number: str
    rows: list[SheetRow]
    filled: Filled
    answer: Answer


def apply_decisions(db: Engine, kind: SheetKind, rows: Sequence[SheetRow]) -> list[RowOutcome]:
    """Give the decisions of some rows to their cases; all rows of a case must be among them."""
    forms = forms_of(kind, read_rows_of(kind, rows, shanghai_day(clock.now())))
    outcomes: dict[int, RowOutcome] = {}
    while forms:
        told, forms = _apply_forms(db, kind, forms)
        outcomes |= {outcome.row.no: outcome for outcome in told}
    return list(outcomes.values())


def _apply_forms(db: Engine, kind: SheetKind, forms: Sequence[SheetForm]) -> tuple[list[RowOutcome], list[SheetForm]]:
    """Send the new rows of forms; gives what became of rows, and forms of which others just took some rows."""
    with db.connect() as connection:
        known = known_rows(connection, [row.mark for form in forms for row in form.rows if row.mark])
        cases = cases_by_number(connection, {form.number for form in forms})
    outcomes, sendings = list[RowOutcome](), list[Sending]()
    for form in forms:
        taken = [row for row in form.rows if row.mark in known]
        fresh = [row for row in form.rows if row.mark not in known]
        outcomes += all_became([row.row for row in taken], Became.UNCHANGED, form.number)
        if fresh:
            _sort_out(kind, form, fresh, cases, sendings, outcomes)
    told, overtaken = _send(db, kind, sendings)
    return outcomes + told, overtaken


def _sort_out(
    kind: SheetKind,
    form: SheetForm,
    fresh: list[ReadRow],
    cases: Mapping[str, Row[Any]],
    sendings: list[Sending],
    outcomes: list[RowOutcome],
) -> None:
    """Make a form ready for the engine, or send its rows back."""
    rows, case = [row.row for row in fresh], cases.get(form.number)
    filled = fill_in(kind, form, fresh)
    problems = filled.problems or _case_problems(form, rows[0], case)
    if problems or case is None:
        outcomes += rejected(form.number, rows, problems)
        return
    marks: tuple[UUID, ...] = tuple(row.mark for row in fresh if row.mark)
    path = form_path(kind.form)
    answer = Answer(form.step, filled.data, Channel.SHEET, form=path, marks=marks)
    sendings.append(Sending(form, case.id, case.number, rows, filled, answer))


def _case_problems(form: SheetForm, row: SheetRow, case: Row[Any] | None) -> list[Problem]:
    """Say what is wrong with the case that a form names."""
    if not form.number:
        return [no_key(NUMBER, row)]
    if case is None:
        expected = "没有这个单号，请核对 there is no such case: check the number"
    elif case.closed_at:
        expected = f"本单已于 {case.closed_at.astimezone(SHANGHAI):%Y-%m-%d} 结案 the case is closed"
    else:
        return []
    return [Problem(NUMBER, form.number, expected, row.no)]


def no_key(heading: str, row: SheetRow) -> Problem:
    """Say that a row does not tell which form it belongs to."""
    expected = "必填，不能是公式；合并的单元格请取消合并 is required, no formula; split merged cells"
    return Problem(heading, row.cells.get(heading) or "", expected, row.no)


def _send(db: Engine, kind: SheetKind, sendings: Sequence[Sending]) -> tuple[list[RowOutcome], list[SheetForm]]:
    by_case: dict[int, list[Sending]] = {}
    for sending in sendings:
        by_case.setdefault(sending.case_id, []).append(sending)
    turns = [Turn(case_id, [one.answer for one in sent]) for case_id, sent in by_case.items()]
    outcomes, overtaken = list[RowOutcome](), list[SheetForm]()
    for result in advance_chunk(db, turns) if turns else []:
        for sending, reply in zip(by_case[result.case_id], result.replies, strict=True):
            if reply.repeated:  # since we looked, another sheet brought some of its rows: the others go on
                overtaken.append(sending.form)
            else:
                outcomes += _outcome(kind, sending, reply)
    return outcomes, overtaken


def _outcome(kind: SheetKind, sending: Sending, reply: Reply) -> Sequence[RowOutcome]:
    if reply.accepted:
        return all_became(sending.rows, Became.ACCEPTED, sending.number)
    problems = [in_sheet(problem, kind, sending.filled.line_rows) for problem in reply.problems]
    return list(rejected(sending.number, sending.rows, problems))
