"""Read a CSV cell as what its column holds."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Date, Integer, Numeric, String
from sqlalchemy.types import TypeEngine


def parse_cell(column: Column[Any], cell: str) -> Any:
    """Give the value of a trimmed cell; an empty one is NULL where the column allows it.

    Raises ValueError with what was expected.
    """
    if not cell:
        if column.nullable:
            return None
        if column.server_default is None:
            raise ValueError("必填 is required")
        return ""
    for kind, read in READERS.items():
        if isinstance(column.type, kind):
            return read(column.type, cell)
    raise TypeError(f"no reader for {column.type!r}")


def _text(kind: Any, cell: str) -> str:
    if kind.length and len(cell) > kind.length:
        raise ValueError(f"最多 {kind.length} 个字符 at most {kind.length} characters")
    return cell


def _boolean(_kind: Any, cell: str) -> bool:
    if cell not in ("0", "1"):
        raise ValueError("应为 0 或 1 must be 0 or 1")
    return cell == "1"


def _integer(_kind: Any, cell: str) -> int:
    try:
        return int(cell)
    except ValueError:
        raise ValueError("应为整数 must be a whole number") from None


def _decimal(kind: Any, cell: str) -> Decimal:
    try:
        value = Decimal(cell)
        fits = value.is_finite() and value == round(value, kind.scale)
    except InvalidOperation:
        raise ValueError("应为数字 must be a number") from None
    if not fits or abs(value) >= 10 ** (kind.precision - kind.scale):
        raise ValueError(f"应为数字，最多 {kind.scale} 位小数 must be a number, at most {kind.scale} decimals")
    return value


def _date(_kind: Any, cell: str) -> date:
    try:
        return date.fromisoformat(cell)
    except ValueError:
        raise ValueError("应为日期 must be a date such as 2026-03-05") from None


def _json(_kind: Any, cell: str) -> Any:
    try:
        return json.loads(cell, parse_constant=_no_constant)
    except ValueError:
        raise ValueError('应为 JSON must be JSON: 24, 0.10, "text", [2, 5]') from None


def _no_constant(name: str) -> None:
    raise ValueError(name)


READERS: dict[type[TypeEngine[Any]], Callable[[Any, str], Any]] = {
    JSON: _json,
    Boolean: _boolean,
    Date: _date,
    Integer: _integer,
    Numeric: _decimal,
    String: _text,
}
