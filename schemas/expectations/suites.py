"""The expectations of a sheet: all follow from its kind, which follows from its form; nothing is said twice."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from schemas.expectations import sentences as say
from schemas.forms.fields import Register
from schemas.sheet_columns import CellType, Column
from schemas.sheet_kinds import SheetKind

UNREADABLE = "读不懂的单元格"  # the helper column of `say.readable`
LOOKED_UP = {
    Register.CASE: "是已有的单据 is a case that exists",
    Register.STAFF: "是在职员工 is the number of somebody who works here",
    Register.OFFICE: "是已有的办事处（名称或编码） is the name or code of an office",
}


def expectations(kind: SheetKind, columns: Sequence[Column], today: date) -> list[Any]:
    """Give what must be true of a sheet with these columns, in the order in which a reader asks."""
    found = [say.readable(UNREADABLE)]
    found += [one for column in columns for one in _of_column(kind, column, today)]
    headings = {column.heading for column in columns}
    if kind.once and set(once := list(map(kind.heading, kind.once))) <= headings:
        found.append(say.once(once))
    pairs = [tuple(map(kind.heading, pair)) for pair in kind.in_order]
    return found + [say.in_order(earlier, later) for earlier, later in pairs if {earlier, later} <= headings]


def of_whole(kind: SheetKind, column: Column) -> bool:
    """Say whether a column belongs to a whole form of several rows."""
    return bool(kind.lines) and column.field is not None and not column.of_line


def _of_column(kind: SheetKind, column: Column, today: date) -> Iterator[Any]:
    heading, longest = column.heading, column.limit("max_length")
    if column.required:
        yield say.filled(heading, "每份" if of_whole(kind, column) else "每行")
    if column.register is Register.CASE:
        yield say.case_number(heading)
    elif column.holds is CellType.NUMBER:
        whole = column.field is not None and column.field.annotation is int
        yield say.number(heading, whole, column.limit("gt") is not None or column.limit("ge") == 1)
    elif column.words:
        spellings = [spelling for word in column.words for spelling in (word.zh, word.option, word.value)]
        yield say.one_of(heading, spellings, column.choices)
    elif column.holds is CellType.TEXT and longest:
        yield say.short(heading, longest)
    if column.past:
        yield say.not_after(heading, today)
    if column.register in LOOKED_UP:
        yield say.is_known(heading, f"{heading}{LOOKED_UP[column.register]}")
