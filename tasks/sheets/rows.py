"""A row of a sheet, read once: what stands in it, what that says to its form, and what nobody can read."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from schemas.forms.fields import Register
from schemas.problems import Problem
from schemas.sheet_kinds import Column, SheetKind
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.sheets.cells import Cell, read_cell


@dataclass(slots=True)
class SheetRow:
    """A row with its number in the sheet (the heading row is 1).

    given      its cells as they came, under `headings`, those of columns that are only shown too
    values     the filled ones as the form takes them
    problems   the ones that cannot be read
    key        what brings rows together into a form; "" where there is none that can be read
    mark       of a decision's row: the same whenever the same row is sent (`forms.mark_rows`)
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
    return (text.upper() if column.register is Register.CASE else text), ""
