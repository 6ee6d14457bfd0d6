"""From cells to forms: a row is read once, rows of one form are brought together, marked and filled in."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from schemas.forms.fields import LINE_NO, Register
from schemas.problems import Problem
from schemas.sheet_kinds import DAY, STEP, Column, SheetKind
from schemas.spelling import order_number
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.sheets.cells import Cell, read_cell

NAMESPACE = UUID("0d3f6f0e-7a54-4f0e-8a39-3a2f5a7a2f57")
KEPT_AS: Mapping[Register | None, Callable[[str], str]] = {
    Register.CASE: order_number,
    Register.ORDER: order_number,
}  # the same number, however it is typed
NO_KEY = "必填，不能是公式；合并的单元格请取消合并 is required, no formula; split merged cells"


@dataclass(slots=True)
class SheetRow:
    """A row with its number in the sheet (the heading row is 1).

    given      its cells as they came, under `headings`, those of columns that are only shown too
    values     the filled ones as the form takes them
    problems   the ones that cannot be read
    key        what brings rows together into a form; "" where there is none that can be read
    mark       of a decision's row: the same whenever the same row is sent (`mark_rows`)
    """

    no: int
    headings: Sequence[str]
    given: Sequence[Cell]
    values: dict[str, str]
    problems: Sequence[Problem]
    key: str
    mark: UUID | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave the cells behind: processes that help need only what they say."""
        return SheetRow, (self.no, (), (), self.values, self.problems, self.key)

    def cell(self, heading: str) -> Cell:
        """Give a cell as it came; None where the row has none."""
        at = self.headings.index(heading) if heading in self.headings else len(self.given)
        return self.given[at] if at < len(self.given) else None


def read_rows(
    kind: SheetKind, headings: Sequence[str], rows: Iterable[tuple[int, Sequence[Cell]]]
) -> Iterator[SheetRow]:
    """Read numbered rows under headings ("" is not read) by a kind's columns; of cells that say the same one is read."""
    today, key = shanghai_day(clock.now()), kind.key.heading
    columns = [
        (headings.index(column.heading), column, dict[tuple[type, Cell], tuple[str, str]]())
        for column in kind.columns
        if column.heading in headings
    ]
    for no, given in rows:
        values, problems = dict[str, str](), list[Problem]()
        for at, column, seen in columns:
            cell = given[at] if at < len(given) else None
            if cell is None:
                continue
            said = (cell.__class__, cell)  # 1, 1.0 and True are equal
            if said not in seen:
                seen[said] = _read(column, cell, today)
            value, why = seen[said]
            if why:
                problems.append(Problem(column.heading, cell, why, no))
            elif value:
                values[column.heading] = value
        yield SheetRow(no, headings, given, values, problems or (), values.get(key, ""))


def _read(column: Column, cell: Cell, today: date) -> tuple[str, str]:
    """Give what a cell says, or what was expected of it."""
    try:
        text = read_cell(cell, column.holds, today)
    except ValueError as wrong:
        return "", str(wrong)
    return KEPT_AS.get(column.register, str)(text), ""


@dataclass(slots=True)
class SheetForm:
    """The rows that make one form under a key; of a decision, the answer at `step` where that is given."""

    key: str
    step: str = ""
    rows: list[SheetRow] = field(default_factory=list)

    def is_decided(self, kind: SheetKind) -> bool:
        """Say whether it is to be checked and applied; a form of an inbox may not be decided yet."""
        return not self.step or any(heading in row.values for row in self.rows for heading in kind.undecided)


@dataclass(slots=True)
class Filled:
    """A form as the engine takes it, of those of its rows that are new; each of its lines stands in one of `line_rows`."""

    form: SheetForm
    rows: Sequence[SheetRow]
    data: dict[str, Any]
    problems: list[Problem]
    line_rows: list[int]


def forms_of(kind: SheetKind, rows: Iterable[SheetRow]) -> list[SheetForm]:
    """Bring rows together: those of a key, step and day make a form until a line comes again."""
    forms: list[SheetForm] = []
    growing: dict[tuple[str, ...], tuple[SheetForm, set[str]]] = {}
    numbered = LINE_NO in kind.by_heading
    for row in rows:
        step, day = row.values.get(STEP, ""), row.values.get(DAY, "")
        together = (row.key, step, day) if row.key else ("", str(row.no))  # without a key it stands alone
        line = row.values.get(LINE_NO, "") if numbered else str(row.no)
        form, lines = growing.get(together, (None, set()))
        if form is None or not kind.lines or line in lines:
            form, lines = SheetForm(row.key, step), set()
            forms.append(form)
            growing[together] = form, lines
        form.rows.append(row)
        lines.add(line)
    return forms


def all_rows(forms: Iterable[SheetForm]) -> list[SheetRow]:
    """Give the rows of forms, form by form."""
    return [row for form in forms for row in form.rows]


def mark_rows(kind: SheetKind, rows: Iterable[SheetRow]) -> None:
    """Mark each row by its content; of equal rows the n-th by its n."""
    seen: dict[str, int] = {}
    columns = [column for column in kind.columns if column is not kind.key]
    for row in rows:
        told = [
            row.values.get(column.heading, "") for column in columns if column.heading in row.values or not column.later
        ]
        content = "\x1f".join([kind.code, row.key, *told])
        seen[content] = nth = seen.get(content, 0) + 1
        row.mark = uuid5(NAMESPACE, f"{content}\x1f{nth}")


def fill_in(kind: SheetKind, form: SheetForm, fresh: Sequence[SheetRow]) -> Filled:
    """Fill in the form: what belongs to the whole of it from all its rows, its lines from the fresh ones."""
    problems = [problem for row in form.rows for problem in (*row.problems, *_missing(kind, row))]
    said: dict[str, tuple[str, int]] = {}
    for row in form.rows:
        for heading, value in row.values.items():
            column = kind.by_heading[heading]
            if column.field is None or column.of_line:
                continue
            whole, first = said.setdefault(heading, (value, row.no))
            if whole != value:
                expected = f"与第{first}行的“{whole}”不一致 differs from row {first}"
                problems.append(Problem(heading, value, expected, row.no))
    data: dict[str, Any] = {heading: value for heading, (value, _) in said.items()}
    lines = [(row.no, _line(kind, row)) for row in fresh] if kind.lines else []
    lines = [(no, line) for no, line in lines if line or kind.required_lines]
    if kind.lines:
        data[kind.lines] = [line for _, line in lines]
    return Filled(form, fresh, data, problems, [no for no, _ in lines] or [fresh[0].no])


def _missing(kind: SheetKind, row: SheetRow) -> list[Problem]:
    """Name the empty cells that no form asks for and that must be filled in all the same."""
    needed = [column.heading for column in (kind.key, *kind.own_required) if column.heading not in row.values]
    told = {problem.field for problem in row.problems} if needed else set()
    expected = {kind.key.heading: NO_KEY}
    return [Problem(h, "", expected.get(h, "必填 is required"), row.no) for h in needed if h not in told]


def _line(kind: SheetKind, row: SheetRow) -> dict[str, Any]:
    line: dict[str, Any] = {h: value for h, value in row.values.items() if kind.by_heading[h].of_line}
    if line.get(LINE_NO, "").isdecimal():  # the engine compares it with the lines that were asked for
        line[LINE_NO] = int(line[LINE_NO])
    return line
