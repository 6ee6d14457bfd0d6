"""Columns of sheets: each follows from the form's field behind it, and the field's `Cell`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, get_args

from pydantic.fields import FieldInfo

from schemas.forms.fields import Cell, Register, Sense
from schemas.words import Labelled


class CellType(Enum):
    """What a column holds."""

    TEXT = "文字"
    NUMBER = "数字"
    DAY = "日期"
    CHOICE = "选项"


@dataclass(frozen=True)
class Column:
    """A column under its heading, with the example and the note of the template.

    required   it must be in the sheet, and filled in
    of_line    it belongs to one line of the form, not to the whole
    given      of a column that is only shown: the pre-filled column whose value it repeats
    wrapped    its text may take several lines
    """

    heading: str
    example: object = ""
    note: str = ""
    width: int = 14
    holds: CellType = CellType.TEXT
    required: bool = False
    of_line: bool = False
    field: FieldInfo | None = None
    words: type[Labelled] | None = None
    register: Register | None = None
    past: bool = False
    given: str = ""
    wrapped: bool = False

    @property
    def choices(self) -> list[str]:
        """The words of its drop-down list; none where anything may stand."""
        return [word.zh for word in self.words or ()]

    def limit(self, name: str) -> Any:
        """Give a limit that the form's field sets: gt, ge, max_length."""
        found = (getattr(limit, name, None) for limit in (self.field.metadata if self.field else ()))
        return next((limit for limit in found if limit is not None), None)


def column_of(field: FieldInfo, of_line: bool, must: bool) -> Column:
    """Make the column of a form's field; where lines may be left out, theirs `must` not be filled in."""
    cell, types = cell_of(field), types_of(field)
    return Column(
        str(field.alias),
        cell.example,
        cell.note or (field.description or "").partition(" ")[0],
        cell.width,
        _holds(types),
        field.is_required() and must,
        of_line,
        field,
        next((kind for kind in types if issubclass(kind, Labelled)), None),
        next((known for known in field.metadata if isinstance(known, Register)), None),
        Sense.PAST in field.metadata,
    )


def cell_of(field: FieldInfo | None) -> Cell:
    """Give what a sheet shows of a field; what stands nearest to the field counts."""
    return next((cell for cell in reversed(field.metadata if field else ()) if isinstance(cell, Cell)), Cell())


def types_of(field: FieldInfo) -> list[type]:
    """Give the types that a field's annotation is made of."""
    return [part for part in (field.annotation, *get_args(field.annotation)) if isinstance(part, type)]


def _holds(types: Sequence[type]) -> CellType:
    if any(issubclass(kind, Labelled) for kind in types):
        return CellType.CHOICE
    if any(issubclass(kind, date) for kind in types):
        return CellType.DAY
    return CellType.NUMBER if any(issubclass(kind, (Decimal, int)) for kind in types) else CellType.TEXT
