"""Apply the forms of a chunk: decisions answer work items, requests open cases, sales records are kept.

A form goes on whole or not at all, the others of the sheet go on without it; what became of it comes back to its rows.
Rows of decisions that were taken before are known by their mark. A case's origin holds its request's content, so the
same sent again (same file, renamed, in part, beside corrected ones) makes no second case. What may be the same again or
a new one that only looks like it goes back and is asked to say which.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Engine, Row

from schemas.answers import Answer, Opened, Turn
from schemas.forms.base import form_path
from schemas.forms.fields import Key
from schemas.forms.history import PastCase
from schemas.forms.reference import CatalogueEntry, PartPrice, PolicyValue, RoutePrice
from schemas.forms.sales import SalesLine, WarrantyCard
from schemas.forms.surveys import SurveyAnswer
from schemas.problems import BadInput, NotFound, Problem, problems_of
from schemas.sheet_kinds import STEP, SheetKind
from schemas.words import Channel
from tasks.durable.opening import open_chunk
from tasks.durable.process import PROCESSES
from tasks.durable.queries import known_rows
from tasks.durable.stage import advance_chunk
from tasks.sheets.forms import Filled, SheetForm, all_rows, fill_in, mark_rows
from tasks.sheets.history import keep_history
from tasks.sheets.outcome import Became, RowOutcome, all_became, rejected, sent_back
from tasks.sheets.queries import cases_by_number, waiting_items
from tasks.sheets.reference import keep_parts, keep_policies, keep_prices, keep_routes
from tasks.sheets.sales import keep_cards, keep_sales
from tasks.sheets.surveys import keep_answers
from tasks.unit.collector import collector_at_rest
from tasks.unit.reading import reading
from tasks.unit.work import SHANGHAI

KEPT = {SalesLine: keep_sales, WarrantyCard: keep_cards, PastCase: keep_history, SurveyAnswer: keep_answers}
KEPT |= {CatalogueEntry: keep_parts, PartPrice: keep_prices, RoutePrice: keep_routes, PolicyValue: keep_policies}
_KEY: TypeAdapter[str] = TypeAdapter(Key)


@collector_at_rest()
def apply_forms(db: Engine, kind: SheetKind, forms: Sequence[SheetForm]) -> list[RowOutcome]:
    """Take the forms of one chunk through the engine; gives what became of each of their rows, in the sheet's order."""
    if kind.decides:
        outcomes = _apply_decisions(db, kind, forms)
    elif kind.requests:
        outcomes = _open_cases(db, kind, forms)
    else:  # a list of its own, which opens and answers nothing
        outcomes = KEPT[kind.form](db, forms)
    return sorted(outcomes, key=lambda outcome: outcome.no)


def _apply_decisions(db: Engine, kind: SheetKind, forms: Sequence[SheetForm]) -> list[RowOutcome]:
    """Give the decisions of some forms to their cases; all forms of a case must be among them."""
    mark_rows(kind, all_rows(forms))
    outcomes = dict[int, RowOutcome]()
    while forms:
        told, forms = _answer_cases(db, kind, forms)
        outcomes |= {outcome.no: outcome for outcome in told}
    return list(outcomes.values())


def _answer_cases(db: Engine, kind: SheetKind, forms: Sequence[SheetForm]) -> tuple[list[RowOutcome], list[SheetForm]]:
    """Send the new rows of forms; gives what became of rows, and forms of which others just took some rows."""
    with reading(db) as connection:
        known = known_rows(connection, [row.mark for row in all_rows(forms) if row.mark])
        cases = cases_by_number(connection, {form.key for form in forms})
        ids = {case.id for case in cases.values()}
        waiting = waiting_items(connection, form_path(kind.form), ids) if known else {}
    outcomes, by_case = list[RowOutcome](), dict[int, list[Filled]]()
    for form in forms:
        if doubts := _doubts(kind, form, known, waiting.get(cases[form.key].id) if form.key in cases else None):
            outcomes += rejected(form.key, form.rows, doubts)
            continue
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


def _doubts(kind: SheetKind, form: SheetForm, known: Mapping[UUID, str], waits: str | None) -> list[Problem]:
    """Name the rows that were taken for an earlier item and that may as well be meant for the one that waits now.

    A step says which, and so do the day and serial of a journal.
    """
    if form.step or kind.dated or waits is None:
        return []
    expected = (
        f"此前已用于 {{0}}，本单现在等 {waits}；如是新的决定，请在“{STEP}”列填 {waits}，否则请删去此行 "
        f"was taken for {{0}} before; if it is meant for {waits}, write that under {STEP}, else leave the row out"
    )
    return [
        Problem(STEP, "", expected.format(known[row.mark]), row.no)
        for row in form.rows
        if row.mark and row.mark in known
    ]


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


def _open_cases(db: Engine, kind: SheetKind, forms: Sequence[SheetForm]) -> list[RowOutcome]:
    """Open a case for each right request and take it to its first gate."""
    read = [_as_request(kind, form) for form in forms]
    right = [filled for filled in read if not filled.problems]
    sent = [(origin_of(filled.form.key, filled.data), filled.data) for filled in right]
    made = open_chunk(db, _process_of(kind), Channel.SHEET, sent)
    advance_chunk(db, [Turn(case.case_id) for case in made if isinstance(case, Opened) and case.new])
    outcomes = [outcome for filled in read if filled.problems for outcome in sent_back(kind, filled)]
    with reading(db) as connection:
        earlier = cases_by_number(
            connection, {case.number for case in made if isinstance(case, Opened) and not case.new}
        )
    for filled, case in zip(right, made, strict=True):
        if isinstance(case, BadInput):
            outcomes += sent_back(kind, filled, case.problems)
        elif case.number in earlier and earlier[case.number].closed_at:
            outcomes += sent_back(kind, filled, [_used_before(kind, filled.form.key, case.number)])
        else:
            outcomes += all_became(filled.rows, Became.ACCEPTED if case.new else Became.UNCHANGED, case.number)
    return outcomes


def _used_before(kind: SheetKind, key: str, number: str) -> Problem:
    """Say that an application looks like one whose case is closed."""
    expected = f"此前已受理为 {number}，该单已结案；如是新的申报，请换一个{kind.key.heading}"
    return Problem(
        kind.key.heading, key, f"{expected} was taken as {number}, which is closed: a new one needs a new number"
    )


def origin_of(key: str, data: Mapping[str, Any]) -> str:
    """Give what makes it the same request when it is sent again: its content and the office's number."""
    content = json.dumps(data, sort_keys=True, ensure_ascii=False)
    return f"sheet:{hashlib.sha256(content.encode()).hexdigest()}:{key}"


def _process_of(kind: SheetKind) -> str:
    """Find the process that a kind's form opens."""
    for process in PROCESSES.values():
        if process.request is kind.form:
            return process.code
    raise NotFound(f"没有受理{kind.title}的流程 no process is opened by {kind.form.__name__}")


def _as_request(kind: SheetKind, form: SheetForm) -> Filled:
    filled = fill_in(kind, form, form.rows)
    try:
        _KEY.validate_python(form.key)
    except ValidationError as error:
        heading, no = kind.key.heading, form.rows[0].no
        filled.problems += [replace(problem, field=heading, row=no) for problem in problems_of(error)]
    return filled
