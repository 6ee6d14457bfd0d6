"""Ask for many keys at once."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, bindparam, func


def among(column: ColumnElement[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """Say that a column is one of these values: one array, so the statement is the same for two or two thousand."""
    return column == func.any(bindparam(None, list(values), type_=ARRAY(column.type)))
