"""How what was looked up is shown: as tables, which machines read by their keys; pure."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from schemas.shapes import LineTable
from schemas.words import Labelled
from tasks.unit.work import SHANGHAI

Columns = Mapping[str, str | Callable[[Mapping[str, Any]], object]]


def table_of(columns: Columns, records: Iterable[Mapping[str, Any]]) -> LineTable:
    """Make a table of records, which machines read whole; a column shows what stands under a key, or says it."""
    known = list(records)
    rows = [[shown(one[cell] if isinstance(cell, str) else cell(one)) for cell in columns.values()] for one in known]
    return LineTable(list(columns), rows, records=known)


def shown(value: object) -> object:
    """Write a value as staff read it; days are those of Shanghai."""
    match value:
        case Labelled():
            return value.zh
        case datetime():
            return f"{value.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    return value
