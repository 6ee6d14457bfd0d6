"""Write workbooks: whatever stands in a cell is written as what it is, a text that begins like a formula too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from io import BytesIO
from itertools import zip_longest
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties

from schemas.forms.fields import LINE_NO
from schemas.sheet_kinds import CellType, Column
from tasks.desk.rules import width
from tasks.sheets.fetch import refused_file
from tasks.unit.files import write_whole

Style = Font | PatternFill | Alignment | Border
OPTIONS = "选项"
LIVE = ("=", "+", "-", "@", "\t", "\r")
LONGEST = 32_000  # characters; Excel takes 32,767 in a cell
HEAD = PatternFill("solid", fgColor="1F4E78")
HEAD_OPTIONAL = PatternFill("solid", fgColor="7F9DB9")
HEAD_SHOWN = PatternFill("solid", fgColor="808080")
FACE = "Calibri"  # the workbook's own; a font without a name is drawn in whatever a program likes
WHITE = Font(FACE, 11, bold=True, color="FFFFFF")
CENTRED = Alignment(horizontal="center", vertical="center")
WRAPPED, MIDDLE = Alignment(wrap_text=True, vertical="center"), Alignment(vertical="center")
NUMERIC = Alignment(horizontal="right", vertical="center", indent=1)
ROW, LINE, MOST_LINES = 18.0, 16.5, 10  # points: a row, a line of wrapped text; so many are shown


@dataclass
class Book:
    """A workbook that is written row by row; its lists of words go to a hidden tab."""

    book: Workbook = field(default_factory=lambda: Workbook(write_only=True))
    lists: list[tuple[str, ...]] = field(default_factory=list)

    def tab(self, title: str, columns: Sequence[Column], read: Mapping[str, Column]) -> Any:
        """Begin a tab with its heading row, which stays in sight; grey are the columns that are not `read`."""
        sheet: Any = self.book.create_sheet(title)
        sheet.freeze_panes = "B2"
        sheet.sheet_format.defaultRowHeight, sheet.sheet_format.customHeight = ROW, True
        sheet.print_title_rows = "1:1"
        sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)  # as wide as a page
        for at, column in enumerate(columns, start=1):
            sheet.column_dimensions[get_column_letter(at)].width = column.width
        sheet.append([_head(sheet, title, column, read.get(column.heading)) for column in columns])
        return sheet

    def drop_down(self, sheet: Any, at: int, words: Sequence[str], rows: int, strict: bool) -> None:
        """Offer words in a column; only a form's own words are the only ones allowed."""
        listed = tuple(words)
        if listed not in self.lists:
            self.lists.append(listed)
        letter, column = get_column_letter(at), get_column_letter(self.lists.index(listed) + 1)
        place, why = f"{OPTIONS}!${column}$1:${column}${len(words)}", "请从列表中选择"
        rule = DataValidation("list", place, allow_blank=True, showErrorMessage=strict, errorTitle=why, error=why)
        rule.add(f"{letter}2:{letter}{rows + 1}")
        sheet.data_validations.append(rule)

    def save(self, path: Path) -> None:
        """Write whole or not at all; BadInput where the folder does not allow it."""
        if self.lists:
            options: Any = self.book.create_sheet(OPTIONS)
            options.sheet_state = "hidden"
            for words in zip_longest(*self.lists):
                options.append([word and write(options, word) for word in words])
        content = BytesIO()
        self.book.save(content)
        try:
            write_whole(path, content.getbuffer())
        except OSError as error:
            raise refused_file(path.name, f"无法写入 cannot be written ({error.strerror})") from error


def _head(sheet: Any, title: str, column: Column, read: Column | None) -> Any:
    """Write a heading in the colour that tells: must be filled in, may be, or is only shown."""
    fill = HEAD_SHOWN if read is None else HEAD if read.required else HEAD_OPTIONAL
    cell = write(sheet, column.heading, font=WHITE, fill=fill, alignment=CENTRED)
    if column.note:
        cell.comment = Comment(column.note, title, width=220, height=60)
    return cell


def write(sheet: Any, value: object, **styles: Style | None) -> Any:
    """Make a cell with font, fill, alignment, border; text is no formula, what a workbook cannot hold becomes �."""
    cell: Any = WriteOnlyCell(sheet)
    if isinstance(value, str):
        text = ILLEGAL_CHARACTERS_RE.sub("�", value)[:LONGEST]
        cell.value, cell.data_type, cell.number_format = text, "s", "@"
        if text.startswith(LIVE):
            cell.quotePrefix = 1
    else:
        cell.value = value
        if isinstance(value, date):
            timed = isinstance(value, datetime) and value.time() != time.min
            cell.number_format = "yyyy-mm-dd hh:mm" if timed else "yyyy-mm-dd"
    for name, style in styles.items():
        if style is not None:
            setattr(cell, name, style)
    return cell


def alignment_of(column: Column) -> Alignment:
    """Say where the text of a column's cells stands: what will be typed into an empty one stands like the rest."""
    if column.wrapped:
        return WRAPPED
    if column.heading == LINE_NO or column.holds is CellType.DAY:
        return CENTRED
    return NUMERIC if column.holds is CellType.NUMBER else MIDDLE


def append(sheet: Any, no: int, columns: Sequence[Column], cells: Sequence[Any]) -> None:
    """Write row `no` under its columns, high enough for the text of wrapped ones."""
    shown = [(column, cell.value) for column, cell in zip(columns, cells, strict=True) if column.wrapped and cell.value]
    lines = [sum(max(1, -(-width(line) // column.width)) for line in text.splitlines()) for column, text in shown]
    if max(lines, default=1) > 1:
        sheet.row_dimensions[no].height = LINE * min(max(lines), MOST_LINES)
    for column, cell in zip(columns, cells, strict=True):
        cell.alignment = alignment_of(column)
    sheet.append(cells)
    sheet.row_dimensions.pop(no, None)  # it is written; a long sheet would keep them all
