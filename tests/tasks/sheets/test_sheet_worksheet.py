"""The cells of a workbook are read as openpyxl reads them, whoever wrote it."""

import io
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.utils.datetime import CALENDAR_MAC_1904, WINDOWS_EPOCH, to_excel

from tasks.sheets.cells import Fault, Formula, read_day
from tasks.sheets.worksheet import open_book, worksheet_rows

VALUES = [
    "文字",
    " 空格 ",
    "1,200",
    12,
    -3,
    0,
    0.1,
    1e-7,
    123456789012345,
    1.5e20,
    True,
    False,
    date(2026, 3, 5),
    datetime(2026, 3, 5, 14, 30),
    "=1+1",
    "=SUM(A1:A9)",
    "#N/A",
    "<&>\"'",
    "多\n行",
    "",
]


def rows_of(content: bytes, most: int = 100) -> list[Any]:
    return worksheet_rows(open_book(content).worksheets[0], most)


def saved(book: Workbook) -> bytes:
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def by_openpyxl(content: bytes) -> list[list[Any]]:
    sheet: Any = load_workbook(io.BytesIO(content)).active
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def test_every_kind_of_cell_is_what_openpyxl_says() -> None:
    book = Workbook()
    sheet: Any = book.active
    sheet.append(VALUES)
    sheet.append(VALUES[::-1])
    content = saved(book)
    rows = rows_of(content)
    assert [[*row, *[None] * (len(VALUES) - len(row))] for _, row in rows] == by_openpyxl(content)
    first = dict(zip(VALUES, rows[0][1], strict=False))
    assert isinstance(first["=1+1"], Formula)
    assert isinstance(first["#N/A"], Fault)
    assert first[date(2026, 3, 5)] == datetime(2026, 3, 5)


def test_empty_cells_and_rows_keep_their_places() -> None:
    book = Workbook()
    sheet: Any = book.active
    sheet["C2"], sheet["AB5"], sheet["A7"].number_format = "x", 7, "@"
    assert rows_of(saved(book)) == [(2, [None, None, "x"]), (5, [None] * 27 + [7])]


def test_pieces_of_rich_text_are_one_text_and_days_count_from_1904_where_they_do() -> None:
    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    sheet: Any = book.active
    sheet.append([CellRichText("铰", TextBlock(InlineFont(b=True), "链")), datetime(2026, 3, 5)])
    assert rows_of(saved(book)) == [(1, ["铰链", datetime(2026, 3, 5)])]


OTHERS = {
    "prefixed names, no coordinates, inline text": """
        <x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData>
        <x:row><x:c t="inlineStr"><x:is><x:t>单</x:t></x:is></x:c><x:c><x:v>4</x:v></x:c></x:row>
        <x:row><x:c/><x:c t="str"><x:v>二</x:v></x:c></x:row></x:sheetData></x:worksheet>""",
    "coordinates, a text in two runs, spaces around": """
        <worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>
        <row r="1"><c r="A1" t="inlineStr"><is><r><t>单</t></r><r><t></t></r></is></c> <c r="B1"> <v>4</v> </c></row>
        <row r="2"><c r="B2" t="str"><v>二</v></c></row></sheetData></worksheet>""",
}


@pytest.mark.parametrize("xml", OTHERS.values(), ids=OTHERS)
def test_other_programs_write_otherwise(xml: str, tmp_path: Path) -> None:
    empty, content = zipfile.ZipFile(io.BytesIO(saved(Workbook()))), io.BytesIO()
    with zipfile.ZipFile(content, "w") as book:
        for name in empty.namelist():
            is_sheet = name == "xl/worksheets/sheet1.xml"
            book.writestr(name, xml.strip() if is_sheet else empty.read(name))
    assert rows_of(content.getvalue()) == [(1, ["单", 4]), (2, [None, "二"])]


def test_no_more_rows_are_read_than_are_wanted() -> None:
    book = Workbook()
    sheet: Any = book.active
    for number in range(50):
        sheet.append([number])
    assert len(rows_of(saved(book), most=10)) == 11


@pytest.mark.parametrize("epoch", [WINDOWS_EPOCH, CALENDAR_MAC_1904])
def test_a_day_without_date_format_counts_from_the_day_that_the_workbook_says(epoch: datetime) -> None:
    book = Workbook()
    book.epoch = epoch
    sheet: Any = book.active
    sheet.append([to_excel(date(2026, 3, 5), epoch)])
    sheet["A1"].number_format = "General"
    ((_, (cell,)),) = rows_of(saved(book))
    assert read_day(cell, date(2026, 11, 18)) == date(2026, 3, 5)
