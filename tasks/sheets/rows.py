"""A row of a sheet, read once: what stands in it, what that says to its form, and what nobody can read."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from schemas.forms.fields import Register
from schemas.problems import Problem
from schemas.sheet_columns import Column
from schemas.sheet_kinds import SheetKind
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.sheets.cells import Cell, read_cell


@dataclass(slots=True)
class SheetRow:
    """A row with its number in the sheet (the heading row is 1).

    cells      as they came, by heading, those of columns that are only shown too
    values     the filled ones as the form takes them
    problems   the ones that cannot be read
    key        what brings rows together into a form; "" where there is none that can be read
    mark       of a decision's row: the same whenever the same row is sent (`forms.mark_rows`)
    """

    no: int
    cells: Mapping[str, Cell] = field(repr=False)
    values: dict[str, str]
    problems: list[Problem]
    key: str
    mark: UUID | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave the cells behind: processes that help need only what they say."""
        return SheetRow, (self.no, {}, self.values, self.problems, self.key)


def read_rows(kind: SheetKind, rows: Iterable[tuple[int, Mapping[str, Cell]]]) -> Iterator[SheetRow]:
    """Read numbered rows by a kind's columns; of cells that say the same one is read."""
    today, key = shanghai_day(clock.now()), kind.key.heading
    columns = [(column, column.heading, dict[tuple[type, Cell], tuple[str, str]]()) for column in kind.columns]
    for no, cells in rows:
        values, problems = dict[str, str](), list[Problem]()
        for column, heading, seen in columns:
            cell = cells.get(heading)
            if cell is None:
                continue
            said = (cell.__class__, cell)  # 1, 1.0 and True are equal
            if said not in seen:
                seen[said] = _read(column, cell, today)
            value, why = seen[said]
            if why:
                problems.append(Problem(heading, cell, why, no))
            elif value:
                values[heading] = value
        yield SheetRow(no, cells, values, problems, values.get(key, ""))


def _read(column: Column, cell: Cell, today: date) -> tuple[str, str]:
    """Give what a cell says, or what was expected of it."""
    try:
        text = read_cell(cell, column.holds, today)
    except ValueError as wrong:
        return "", str(wrong)
    return (text.upper() if column.register is Register.CASE else text), ""
