"""What became of the rows of a sheet, and how a form's problems find their rows."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import Enum
from typing import NamedTuple

from schemas.problems import Problem
from schemas.sheet_kinds import SheetKind
from tasks.sheets.forms import Filled, SheetRow

GOES_WITH = "同一份 form"  # the field of a problem that only names the rows which are wrong
MOST_REASONS = 20  # of a row
_TWIN = re.compile(r"(?<=与第)(\d+)(?=行重复)|(?<=repeats row )(\d+)")


class Became(Enum):
    """What became of a row."""

    ACCEPTED = "受理 accepted"
    CORRECTED = "已更正 corrected"
    UNCHANGED = "此前已受理 taken before"
    SKIPPED = "未办，跳过 not decided, skipped"
    REJECTED = "退回 sent back"


class RowOutcome(NamedTuple):
    """One row by its number in the sheet: its case's number where it has one, and why it goes back where it does."""

    no: int
    became: Became
    number: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def reason(self) -> str:
        """Say why the row goes back, as its cell in the reject sheet does."""
        return "\n".join(str(replace(problem, row=0)) for problem in self.problems)


def all_became(rows: Iterable[SheetRow], became: Became, number: str = "") -> list[RowOutcome]:
    """Give rows that all went the same way."""
    return [RowOutcome(row.no, became, number) for row in rows]


def rejected(key: str, rows: Sequence[SheetRow], problems: Sequence[Problem]) -> list[RowOutcome]:
    """Send a form's rows back, each with its own reasons; the faultless ones name the rows that are wrong.

    The problems carry row numbers of the sheet; what concerns the whole form stands in its first row.
    """
    reasons = dict[int, list[Problem]]()
    own = {row.no for row in rows}
    for problem in problems:
        placed = problem if problem.row in own else replace(problem, row=rows[0].no)
        reasons.setdefault(placed.row, []).append(placed)
    listed = "、".join(map(str, sorted(reasons)[:MOST_REASONS]))
    with_it = Problem(GOES_WITH, key, f"同一份的第 {listed} 行有误，整份退回 goes back with the rest of its form")
    why = {row.no: reasons.get(row.no) or [replace(with_it, row=row.no)] for row in rows}
    return [RowOutcome(no, Became.REJECTED, key, tuple(told[:MOST_REASONS])) for no, told in why.items()]


def sent_back(kind: SheetKind, filled: Filled, problems: Sequence[Problem] = ()) -> list[RowOutcome]:
    """Send a form's rows back for what its cells say, or else for what was said of it, told by rows of the sheet."""
    told = filled.problems or [_in_sheet(problem, kind, filled.line_rows) for problem in problems]
    return rejected(filled.form.key, filled.rows, told)


def _in_sheet(problem: Problem, kind: SheetKind, rows: Sequence[int]) -> Problem:
    """Say where in the sheet a form's problem stands: `rows` are those of its lines, in order."""
    places = dict(enumerate(rows, start=1))
    expected = _TWIN.sub(lambda found: str(places.get(int(found[0]), 0)), problem.expected)
    field = problem.field.removeprefix(f"{kind.lines}.")
    value = kind.title if problem.value == kind.form.__name__ else problem.value  # what no step was named for
    return Problem(field, value, expected, places.get(problem.row, 0))
