"""Sheets as people send them: written, read, and taken through the engine without the checks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from sqlalchemy import Engine

from schemas.sheet_kinds import SheetKind
from tasks.sheets.apply import apply_forms
from tasks.sheets.forms import SheetRow, forms_of, read_rows
from tasks.sheets.importing import form_chunks
from tasks.sheets.outcome import Became, RowOutcome, all_became
from tasks.sheets.reader import read_tables

Cells = Mapping[str, Any]


def save(path: Path, kind: SheetKind, *rows: Cells, headings: Sequence[str] = ()) -> Path:
    """Write a workbook of a kind as somebody would."""
    given = headings or [column.heading for column in kind.columns]
    book = Workbook()
    sheet: Any = book.active
    sheet.title = kind.title
    sheet.append(list(given))
    for cells in rows:
        sheet.append([cells.get(heading) for heading in given])
    book.save(path)
    return path


def rows_of(kind: SheetKind, *rows: Cells, numbers: Sequence[int] = ()) -> list[SheetRow]:
    """Give rows as the reader makes them; they stand from row 2 on."""
    headings = list(dict.fromkeys(heading for cells in rows for heading in cells))
    given = [[cells.get(heading) for heading in headings] for cells in rows]
    return list(read_rows(kind, headings, zip(numbers or range(2, len(rows) + 2), given, strict=True)))


def send(db: Engine, path: Path, kind: SheetKind | None = None) -> list[RowOutcome]:
    """Read a file and apply it; gives what became of its rows, in order."""
    outcomes: list[RowOutcome] = []
    for table in read_tables(path, kind):
        forms = forms_of(table.kind, table.rows)
        found = [
            one for form in forms if not form.is_decided(table.kind) for one in all_became(form.rows, Became.SKIPPED)
        ]
        for chunk in form_chunks(form for form in forms if form.is_decided(table.kind)):
            found += apply_forms(db, table.kind, chunk)
        outcomes += sorted(found, key=lambda outcome: outcome.no)
    return outcomes


def became(outcomes: Sequence[RowOutcome]) -> list[str]:
    """Give what became of the rows, in short: + accepted, = unchanged, . skipped, - rejected."""
    signs = {Became.ACCEPTED: "+", Became.UNCHANGED: "=", Became.SKIPPED: ".", Became.REJECTED: "-"}
    return [signs[outcome.became] for outcome in outcomes]


def reasons(outcomes: Sequence[RowOutcome]) -> str:
    """Give why rows went back, with the row that each reason names."""
    return "\n".join(str(problem) for outcome in outcomes for problem in outcome.problems)


def fill_in(path: Path, tab: str, rows: Mapping[int, Cells]) -> Path:
    """Fill in cells of a workbook that the house wrote: row → heading → value."""
    book = load_workbook(path)
    sheet: Any = book[tab]
    columns = {cell.value: cell.column for cell in sheet[1]}
    for no, cells in rows.items():
        for heading, value in cells.items():
            sheet.cell(no, columns[heading]).value = value
    book.save(path)
    return path


def table_of(path: Path, tab: str) -> list[dict[str, Any]]:
    """Give the rows of a tab by heading."""
    head, *rows = load_workbook(path)[tab].iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]
