"""The reject sheet: rows as they came, with the number they had and why they come back."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from openpyxl.styles import Font

from schemas.sheet_kinds import Column, SheetKind
from tasks.sheets.book import CENTRED, FACE, HEAD_SHOWN, WRAPPED, Book, alignment_of, append, head_of, write
from tasks.sheets.outcome import RowOutcome
from tasks.sheets.reader import REASON_HEADING, ROW_HEADING
from tasks.sheets.rows import SheetRow

Rejected = tuple[SheetRow, RowOutcome]
RED, REASON_WIDTH = Font(FACE, 11, color="C00000"), 70


def write_rejects(path: Path, tables: Mapping[SheetKind, tuple[Sequence[str], Sequence[Rejected]]]) -> None:
    """Write a tab a kind: the headings that the file had, and the rows."""
    book = Book()
    for kind, (headings, rejected) in tables.items():
        known = {column.heading: column for column in (*kind.columns, *kind.shown)}
        columns = [*(known[heading] for heading in headings), Column(ROW_HEADING, width=8)]
        columns.append(Column(REASON_HEADING, width=REASON_WIDTH))
        heads = [*(head_of(kind, heading) for heading in headings), HEAD_SHOWN, HEAD_SHOWN]
        sheet = book.tab(kind.title, columns, heads)
        for no, (row, outcome) in enumerate(rejected, start=2):
            values = [row.cells.get(heading) for heading in headings]
            cells = [write(sheet, value, alignment=alignment_of(value)) for value in values]
            cells += [write(sheet, row.no, alignment=CENTRED), write(sheet, outcome.reason, RED, alignment=WRAPPED)]
            append(sheet, no, cells, outcome.reason, REASON_WIDTH)
    book.save(path)
