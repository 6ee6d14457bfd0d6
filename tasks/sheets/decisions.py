"""Sheets of decisions: the forms of a chunk become answers, and the answers' fate comes back to the rows.

A form goes on whole or not at all. Rows that were taken before are known by their mark; what is new goes on.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Engine, Row

from schemas.forms.base import form_path
from schemas.problems import Problem
from schemas.sheet_kinds import SheetKind
from schemas.words import Channel
from tasks.durable.queries import known_rows
from tasks.durable.question import Answer
from tasks.durable.stage import Turn, advance_chunk
from tasks.sheets.forms import Filled, SheetForm, all_rows, fill_in, mark_rows
from tasks.sheets.outcome import Became, RowOutcome, all_became, sent_back
from tasks.sheets.queries import cases_by_number
from tasks.unit.work import SHANGHAI


def apply_decisions(db: Engine, kind: SheetKind, forms: Sequence[SheetForm]) -> list[RowOutcome]:
    """Give the decisions of some forms to their cases; all forms of a case must be among them."""
    mark_rows(kind, all_rows(forms))
    outcomes = dict[int, RowOutcome]()
    while forms:
        told, forms = _apply_forms(db, kind, forms)
        outcomes |= {outcome.no: outcome for outcome in told}
    return list(outcomes.values())


def _apply_forms(db: Engine, kind: SheetKind, forms: Sequence[SheetForm]) -> tuple[list[RowOutcome], list[SheetForm]]:
    """Send the new rows of forms; gives what became of rows, and forms of which others just took some rows."""
    with db.connect() as connection:
        known = known_rows(connection, [row.mark for row in all_rows(forms) if row.mark])
        cases = cases_by_number(connection, {form.key for form in forms})
    outcomes, by_case = list[RowOutcome](), dict[int, list[Filled]]()
    for form in forms:
        outcomes += all_became((row for row in form.rows if row.mark in known), Became.UNCHANGED, form.key)
        fresh = [row for row in form.rows if row.mark not in known]
        if not fresh:
            continue
        filled, case = fill_in(kind, form, fresh), cases.get(form.key)
        filled.problems = filled.problems or _case_problems(kind, form, fresh[0].no, case)
        if filled.problems or case is None:
            outcomes += sent_back(kind, filled)
        else:
            by_case.setdefault(case.id, []).append(filled)
    told, overtaken = _send(db, kind, by_case)
    return outcomes + told, overtaken


def _case_problems(kind: SheetKind, form: SheetForm, no: int, case: Row[Any] | None) -> list[Problem]:
    """Say what is wrong with the case that a form names."""
    if case is None:
        expected = "没有这个单号，请核对 there is no such case: check the number"
    elif case.closed_at:
        expected = f"本单已于 {case.closed_at.astimezone(SHANGHAI):%Y-%m-%d} 结案 the case is closed"
    else:
        return []
    return [Problem(kind.key.heading, form.key, expected, no)]


def _send(db: Engine, kind: SheetKind, by_case: Mapping[int, list[Filled]]) -> tuple[list[RowOutcome], list[SheetForm]]:
    turns = [Turn(case_id, [_answer(kind, one) for one in sent]) for case_id, sent in by_case.items()]
    outcomes, overtaken = list[RowOutcome](), list[SheetForm]()
    for result in advance_chunk(db, turns):
        for one, reply in zip(by_case[result.case_id], result.replies, strict=True):
            if reply.repeated:  # since we looked, another sheet brought some of its rows: the others go on
                overtaken.append(one.form)
            elif reply.accepted:
                outcomes += all_became(one.rows, Became.ACCEPTED, one.form.key)
            else:
                outcomes += sent_back(kind, one, reply.problems)
    return outcomes, overtaken


def _answer(kind: SheetKind, filled: Filled) -> Answer:
    marks = tuple(row.mark for row in filled.rows if row.mark)
    return Answer(filled.form.step, filled.data, Channel.SHEET, form=form_path(kind.form), marks=marks)
