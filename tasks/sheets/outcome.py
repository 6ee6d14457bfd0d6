"""What became of the rows of a sheet, and how a form's problems find their rows."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import groupby

from schemas.problems import Problem
from tasks.sheets.cells import Cell
from tasks.sheets.columns import SheetKind

GOES_WITH = "同一份 form"  # the field of a problem that only names the rows which are wrong
MOST_REASONS = 20  # of a row
_TWIN = re.compile(r"与第(\d+)行重复")
_TWIN_EN = re.compile(r"repeats row (\d+)")


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row with its number in the sheet (the heading row is 1) and its cells by heading."""

    no: int
    cells: dict[str, Cell]


class Became(Enum):
    """What became of a row."""

    ACCEPTED = "受理"
    CORRECTED = "已更正"
    UNCHANGED = "此前已受理"
    SKIPPED = "未办，跳过"
    REJECTED = "退回"


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """One row: its case's number where it has one, and why it goes back where it does."""

    row: SheetRow
    became: Became
    number: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def reason(self) -> str:
        """Say why the row goes back, as its cell in the reject sheet does."""
        return "\n".join(str(replace(problem, row=0)) for problem in self.problems)


def all_became(rows: Sequence[SheetRow], became: Became, number: str = "") -> list[RowOutcome]:
    """Give rows that all went the same way."""
    return [RowOutcome(row, became, number) for row in rows]


def rejected(key: str, rows: Sequence[SheetRow], problems: Sequence[Problem]) -> Iterator[RowOutcome]:
    """Send a form's rows back, each with its own reasons; the faultless ones name the rows that are wrong.

    The problems carry row numbers of the sheet; what concerns the whole form stands in its first row.
    """
    own = {row.no for row in rows}
    placed = sorted(
        (p if p.row in own else replace(p, row=rows[0].no) for p in problems), key=lambda problem: problem.row
    )
    by_row = {no: tuple(found)[:MOST_REASONS] for no, found in groupby(placed, key=lambda p: p.row)}
    for row in rows:
        why = by_row.get(row.no) or (goes_with(key, list(by_row), row.no),)
        yield RowOutcome(row, Became.REJECTED, key, why)


def goes_with(key: str, wrong: Sequence[int], no: int) -> Problem:
    """Say that a row goes back because other rows of its form are wrong."""
    listed = "、".join(map(str, wrong[:MOST_REASONS]))
    expected = f"同一份的第 {listed} 行有误，整份退回 goes back with the rest of its form"
    return Problem(GOES_WITH, key, expected, no)


def in_sheet(problem: Problem, kind: SheetKind, rows: Sequence[int]) -> Problem:
    """Say where in the sheet a form's problem stands: `rows` are those of its lines, in order."""
    expected = _TWIN.sub(lambda m: f"与第{_at(rows, int(m[1]))}行重复", problem.expected)
    expected = _TWIN_EN.sub(lambda m: f"repeats row {_at(rows, int(m[1]))}", expected)
    field = problem.field.removeprefix(f"{kind.lines}.")
    value = kind.title if problem.value == kind.form.__name__ else problem.value  # what no step was named for
    return replace(problem, field=field, value=value, expected=expected, row=_at(rows, problem.row))


def _at(rows: Sequence[int], position: int) -> int:
    return rows[position - 1] if 0 < position <= len(rows) else 0
