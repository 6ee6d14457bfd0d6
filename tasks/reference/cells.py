"""Read a CSV cell as what its column holds."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
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
    read, expected = next(found for kind, found in READERS.items() if isinstance(column.type, kind))
    try:
        value = read(cell)
    except (ValueError, KeyError, ArithmeticError):
        raise ValueError(expected) from None
    if isinstance(column.type, Numeric):
        _check_number(value, column.type)
    if isinstance(column.type, String) and len(cell) > (most := column.type.length or len(cell)):
        raise ValueError(f"最多 {most} 个字符 at most {most} characters")
    return value


def _check_number(value: Decimal, kind: Any) -> None:
    most = 10 ** (kind.precision - kind.scale)
    if not value.is_finite() or abs(value) >= most or value != round(value, kind.scale):
        raise ValueError(f"应为数字，最多 {kind.scale} 位小数 must be a number, at most {kind.scale} decimals")


def _json(cell: str) -> Any:
    return json.loads(cell, parse_constant=NO_CONSTANTS.__getitem__)


NO_CONSTANTS: dict[str, None] = {}  # NaN is no JSON
READERS: dict[type[TypeEngine[Any]], tuple[Callable[[str], Any], str]] = {
    JSON: (_json, '应为 JSON must be JSON: 24, 0.10, "text", [2, 5]'),
    Boolean: ({"0": False, "1": True}.__getitem__, "应为 0 或 1 must be 0 or 1"),
    Date: (date.fromisoformat, "应为日期 must be a date such as 2026-03-05"),
    Integer: (int, "应为整数 must be a whole number"),
    Numeric: (Decimal, "应为数字 must be a number"),
    String: (str, ""),
}
