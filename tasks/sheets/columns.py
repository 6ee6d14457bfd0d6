"""What a sheet is made of: columns under Chinese headings, and the form that its rows fill.

A column's heading is the name of a form field: type, list and "required" come from the form. A column that no
form knows (步骤, 日期) says so itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import cached_property
from typing import Any, get_args

from pydantic.fields import FieldInfo

from schemas.forms.base import Decision, Form
from schemas.words import Labelled

NUMBER, STEP, DAY, SERIAL, LINE_NO, STAFF = "单号", "步骤", "日期", "流水号", "行号", "经办人工号"


class CellType(Enum):
    """What a column holds."""

    TEXT = "文字"
    NUMBER = "数字"
    DAY = "日期"
    CHOICE = "选项"


@dataclass(frozen=True)
class Column:
    """A column under its heading, with the example and the note of the template.

    type  where no form field stands behind it; such a column is optional unless it `must` be filled in
    of    of a column that is only shown: the pre-filled column whose value it repeats
    """

    heading: str
    example: object = ""
    note: str = ""
    width: int = 14
    type: CellType | None = None
    must: bool = False
    of: str = ""


@dataclass(frozen=True)
class SheetKind:
    """A kind of sheet: rows with the same `key` make a form, each row a line in its list field `lines`.

    A column that belongs to the whole form may be filled in on any of its rows, but not differently.
    lines      the list field; "": each row is a form of its own
    shown      columns that tell people something and are not read
    undecided  a form of an inbox workbook where all of these are empty is not decided yet
    """

    code: str
    title: str
    form: type[Form]
    key: Column
    columns: tuple[Column, ...]
    lines: str = ""
    shown: tuple[Column, ...] = ()
    undecided: tuple[str, ...] = ()
    notes: Sequence[str] = ()

    @cached_property
    def all_columns(self) -> tuple[Column, ...]:
        """The key's column and all others that are read, in the order of the template."""
        return (self.key, *self.columns)

    @property
    def decides(self) -> bool:
        """Whether its forms answer work items."""
        return issubclass(self.form, Decision)

    @cached_property
    def line_form(self) -> type[Form]:
        """The form that one row fills."""
        listed: type[Form] = get_args(_fields(self.form)[self.lines].annotation)[0] if self.lines else self.form
        return listed

    @cached_property
    def own_required(self) -> tuple[str, ...]:
        """The columns that must be filled in on every row though no form field stands behind them."""
        return tuple(column.heading for column in self.columns if column.must)

    def has(self, heading: str) -> bool:
        """Say whether the kind has a column."""
        return heading in self._by_heading

    def of_line(self, heading: str) -> bool:
        """Say whether a column belongs to the line; the others belong to the whole form."""
        return heading in self._of_line

    def required(self, heading: str) -> bool:
        """Say whether a column must be in the sheet; lines that may be left out need no columns."""
        if heading == self.key.heading:
            return True
        field = self.field(heading)
        if field is None:
            return self._by_heading[heading].must
        return field.is_required() and (self.required_lines or not self.of_line(heading))

    @cached_property
    def required_lines(self) -> bool:
        """Whether a form must have lines."""
        return bool(self.lines) and _fields(self.form)[self.lines].is_required()

    def type_of(self, heading: str) -> CellType:
        """Give what a column holds."""
        return self._by_type[heading]

    def choices(self, heading: str) -> list[str]:
        """Give the words of a column's drop-down list; none where anything may stand."""
        field = self.field(heading)
        kinds = _types(field.annotation) if field else []
        return [member.zh for kind in kinds if issubclass(kind, Labelled) for member in kind]

    def field(self, heading: str) -> FieldInfo | None:
        """Give the form field behind a column, if there is one."""
        return _fields(self.line_form if self.of_line(heading) else self.form).get(heading)

    @cached_property
    def _by_heading(self) -> dict[str, Column]:
        return {column.heading: column for column in self.all_columns}

    @cached_property
    def _of_line(self) -> frozenset[str]:
        return frozenset(_fields(self.line_form)) if self.lines else frozenset()

    @cached_property
    def types(self) -> tuple[tuple[str, CellType], ...]:
        """The columns that are read, each with what it holds."""
        return tuple(self._by_type.items())

    @cached_property
    def _by_type(self) -> dict[str, CellType]:
        return {heading: column.type or _type_of(self.field(heading)) for heading, column in self._by_heading.items()}


def _fields(form: type[Form]) -> dict[str, FieldInfo]:
    return {spec.alias or name: spec for name, spec in form.model_fields.items()}


def _types(annotation: Any) -> list[type]:
    return [part for part in (annotation, *get_args(annotation)) if isinstance(part, type)]


def _type_of(field: FieldInfo | None) -> CellType:
    kinds = _types(field.annotation) if field else []
    if any(issubclass(kind, Labelled) for kind in kinds):
        return CellType.CHOICE
    if any(issubclass(kind, date) for kind in kinds):
        return CellType.DAY
    return CellType.NUMBER if any(issubclass(kind, (Decimal, int)) for kind in kinds) else CellType.TEXT
