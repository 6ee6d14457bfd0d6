"""Sheet kinds: `@sheet` beside a form makes it a kind of sheet; columns, types and lists follow from its fields.

A field's `Cell` gives the column's example, note and width. What no form knows (步骤, 日期, 流水号) and what an
inbox only shows beside the form stands here.
"""

import pkgutil
from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache, cached_property
from importlib import import_module
from typing import Any, TypeVar, get_args

from pydantic.fields import FieldInfo

import schemas.forms
from schemas.forms.base import Decision, Form, Request
from schemas.forms.fields import LINE_NO, NUMBER, STAFF, Cell, Register, Sense
from schemas.problems import NotFound
from schemas.words import Labelled

F = TypeVar("F", bound=Form)
STEP, DAY, SERIAL = "步骤", "日期", "流水号"
URGENT, OFFICE, CUSTOMER, ORDER, DUE, ABOUT = "紧急", "办事处名称", "客户", "销售订单", "到期", "待办内容"
PART, WANTED = "配件", "申报数量"
EXAMPLE = "示例"  # a row whose key begins so is an example and is not read


class CellType(Enum):
    """What a column holds."""

    TEXT = "文字"
    NUMBER = "数字"
    DAY = "日期"
    MOMENT = "时间"
    CHOICE = "选项"


HOLDS = {  # else text; a moment is a day, too
    Labelled: CellType.CHOICE,
    datetime: CellType.MOMENT,
    date: CellType.DAY,
    Decimal: CellType.NUMBER,
    int: CellType.NUMBER,
}


@dataclass(frozen=True)
class Column:
    """A column under its heading, with the example and the note of the template.

    required   it must be in the sheet, and filled in
    of_line    it belongs to one line of the form, not to the whole
    given      of a column that is only shown: the pre-filled column whose value it repeats
    wrapped    its text may take several lines
    later      it came when rows without it had been taken already
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
    later: bool = False

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
        next((held for base, held in HOLDS.items() if any(issubclass(kind, base) for kind in types)), CellType.TEXT),
        field.is_required() and must,
        of_line,
        field,
        next((kind for kind in types if issubclass(kind, Labelled)), None),
        next((known for known in field.metadata if isinstance(known, Register)), None),
        Sense.PAST in field.metadata,
        later=cell.later,
    )


def cell_of(field: FieldInfo | None) -> Cell:
    """Give what a sheet shows of a field; what stands nearest to the field counts."""
    return next((cell for cell in reversed(field.metadata if field else ()) if isinstance(cell, Cell)), Cell())


def types_of(field: FieldInfo) -> list[type]:
    """Give the types that a field's annotation is made of."""
    return [part for part in (field.annotation, *get_args(field.annotation)) if isinstance(part, type)]


_CASE = Column(NUMBER, f"{EXAMPLE} PA-2026-000123", "本单的单号，例如 PA-2026-000123", 20, register=Register.CASE)
_REQUEST = Column("申报单号", f"{EXAMPLE}-001", "办事处自己的编号；同一编号的各行合成一份申报", 16)
_STEP = Column(STEP, "", "待办的步骤；由待办表填好，自己做表时可不填", 16)
_DATED = (
    Column(DAY, date(2026, 5, 6), "实际办理日期，不能晚于今天", 13, CellType.DAY, required=True, past=True),
    Column(SERIAL, "", "同一天有两条完全相同的记录时用以区分", 10),
)
_PART, _WANTED = Column(PART, width=26), Column(WANTED, width=10, holds=CellType.NUMBER)
_ABOUT = (Column(URGENT, width=7), Column(OFFICE), Column(CUSTOMER, width=10), Column(ORDER, width=20))
_DUE, _DETAIL = Column(DUE, width=19, holds=CellType.DAY), Column(ABOUT, width=48, wrapped=True)
_TOGETHER = (
    "一行一种配件；同一单的各行合成一份，整份的内容（如经办人工号）只需填在其中一行。",
    "同一单的同一行号再次出现，即为另一份。",
)


@dataclass(eq=False)
class SheetKind:
    """A kind of sheet: rows with the same key make a form, each row a line of it if the form has lines.

    A column that belongs to the whole form may be filled in on any of its rows, but not differently.
    signer       who signs, and an example of a staff number
    dated        rows say when it was done, so that one case may have several of them
    key_field    the form's field that is the key; else it is the case's number, of requests the office's own
    first        fields whose columns come first; the others follow as in the form
    decided_by   fields of which one is filled in once it is decided; else those that must be and a reason,
                 or the signature where a form asks for nothing else
    hints        how it is filled in, beside what is true of all sheets
    once         fields that occur together once; in_order: pairs of dates
    """

    code: str
    title: str
    _: KW_ONLY
    signer: tuple[str, str] = ("", "")
    dated: bool = False
    key_field: str = ""
    first: Sequence[str] = ("verdict",)
    decided_by: Sequence[str] = ()
    hints: Sequence[str] = ()
    once: Sequence[str] = ()
    in_order: Sequence[tuple[str, str]] = ()
    form: type[Form] = field(init=False)

    def __call__(self, form: type[F]) -> type[F]:
        """Make a form this kind of sheet, known by its code and its title; used as `@sheet` above the form."""
        self.form, _KINDS[self.code] = form, self
        return form

    def __reduce__(self) -> tuple[Any, ...]:
        """Go to other processes by the code."""
        return sheet_kind, (self.code,)

    @property
    def decides(self) -> bool:
        """Whether its forms answer work items."""
        return issubclass(self.form, Decision)

    @property
    def requests(self) -> bool:
        """Whether its forms open cases."""
        return issubclass(self.form, Request)

    @cached_property
    def _lines(self) -> FieldInfo | None:
        """The form's field that lists its lines."""
        fields = self.form.model_fields.values()
        return next((field for field in fields if any(issubclass(kind, Form) for kind in types_of(field))), None)

    @cached_property
    def lines(self) -> str:
        """The name of the lines in the form, 明细; "" where a row is a form of its own."""
        return str(self._lines.alias) if self._lines else ""

    @cached_property
    def required_lines(self) -> bool:
        """Whether a form must have lines."""
        return self._lines is not None and self._lines.is_required()

    def heading(self, name: str) -> str:
        """Give the heading of a field of the form."""
        return str(self.form.model_fields[name].alias)

    @cached_property
    def key(self) -> Column:
        """The column that tells the forms apart."""
        own = _REQUEST if self.requests else _CASE
        return replace(self._column(self.key_field) if self.key_field else own, required=True)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """All columns that are read, in the order of the template: the key, what no form knows, the form's."""
        own = (_STEP, *(_DATED if self.dated else ())) if self.decides else ()
        return (self.key, *own, *(column for column in self._of_form() if column.heading != self.key.heading))

    @cached_property
    def by_name(self) -> dict[str, str]:
        """The headings of the form's own columns, by the names of its fields, as machines write them."""
        return {name: self.heading(name) for name in self.form.model_fields if self.heading(name) in self.by_heading}

    @cached_property
    def by_heading(self) -> dict[str, Column]:
        """The columns that are read, by their headings."""
        return {column.heading: column for column in self.columns}

    @cached_property
    def own_required(self) -> tuple[Column, ...]:
        """The columns that must be filled in on every row though no form field stands behind them."""
        return tuple(column for column in self.columns[1:] if column.required and column.field is None)

    @cached_property
    def shown(self) -> tuple[Column, ...]:
        """Columns that tell people what an item is about and are not read."""
        if not self.decides:
            return ()
        numbered = LINE_NO in self.by_heading and not any(c.register is Register.PART for c in self.columns)
        repeats = [(cell_of(column.field).given, column.heading) for column in self.columns]
        given = [replace(_WANTED, heading=heading, given=of) for heading, of in repeats if heading]
        lines = [_PART, *(given or [_WANTED])] if numbered else []
        return (*lines, *_ABOUT, _DUE, *(() if given else (_DETAIL,)))

    @cached_property
    def undecided(self) -> tuple[str, ...]:
        """A form of an inbox workbook where all of these are empty is not decided yet."""
        fields = self.form.model_fields
        asked = [
            name for name in fields if fields[name].is_required() and fields[name].alias not in (STAFF, self.lines)
        ]
        reason = ["reason"] if asked and "reason" in fields else []
        decided = self.decided_by or [*asked, *reason] or ["staff"]
        return tuple(map(self.heading, decided)) if self.decides else ()

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """How it is filled in."""
        return (
            *self.hints,
            *(_TOGETHER if self.decides and LINE_NO in self.by_heading else ()),
            f"请不要合并单元格，不要使用公式，不要改动表头{'；灰色的列只供查看，不会读入' if self.decides else ''}。",
            "同一份文件重复发送不会重复办理；有误的行会连同原因退回，改好后可直接再发退回的表。",
            f"{self.key.heading}以“{EXAMPLE}”开头的行不会读入。",
        )

    def _of_form(self) -> Iterator[Column]:
        fields = self.form.model_fields
        for name in dict.fromkeys([*(name for name in self.first if name in fields), *fields]):
            if fields[name] is self._lines:
                (line_form,) = get_args(fields[name].annotation)
                yield from (column_of(one, True, self.required_lines) for one in line_form.model_fields.values())
            else:
                yield self._column(name)

    def _column(self, name: str) -> Column:
        column = column_of(self.form.model_fields[name], False, True)
        if column.heading == STAFF and self.decides:
            who, example = self.signer
            return replace(column, example=example, note=f"{who}的工号，例如 {example}", width=12)
        return column


sheet = SheetKind
_KINDS: dict[str, SheetKind] = {}


def sheet_kinds() -> dict[str, SheetKind]:
    """Give all kinds by their codes: those of the house's forms as staff meet them, then those of others."""
    _load_forms()
    place = {f"schemas.forms.{trade}": at for at, trade in enumerate(schemas.forms.TRADES)}
    ordered = sorted(_KINDS.values(), key=lambda kind: place.get(kind.form.__module__, len(place)))
    return {kind.code: kind for kind in ordered}


@cache
def _load_forms() -> None:
    for module in pkgutil.iter_modules(schemas.forms.__path__):
        import_module(f"schemas.forms.{module.name}")


def sheet_kind(code: str) -> SheetKind:
    """Find a kind by its code or title; NotFound lists what there is."""
    kinds = sheet_kinds()
    found = kinds.get(code) or next((kind for kind in kinds.values() if kind.title == code), None)
    if found is None:
        known = ", ".join(f"{kind.code} {kind.title}" for kind in kinds.values())
        raise NotFound(f"没有这种表 no sheet kind {code!r}; 可用 known: {known}")
    return found
