"""Sheet kinds, each described once: its columns, the form that a group of rows fills, its notes.

A column's heading is the Chinese name of a form field: type, list and "required" come from the form.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, get_args

from pydantic.fields import FieldInfo

from schemas.forms.base import Form
from schemas.forms.parts import PartsApplication
from schemas.problems import NotFound
from schemas.states import Labelled

EXAMPLE = "示例"  # a row whose key begins so is an example and is not read


class CellType(Enum):
    """What a column holds."""

    TEXT = "文字"
    NUMBER = "数字"
    DAY = "日期"
    CHOICE = "选项"


@dataclass(frozen=True)
class Column:
    """A column under its heading, with the example and the note of the template."""

    heading: str
    example: object = ""
    note: str = ""
    width: int = 14


@dataclass(frozen=True)
class SheetKind:
    """A kind of sheet: rows with the same `key` make one form, each row a line in its list field `lines`.

    A column that belongs to the whole form may be filled in on any of its rows, but not differently.
    """

    code: str
    title: str
    form: type[Form]
    key: Column
    lines: str
    columns: tuple[Column, ...]
    notes: Sequence[str] = field(default=())

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """The key's column and all others, in the order of the template."""
        return (self.key, *self.columns)

    @property
    def line_form(self) -> type[Form]:
        """The form that one row fills."""
        listed: type[Form] = get_args(_fields(self.form)[self.lines].annotation)[0]
        return listed

    def of_line(self, heading: str) -> bool:
        """Say whether a column belongs to the line; the others belong to the whole form."""
        return heading in _fields(self.line_form)

    def required(self, heading: str) -> bool:
        """Say whether a column must be in the sheet."""
        return heading == self.key.heading or self._field(heading).is_required()

    def type_of(self, heading: str) -> CellType:
        """Give what a column holds."""
        if heading == self.key.heading:
            return CellType.TEXT
        kinds = _types(self._field(heading).annotation)
        if any(issubclass(kind, Labelled) for kind in kinds):
            return CellType.CHOICE
        if any(issubclass(kind, date) for kind in kinds):
            return CellType.DAY
        return CellType.NUMBER if any(issubclass(kind, (Decimal, int)) for kind in kinds) else CellType.TEXT

    def choices(self, heading: str) -> list[str]:
        """Give the words of a column's drop-down list; none where anything may stand."""
        if heading == self.key.heading:
            return []
        kinds = _types(self._field(heading).annotation)
        return [member.zh for kind in kinds if issubclass(kind, Labelled) for member in kind]

    def _field(self, heading: str) -> FieldInfo:
        return (_fields(self.line_form) if self.of_line(heading) else _fields(self.form))[heading]


def _fields(form: type[Form]) -> dict[str, FieldInfo]:
    return {spec.alias or name: spec for name, spec in form.model_fields.items()}


def _types(annotation: Any) -> list[type]:
    return [part for part in (annotation, *get_args(annotation)) if isinstance(part, type)]


APPLICATIONS = SheetKind(
    code="applications",
    title="配件申报",
    form=PartsApplication,
    key=Column("申报单号", "示例-001", "办事处自己的编号；同一编号的各行合成一份申报", 16),
    lines="明细",
    columns=(
        Column("办事处", "北京办事处", "名称或编码", 16),
        Column("申报人工号", "E1049", "须为该办事处的售后人员", 12),
        Column("订单号", "SO20260318-0042", "销售订单号", 20),
        Column("紧急程度", "普通", "空则为普通", 10),
        Column("发现日期", date(2026, 5, 6), "不能晚于今天；也可写 2026/3/5、20260305、3月5日", 13),
        Column("配件名称", "铰链(全盖110°)", "标准名称或编码", 26),
        Column("数量", 4, "大于 0，最多两位小数", 8),
        Column("原因", "质量问题", "从列表中选择", 12),
        Column("规格", "", "空则按目录", 18),
        Column("颜色", "", "空则按目录", 10),
        Column("备注", "", "整份申报的备注", 24),
        Column("客户姓名", "", "销售记录中没有该订单时必填", 12),
        Column("客户电话", "", "同上", 15),
        Column("客户地址", "", "同上", 30),
    ),
    notes=(
        "一行一种配件；同一份申报的各行填同一个申报单号。",
        "办事处、订单号等整份申报的内容只需填在其中一行，各行都填时必须一致。",
        "同订单、同配件、同原因的配件不能重复申报。",
        "请不要合并单元格，不要使用公式，不要改动表头。",
        "同一份文件重复发送不会重复申报；有误的行会连同原因退回，改好后可直接再发退回的表。",
        f"申报单号以“{EXAMPLE}”开头的行不会读入。",
    ),
)  # fmt: skip

KINDS = {kind.code: kind for kind in (APPLICATIONS,)}


def sheet_kind(code: str) -> SheetKind:
    """Find a kind by its code; NotFound lists what there is."""
    if code not in KINDS:
        raise NotFound(f"没有这种表 no sheet kind {code!r}; 可用 known: {', '.join(KINDS)}")
    return KINDS[code]
