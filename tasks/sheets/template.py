"""Templates: an empty sheet of a kind with an example, drop-down lists and notes on how it is filled in."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from schemas.forms.fields import Register
from schemas.sheet_kinds import CellType, Column, SheetKind
from tasks.sheets.book import FACE, Book, append, write

Lists = Mapping[Register, Sequence[str]]  # what may be chosen today
NOTES = "填写说明"
LISTED_ROWS = 5000  # so far the drop-down lists of a template reach
DATES = {CellType.DAY: "yyyy-mm-dd", CellType.MOMENT: "yyyy-mm-dd hh:mm"}
GREY, BOLD = Font(FACE, 11, color="808080", italic=True), Font(FACE, 11, bold=True)


def write_template(path: Path, kind: SheetKind, lists: Lists) -> None:
    """Write an empty sheet of a kind."""
    book, columns = Book(), kind.columns
    sheet = book.tab(kind.title, [*map(noted, columns)], kind.by_heading)
    for at, column in enumerate(columns, start=1):
        if column.holds is not CellType.NUMBER:
            form = DATES.get(column.holds, "@")
            sheet.column_dimensions[get_column_letter(at)].number_format = form
    offer_words(book, sheet, columns, lists, LISTED_ROWS)
    examples = [column.example if column.example != "" else None for column in columns]
    append(sheet, 2, columns, [write(sheet, value, font=GREY) for value in examples])
    write_notes(book, [kind])
    book.save(path)


def noted(column: Column) -> Column:
    """Give a column with the note that its heading shows."""
    return replace(column, note=f"{_must(column)}：{column.note or column.holds.value}")


def offer_words(book: Book, sheet: Any, columns: Sequence[Column], lists: Lists, rows: int) -> None:
    """Give columns their drop-down lists: the form's own words, or what the house has today."""
    for at, column in enumerate(columns, start=1):
        words = column.choices or (lists.get(column.register, ()) if column.register else ())
        if words:
            book.drop_down(sheet, at, words, rows, strict=bool(column.choices))


def write_notes(book: Book, kinds: Sequence[SheetKind]) -> None:
    """Write how the sheets are filled in, and every column of them."""
    sheet: Any = book.book.create_sheet(NOTES)
    for letter, width in zip("ABCDE", (16, 8, 8, 8, 60), strict=True):
        sheet.column_dimensions[letter].width = width
    for kind in kinds:
        sheet.append([write(sheet, f"{kind.title} · {NOTES}", font=Font(FACE, 14, bold=True))])
        for at, note in enumerate(kind.notes, start=1):
            sheet.append([write(sheet, f"{at}. {note}")])
        sheet.append([])
        sheet.append([write(sheet, text, font=BOLD) for text in ("列", "必填", "类型", "范围", NOTES)])
        for column in kind.columns:
            reach = "每行" if column.of_line or column is kind.key or not kind.lines else "整份"
            about = (column.heading, _must(column), column.holds.value, reach, column.note)
            sheet.append([write(sheet, text) for text in about])
        sheet.append([])


def _must(column: Column) -> str:
    return "必填" if column.required else "选填"
