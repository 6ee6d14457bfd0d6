"""Check a sheet with Great Expectations: which rows may go on, which go back and why, what the sentences found.

The rows' values become a frame, and the suite of their kind is asked of it at once.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from schemas.expectations import LOOKED_UP, NO, UNREADABLE, YES, fact, of_whole
from schemas.forms.fields import Register
from schemas.problems import Problem
from schemas.sheet_kinds import Column, SheetKind
from schemas.spelling import Known as Spelled
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.sheets.forms import SheetForm, SheetRow, all_rows, forms_of
from tasks.sheets.outcome import Became, RowOutcome, all_became, rejected
from tasks.sheets.sentences import Ask, Sentence, ask_sentences

Known = Mapping[Register, Collection[str]]  # what a look-up found
Frame = dict[str, list[str | None]]  # the values by heading, row by row, None for an empty one
Reasons = dict[int, dict[str, Problem]]  # why rows go back, by number and heading


class Checked(NamedTuple):
    """Forms that may go on; rows not decided yet or sent back; of how many each sentence is not true; the Data Docs page.

    The page is empty where nothing was asked, or nobody wants it.
    """

    accepted: list[SheetForm]
    outcomes: list[RowOutcome]
    findings: dict[str, int]
    page: str


def check_rows(
    kind: SheetKind, rows: Sequence[SheetRow], known: Known, drawn: bool = True, ask: Ask = ask_sentences
) -> Checked:
    """Part the forms of a table by what must be true of their rows; a form with a wrong row goes back whole.

    Its page is `drawn` only where somebody reads it: that takes a fifth of the time of a small sheet. `ask` may be the
    same in another process.
    """
    decided, accepted, outcomes = list[SheetForm](), list[SheetForm](), list[RowOutcome]()
    for form in forms_of(kind, rows):
        if form.is_decided(kind):
            decided.append(form)
        else:
            outcomes += all_became(form.rows, Became.SKIPPED, form.key)
    if not decided:
        return Checked([], outcomes, {}, "")
    asked = all_rows(decided)
    columns = [column for column in kind.columns if column.heading in asked[0].headings]
    frame = _frame(kind, columns, decided)
    numbers, today = [row.no for row in asked], shanghai_day(clock.now())
    answered = ask(
        kind, [column.heading for column in columns], _asked(columns, frame, asked, known), numbers, today, drawn
    )
    meant = {column.heading: known.get(column.register) for column in columns if column.register}
    reasons = _reasons(asked, frame, answered.sentences, meant)
    for form in decided:
        if problems := [problem for row in form.rows for problem in reasons.get(row.no, {}).values()]:
            outcomes += rejected(form.key, form.rows, problems)
        else:
            accepted.append(form)
    return Checked(accepted, outcomes, {one.said: len(one.broken_by) for one in answered.sentences}, answered.page)


def _frame(kind: SheetKind, columns: Sequence[Column], forms: Sequence[SheetForm]) -> Frame:
    """Give the rows' values; what must be said once a form stands in all its rows, what nobody can read as it is."""
    frame: Frame = {column.heading: [] for column in columns}
    shared = [column.heading for column in columns if column.required and of_whole(kind, column)]
    for form in forms:
        cells = [{problem.field: str(problem.value) for problem in row.problems} | row.values for row in form.rows]
        whole = {heading: row[heading] for row in cells for heading in shared if heading in row}
        for heading, values in frame.items():
            values += [row.get(heading, whole.get(heading)) for row in cells]
    return frame


def _asked(columns: Sequence[Column], frame: Frame, rows: Sequence[SheetRow], known: Known) -> Frame:
    """Give the frame with its helper columns: which cells nobody can read, and what the look-ups found."""
    asked: Frame = {**frame, UNREADABLE: ["、".join(p.field for p in row.problems) or None for row in rows]}
    for column in columns:
        if column.register in LOOKED_UP:
            listed = known.get(column.register, ())
            asked[fact(column.heading)] = [cell and (YES if cell in listed else NO) for cell in frame[column.heading]]
    return asked


def _reasons(
    rows: Sequence[SheetRow], frame: Frame, sentences: Sequence[Sentence], meant: Mapping[str, Any]
) -> Reasons:
    """Give by row what is wrong with it, one reason for a cell: the first sentence that it breaks.

    `meant` has by heading the names that are known, among which may be what was meant.
    """
    places = {row.no: (at, row) for at, row in enumerate(rows)}
    reasons: Reasons = {row.no: {problem.field: problem for problem in row.problems} for row in rows if row.problems}
    for said, heading, broken_by in sentences:
        for no in broken_by if heading else ():
            at, row = places[no]
            value = row.cell(heading)
            if value is None and frame[heading][at] is not None:
                continue  # another row of the form says it, and is told
            hint = names.meant(value) if value and isinstance(names := meant.get(heading), Spelled) else ""
            broken = Problem(heading, "" if value is None else value, f"要求 required: {said}{hint}", no)
            reasons.setdefault(no, {}).setdefault(heading, broken)
    return reasons
