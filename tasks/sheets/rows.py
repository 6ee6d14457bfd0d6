"""From rows to forms: cells read once by their column's type, rows of one form brought together; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from schemas.problems import Problem
from tasks.sheets.cells import read_cell
from tasks.sheets.columns import DAY, LINE_NO, NUMBER, SERIAL, STEP, CellType, SheetKind
from tasks.sheets.outcome import SheetRow

NAMESPACE = UUID("0d3f6f0e-7a54-4f0e-8a39-3a2f5a7a2f57")
NOT_OF_FORM = {STEP, DAY, SERIAL}


@dataclass(slots=True)
class ReadRow:
    """A row as its form takes it: the filled cells by heading; `problems` tell of those that cannot be read.

    mark   the same whenever the same row is sent: made of its content
    """

    row: SheetRow
    values: dict[str, str]
    problems: list[Problem] = field(default_factory=list)
    mark: UUID | None = None


@dataclass(slots=True)
class SheetForm:
    """The rows that make one answer to the case `number`, at `step` where that is given."""

    number: str
    step: str
    rows: list[ReadRow] = field(default_factory=list)


@dataclass(slots=True)
class Filled:
    """A form as the engine takes it; `line_rows` says in which row of the sheet each of its lines stands."""

    data: dict[str, Any]
    problems: list[Problem]
    line_rows: list[int]


def read_key(kind: SheetKind, row: SheetRow, today: date = date.min) -> str:
    """Give the key of a row; "" where there is none that can be read."""
    try:
        return read_cell(row.cells.get(kind.key.heading), CellType.TEXT, today)
    except ValueError:
        return ""


def case_number(key: str) -> str:
    """Give a case number that was read as it is stored: PA-2026-000123."""
    return key.upper()


def read_row(kind: SheetKind, row: SheetRow, today: date) -> ReadRow:
    """Read the filled cells of a row, each by its column's type; what is only shown is left out."""
    read = ReadRow(row, {})
    for heading, of_type in kind.types:
        cell = row.cells.get(heading)
        if cell is None:
            continue
        try:
            value = read_cell(cell, of_type, today)
        except ValueError as wrong:
            read.problems.append(Problem(heading, cell, str(wrong), row.no))
            continue
        if value:
            read.values[heading] = value
    return read


def read_rows_of(kind: SheetKind, rows: Iterable[SheetRow], today: date) -> list[ReadRow]:
    """Read the rows of a decision kind and mark each by its content; of equal rows the n-th by its n."""
    read = [read_row(kind, row, today) for row in rows]
    seen: dict[str, int] = {}
    headings = [column.heading for column in kind.columns]
    for one in read:
        number = case_number(one.values.get(NUMBER, ""))
        content = "\x1f".join([kind.code, number, *(one.values.get(heading, "") for heading in headings)])
        seen[content] = nth = seen.get(content, 0) + 1
        one.mark = uuid5(NAMESPACE, f"{content}\x1f{nth}")
    return read


def forms_of(kind: SheetKind, rows: Iterable[ReadRow]) -> list[SheetForm]:
    """Bring rows together: those of a case, step and day make a form until a line comes again."""
    forms: list[SheetForm] = []
    growing: dict[tuple[str, ...], tuple[SheetForm, set[str]]] = {}
    numbered = kind.has(LINE_NO)
    for row in rows:
        number, step, day = (row.values.get(heading, "") for heading in (NUMBER, STEP, DAY))
        key = (case_number(number), step, day) if number else ("", str(row.row.no))  # it stands alone
        line = row.values.get(LINE_NO, "") if numbered else str(row.row.no)
        form, lines = growing.get(key, (None, set()))
        if form is None or not kind.lines or line in lines:
            form, lines = SheetForm(key[0], step), set()
            forms.append(form)
            growing[key] = form, lines
        form.rows.append(row)
        lines.add(line)
    return forms


def is_undecided(kind: SheetKind, form: SheetForm) -> bool:
    """Say whether a form of an inbox workbook came back without a decision."""
    return bool(form.step) and not any(h in row.values for row in form.rows for h in kind.undecided)


def fill_in(kind: SheetKind, form: SheetForm, fresh: Sequence[ReadRow]) -> Filled:
    """Fill in the form: what belongs to the whole of it from all its rows, its lines from the fresh ones."""
    data: dict[str, Any] = {}
    problems = [problem for row in form.rows for problem in (*row.problems, *_missing(kind, row))]
    written: dict[str, int] = {}
    for row in form.rows:
        for heading, value in row.values.items():
            if heading == kind.key.heading or heading in NOT_OF_FORM or kind.of_line(heading):
                continue
            if data.setdefault(heading, value) != value:
                problems.append(differs(heading, value, data[heading], written[heading], row.row.no))
            written.setdefault(heading, row.row.no)
    lines = [(row.row.no, _line(kind, row.values)) for row in fresh] if kind.lines else []
    lines = [(no, line) for no, line in lines if line or kind.required_lines]
    if kind.lines:
        data[kind.lines] = [line for _, line in lines]
    return Filled(data, problems, [no for no, _ in lines] or [fresh[0].row.no])


def _missing(kind: SheetKind, row: ReadRow) -> list[Problem]:
    """Name the cells that no form asks for and that must be filled in all the same."""
    wrong = {problem.field for problem in row.problems}
    empty = [heading for heading in kind.own_required if heading not in row.values and heading not in wrong]
    return [Problem(heading, "", "必填 is required", row.row.no) for heading in empty]


def differs(heading: str, value: str, other: str, other_row: int, no: int) -> Problem:
    """Say that something that belongs to the whole form is not the same on all its rows."""
    return Problem(heading, value, f"与第{other_row}行的“{other}”不一致 differs from row {other_row}", no)


def _line(kind: SheetKind, values: Mapping[str, str]) -> dict[str, Any]:
    line: dict[str, Any] = {heading: value for heading, value in values.items() if kind.of_line(heading)}
    if line.get(LINE_NO, "").isdecimal():  # the engine compares it with the lines that were asked for
        line[LINE_NO] = int(line[LINE_NO])
    return line
