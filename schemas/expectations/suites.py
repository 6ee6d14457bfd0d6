"""The expectations of a sheet: those that follow from its columns, and those that only its kind knows.

A column is described by the field of the form that it fills; nothing is said twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from pydantic.fields import FieldInfo

from schemas.expectations import sentences as say

UNREADABLE = "读不懂的单元格"  # the helper column of `say.readable`
CASE, STAFF, OFFICE = "单号", "经办人工号", "办事处"
NOT_AFTER_TODAY = ("日期", "发现日期", "到货日期", "出厂日期", "签收日期")
LOOKED_UP = {
    CASE: "单号是已有的单据 is a case that exists",
    STAFF: "经办人工号是在职员工 is the number of somebody who works here",
    "申报人工号": "申报人工号是在职员工 is the number of somebody who works here",
    OFFICE: "办事处是已有的办事处（名称或编码） is the name or code of an office",
}


@dataclass(frozen=True)
class ColumnShape:
    """A column of a sheet; `each` says of what it must be filled in: 每行, 每份, "" for nothing."""

    heading: str
    holds: Literal["文字", "数字", "日期", "选项"]
    each: str = ""
    field: FieldInfo | None = None
    words: Sequence[str] = ()
    shown: Sequence[str] = ()


def expectations(code: str, columns: Sequence[ColumnShape], today: date) -> list[Any]:
    """Give what must be true of a sheet with these columns, in the order in which a reader asks."""
    headings = [column.heading for column in columns]
    general = [one for column in columns for one in _of_column(column, today)]
    special = [one for needed, one in _special(code) if set(needed) <= set(headings)]
    return [say.readable(UNREADABLE), *general, *special]


def _of_column(column: ColumnShape, today: date) -> Iterator[Any]:
    heading = column.heading
    if column.each:
        yield say.filled(heading, column.each)
    if heading == CASE:
        yield say.case_number(heading)
    elif column.holds == "数字":
        yield say.number(heading, _whole(column), _limit(column, "gt") is not None or _limit(column, "ge") == 1)
    elif column.holds == "选项":
        yield say.one_of(heading, column.words, column.shown)
    elif column.holds == "文字" and (longest := _limit(column, "max_length")):
        yield say.short(heading, longest)
    if heading in NOT_AFTER_TODAY:
        yield say.not_after(heading, today)
    if heading in LOOKED_UP:
        yield say.is_known(heading, LOOKED_UP[heading])


def _special(code: str) -> list[tuple[tuple[str, ...], Any]]:
    """Give what only this kind knows, with the columns that it needs."""
    if code != "sales":
        return []
    return [
        (("订单号", "行号"), say.once(("订单号", "行号"))),
        (("出厂日期", "发货日期"), say.in_order("出厂日期", "发货日期")),
        (("发货日期", "签收日期"), say.in_order("发货日期", "签收日期")),
    ]


def _whole(column: ColumnShape) -> bool:
    return column.field is not None and column.field.annotation is int


def _limit(column: ColumnShape, name: str) -> Any:
    """Give a limit that a form's field sets: gt, ge, max_length."""
    found = (getattr(limit, name, None) for limit in (column.field.metadata if column.field else ()))
    return next((limit for limit in found if limit is not None), None)
