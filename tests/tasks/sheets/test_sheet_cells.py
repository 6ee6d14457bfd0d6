"""Cells are read as the people who filled them in meant them, or named as unreadable."""

import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from schemas.sheet_kinds import CellType
from tasks.sheets.book import Book, write
from tasks.sheets.cells import Cell, Fault, Formula, read_cell, read_day, read_number, read_text

TODAY = date(2026, 11, 18)


@pytest.mark.parametrize(
    "cell",
    [
        datetime(2026, 3, 5),
        datetime(2026, 3, 5, 14, 30),
        date(2026, 3, 5),
        "2026/3/5",
        "2026-3-5",
        "2026-03-05",
        "2026.3.5",
        "20260305",
        20260305,
        20260305.0,
        "3月5日",
        "03月05号",
        "2026年3月5日",
        " ２０２６/３/５ ",
        46086,
        "46086",
        "2026-03-05 00:00:00",
    ],
)
def test_a_day_is_read_in_every_habit(cell: Cell) -> None:
    assert read_day(cell, TODAY) == date(2026, 3, 5)


@pytest.mark.parametrize(
    ("cell", "day"),
    [("11月18日", date(2026, 11, 18)), ("11月19日", date(2025, 11, 19)), ("2月29日", date(2024, 2, 29))],
)
def test_a_day_without_year_is_the_last_one_up_to_today(cell: str, day: date) -> None:
    assert read_day(cell, TODAY) == day


@pytest.mark.parametrize("cell", ["2026-13-05", "2月30日", "昨天", "5/3/2026", 0, 12, 1e12, True, "2026-3-5-1"])
def test_what_is_no_day_is_refused(cell: Cell) -> None:
    with pytest.raises(ValueError, match="应为日期"):
        read_day(cell, TODAY)


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        (4, "4"),
        (2.5, "2.5"),
        (0.1 + 0.2, "0.3"),
        ("1,200.50", "1200.5"),
        ("１２", "12"),
        (" 3 ", "3"),
        (-1, "-1"),
        ("3.125", "3.125"),
        (1200, "1200"),
    ],
)
def test_a_number_is_read_as_excel_shows_it(cell: Cell, number: str) -> None:
    assert read_cell(cell, CellType.NUMBER, TODAY) == number
    assert read_number(cell) == Decimal(number)


@pytest.mark.parametrize("cell", ["四", "1,2", "3只", True, "1e3", datetime(2026, 3, 5)])
def test_what_is_no_number_is_refused(cell: Cell) -> None:
    with pytest.raises(ValueError, match="应为数字"):
        read_number(cell)


@pytest.mark.parametrize("cell", ["1,2", "１，２"])
def test_a_comma_that_parts_no_thousands_is_refused_with_both_readings(cell: Cell) -> None:
    with pytest.raises(ValueError, match=r"1\.2 或 12"):
        read_number(cell)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (13800001343, "13800001343"),
        (13800001343.0, "13800001343"),
        ("ＳＯ２０２６－１", "SO2026-1"),
        ("  铰链 ", "铰链"),
        (datetime(2026, 3, 5), "2026-03-05"),
        ("=1+1", "=1+1"),
    ],
)
def test_a_text_keeps_what_excel_took_for_a_number(cell: Cell, text: str) -> None:
    assert read_text(cell) == text


def test_a_code_whose_digits_excel_lost_is_refused() -> None:
    with pytest.raises(ValueError, match="设为文本"):
        read_text(1234567890123456789)


@pytest.mark.parametrize(("cell", "why"), [(Formula("=A1"), "公式"), (Fault("#N/A"), "错误")])
@pytest.mark.parametrize("kind", list(CellType))
def test_formulas_and_errors_are_refused_in_every_column(cell: Cell, why: str, kind: CellType) -> None:
    with pytest.raises(ValueError, match=why):
        read_cell(cell, kind, TODAY)


@pytest.mark.parametrize("text", ["=1+1", "+86 138", "-5", "@SUM(A1)", "\tx"])
def test_text_that_begins_like_a_formula_is_written_as_text(text: str, tmp_path: Path) -> None:
    book = Book()
    sheet = book.tab("t", [], [])
    sheet.append([write(sheet, text)])
    book.save(tmp_path / "t.xlsx")
    sheet: Any = load_workbook(tmp_path / "t.xlsx").active
    cell = sheet["A2"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == (text, "s", True)


def test_what_a_workbook_cannot_hold_is_shown_as_such() -> None:
    sheet = Workbook().active
    assert write(sheet, "铰\x00链\x0b").value == "铰�链�"
    assert len(write(sheet, "长" * 50_000).value) < 32_767


@pytest.mark.parametrize(("cell", "named"), [("a\0b", "U+0000"), ("\x1b[31m", "U+001B"), ("a\u202eb", "U+202E")])
def test_what_nobody_sees_and_no_database_takes_is_refused_at_its_cell(cell: str, named: str) -> None:
    with pytest.raises(ValueError, match=f"控制字符.*{re.escape(named)}"):
        read_text(cell)
