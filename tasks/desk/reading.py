"""Put what a step returned or a person decided into a few words that staff can read: each type says how."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from pydantic.fields import FieldInfo

from schemas.forms.base import Decision, Form
from schemas.forms.fields import LINE_NO, Register
from schemas.forms.sales import YesNo
from schemas.shapes import Measure, Shape, figure, listed, money
from schemas.words import Labelled

CURRENCY = "(CNY)"  # in the title of a field that holds money


def said(value: object) -> str:
    """Say a value in Chinese; nothing where it concerns nobody: bare text and numbers are for machines."""
    match value:
        case Labelled():
            return value.zh
        case Shape():
            return value.said
        case Form():
            return " · ".join(_fields(value))
        case date() | Decimal():
            return cell_text(value)
        case list() | tuple():
            return _rows(value)
    return ""


def cell_text(cell: object) -> str:
    """Write a cell of a case's lines: quantities without needless zeros, nothing for zero."""
    match cell:
        case Measure(quantity, unit):
            return f"{figure(quantity)} {unit}"
        case int() | Decimal():
            return figure(cell) if cell else ""
    return "" if cell is None else str(cell)


def is_figure(cell: object) -> bool:
    """Say whether a cell stands to the right."""
    return isinstance(cell, int | Decimal | Measure)


def _rows(rows: Sequence[object]) -> str:
    if rows and all(isinstance(row, int) for row in rows):
        return f"第{'、'.join(map(str, rows))}行"
    return listed([" ".join(_fields(row, short=True)) if isinstance(row, Form) else said(row) for row in rows])


def _fields(form: Form, short: bool = False) -> list[str]:
    """Say what was filled in; who signs stands elsewhere."""
    kinds = type(form).model_fields.items()
    told = [_field(kind, getattr(form, name), short) for name, kind in kinds if name not in Decision.model_fields]
    return [text for text in told if text]


def _field(kind: FieldInfo, value: object, short: bool) -> str:
    if isinstance(value, bool) or (not value and not kind.is_required()):
        return ""
    if isinstance(value, YesNo):
        return str(kind.alias) if value == YesNo.YES else ""
    if isinstance(value, Labelled | Form | list):
        return said(value)
    in_money = CURRENCY in (kind.title or "")
    text = figure(value) if isinstance(value, int | Decimal) else str(value)
    if isinstance(value, Decimal) and in_money:
        text = money(value)
    if short and kind.alias == LINE_NO:
        return f"第{text}行"
    if short and any(isinstance(one, Register) for one in kind.metadata):
        return text
    if short and in_money:
        return f"@{text}"
    more_than_nothing = any(getattr(one, "gt", None) == 0 for one in kind.metadata)
    return f"×{text}" if short and more_than_nothing else f"{kind.alias} {text}"
