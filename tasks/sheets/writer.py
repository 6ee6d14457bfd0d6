"""Write workbooks: the template of a sheet kind, and the reject sheet that goes back with reasons.

Whatever stands in a cell is written as what it is: a text that begins like a formula stays a text.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from schemas.problems import BadInput, Problem
from tasks.sheets.kinds import CellType, SheetKind
from tasks.sheets.reader import REASON_HEADING, ROW_HEADING, SheetRow

NOTES, OPTIONS = "填写说明", "选项"
LIVE = ("=", "+", "-", "@", "\t", "\r")
LONGEST = 32_000  # characters; Excel takes 32,767 in a cell
LISTED_ROWS = 5000  # of a template: its drop-down lists reach so far
HEAD = PatternFill("solid", fgColor="1F4E78")
HEAD_OPTIONAL = PatternFill("solid", fgColor="7F9DB9")
GREY, RED = Font(color="808080", italic=True), Font(color="C00000")
WRAPPED = Alignment(wrap_text=True, vertical="top")


def put(sheet: Any, row: int, column: int, value: object) -> Any:
    """Write a value; text is never taken for a formula, and what a workbook cannot hold is shown as �."""
    cell = sheet.cell(row=row, column=column)
    if not isinstance(value, str):
        cell.value = value
        if isinstance(value, date):
            cell.number_format = "yyyy-mm-dd hh:mm" if _has_time(value) else "yyyy-mm-dd"
        return cell
    text = ILLEGAL_CHARACTERS_RE.sub("�", value)[:LONGEST]
    cell.value, cell.data_type = text, "s"
    cell.number_format = "@"
    cell.quotePrefix = int(text.startswith(LIVE))
    return cell


def _has_time(value: date) -> bool:
    return isinstance(value, datetime) and value.time() != datetime.min.time()


def write_rejects(
    path: Path, kind: SheetKind, columns: Sequence[str], rejected: Iterable[tuple[SheetRow, str]]
) -> None:
    """Write rows as they came with the number they had and why they come back."""
    book = Workbook()
    sheet: Any = book.active
    sheet.title = kind.title
    headings = [*columns, ROW_HEADING, REASON_HEADING]
    widths = {column.heading: column.width for column in kind.all_columns} | {REASON_HEADING: 70}
    _head(sheet, headings, widths)
    for at, (row, reason) in enumerate(rejected, start=2):
        for column, heading in enumerate(columns, start=1):
            put(sheet, at, column, row.cells.get(heading))
        put(sheet, at, len(columns) + 1, row.no)
        shown = put(sheet, at, len(headings), reason)
        shown.font, shown.alignment = RED, WRAPPED
    _save(book, path)


def write_template(path: Path, kind: SheetKind, lists: Mapping[str, Sequence[str]]) -> None:
    """Write an empty sheet of a kind with an example row, drop-down lists and notes; `lists` by heading."""
    book = Workbook()
    sheet: Any = book.active
    sheet.title = kind.title
    columns = kind.all_columns
    _head(sheet, [column.heading for column in columns], {column.heading: column.width for column in columns})
    options = book.create_sheet(OPTIONS)
    for at, column in enumerate(columns, start=1):
        heading, letter = column.heading, get_column_letter(at)
        must = kind.required(heading)
        head = sheet.cell(row=1, column=at)
        head.fill = HEAD if must else HEAD_OPTIONAL
        note = f"{'必填' if must else '选填'}：{column.note or kind.type_of(heading).value}"
        head.comment = Comment(note, kind.title)
        example = put(sheet, 2, at, column.example or None)
        example.font = GREY
        if kind.type_of(heading) is not CellType.NUMBER:
            form = "yyyy-mm-dd" if kind.type_of(heading) is CellType.DAY else "@"
            sheet.column_dimensions[letter].number_format = form
        if words := lists.get(heading) or kind.choices(heading):
            _drop_down(sheet, options, at, letter, words, strict=bool(kind.choices(heading)))
    options.sheet_state = "hidden"
    _notes(book.create_sheet(NOTES, 1), kind)
    _save(book, path)


def _head(sheet: Any, headings: Sequence[str], widths: Mapping[str, int]) -> None:
    for at, heading in enumerate(headings, start=1):
        cell = put(sheet, 1, at, heading)
        cell.font, cell.fill = Font(bold=True, color="FFFFFF"), HEAD
        cell.alignment = Alignment(horizontal="center")
        sheet.column_dimensions[get_column_letter(at)].width = widths.get(heading, 10)
    sheet.freeze_panes = "A2"


def _drop_down(sheet: Any, options: Any, at: int, letter: str, words: Sequence[str], strict: bool) -> None:
    """Offer words from the hidden sheet; only a form's own words are the only ones allowed."""
    for row, word in enumerate(words, start=1):
        put(options, row, at, word)
    listed = DataValidation(
        type="list", formula1=f"{OPTIONS}!${letter}$1:${letter}${len(words)}", allow_blank=True,
        showErrorMessage=strict, errorTitle="请从列表中选择", error="请从列表中选择",
    )  # fmt: skip
    listed.add(f"{letter}2:{letter}{LISTED_ROWS}")
    sheet.add_data_validation(listed)


def _notes(sheet: Any, kind: SheetKind) -> None:
    put(sheet, 1, 1, f"{kind.title} · 填写说明").font = Font(bold=True, size=14)
    for row, note in enumerate(kind.notes, start=3):
        put(sheet, row, 1, f"{row - 2}. {note}").alignment = Alignment(vertical="top")
    first = len(kind.notes) + 4
    rows = [
        (c.heading, "必填" if kind.required(c.heading) else "选填", kind.type_of(c.heading).value,
         "每行" if kind.of_line(c.heading) or c is kind.key else "整份", c.note)
        for c in kind.all_columns
    ]  # fmt: skip
    for at, texts in enumerate([("列", "必填", "类型", "范围", "说明"), *rows], start=first):
        for column, text in enumerate(texts, start=1):
            put(sheet, at, column, text).font = Font(bold=at == first)
    for letter, width in zip("ABCDE", (16, 8, 8, 8, 60), strict=True):
        sheet.column_dimensions[letter].width = width


def _save(book: Workbook, path: Path) -> None:
    """Write whole or not at all; BadInput where the folder does not allow it."""
    content = BytesIO()
    book.save(content)
    spare = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        spare.write_bytes(content.getvalue())
        spare.replace(path)
    except OSError as error:
        spare.unlink(missing_ok=True)
        why = f"无法写入 cannot be written ({error.strerror})"
        raise BadInput([Problem("文件 file", path.name, why)]) from error
