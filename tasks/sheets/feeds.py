"""Records of another system, by the names of a form's fields: checked and taken as the rows of its sheet are."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Engine

from schemas.expectations import NO, YES
from schemas.sheet_kinds import Column, SheetKind
from tasks.sheets.apply import apply_forms
from tasks.sheets.cells import Cell, NoCell
from tasks.sheets.forms import all_rows, read_rows
from tasks.sheets.importing import check_table, form_chunks
from tasks.sheets.reader import SheetTable
from tasks.sheets.report import SheetReport

MOST_BITS = 1_000  # of a whole number: a cell holds no longer one
MOST_SHOWN = 80  # characters of a number: a longer one is none


class RecordsTaken(NamedTuple):
    """What became of records, and of each that has a key, order and line, if it is right."""

    report: SheetReport
    right: Mapping[str, bool]


def take_records(db: Engine, kind: SheetKind, records: Sequence[Any], name: str, folder: Path) -> RecordsTaken:
    """Take records in under the number of each; what goes back lies in a sheet in `folder`, to be sent again."""
    table = _table(kind, records)
    told = ((row.no, [row.values.get(kind.heading(one), "") for one in kind.once]) for row in table.rows)
    keys = {no: key_of(*parts) for no, parts in told if all(parts)}
    became, good = check_table(db, table)
    for forms in form_chunks(good):
        became.note(apply_forms(db, kind, forms), all_rows(forms))
    named = [(row, back._replace(number=keys.get(back.no, back.number))) for row, back in became.rejected]
    report = SheetReport(name, [replace(became, rejected=named)])
    if report.rejected:
        folder.mkdir(parents=True, exist_ok=True)
        report.write_rejects(folder / f"{name}.rejected.xlsx")
    wrong = {outcome.number for outcome in report.rejected}
    return RecordsTaken(report, {key: key not in wrong for key in keys.values()})


def key_of(*told: object) -> str:
    """Write what tells a record from all others: its order and line, at most so much of each."""
    return " · ".join(str(one)[:MOST_SHOWN] for one in told)


def _table(kind: SheetKind, records: Sequence[Any]) -> SheetTable:
    """Give records as rows; what our form does not know is the other system's own affair."""
    names = {heading: name for name, heading in kind.by_name.items()}
    known = [one if isinstance(one, dict) else {} for one in records]
    rows = [[_cell(column, one.get(names[column.heading])) for column in kind.columns] for one in known]
    headings = [column.heading for column in kind.columns]
    return SheetTable(kind, headings, list(read_rows(kind, headings, enumerate(rows, start=1))))


def _cell(column: Column, value: Any) -> Cell:
    if isinstance(value, bool) and column.words:
        return YES if value else NO
    if value is None or isinstance(value, float) or (type(value) is int and value.bit_length() < MOST_BITS):
        return value
    if isinstance(value, str) and all(sign.isprintable() or sign.isspace() for sign in value):
        return value
    return NoCell(json.dumps(value))
