"""A report as a workbook: what it is about on the first tab, then a tab a section with all its rows."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from tasks.desk.rules import width
from tasks.reports.shapes import Kind, Report, ReportColumn, ReportSection, Value
from tasks.reports.wording import shown, zh_and_en
from tasks.sheets.book import CENTRED, FACE, HEAD, MIDDLE, NUMERIC, WHITE, WRAPPED, Book, write

FORMATS = {Kind.RATE: "0.00%", Kind.MONEY: "#,##0.00", Kind.DAYS: "#,##0.0", Kind.COUNT: "#,##0"}
BOLD = Font(FACE, 11, bold=True)
NARROWEST, WIDEST = 10, 44  # half-width characters of a column
FORBIDDEN = re.compile(r"[\[\]:*?/\\']")  # in the name of a tab


def write_report(report: Report, path: Path, edition: str = "") -> None:
    """Write a report's workbook, whole or not at all."""
    book = Book()
    _about(book.book.create_sheet("说明"), report, edition)
    taken = {"说明"}
    for section in report.sections:
        _tab(book.book.create_sheet(_name(section.title, taken)), section)
    book.save(path)


def _about(sheet: Any, report: Report, edition: str) -> None:
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 34, 70
    first, last = report.period
    facts = [
        (report.title, edition),
        ("期间 Days", f"{first} – {last}"),
        ("口径 Convention", report.convention),
        ("数据范围 Data", report.of),
    ]
    measures = [(one.label, f"{shown(one.value, one.kind)}　{one.target}".rstrip()) for one in report.measures]
    for name, value in (*facts, *measures):
        sheet.append([write(sheet, name, font=BOLD), write(sheet, value, alignment=WRAPPED)])


def _tab(sheet: Any, section: ReportSection) -> None:
    sheet.freeze_panes = "B2"
    for at, column in enumerate(section.columns, start=1):
        sheet.column_dimensions[get_column_letter(at)].width = _width(column, section)
    sheet.append([write(sheet, one.label, font=WHITE, fill=HEAD, alignment=CENTRED) for one in section.columns])
    for row in section.rows:
        sheet.append([_cell(sheet, row.get(one.key), one.kind) for one in section.columns])
    if section.note:
        sheet.append([])
        sheet.append([write(sheet, section.note)])


def _cell(sheet: Any, value: Value, kind: Kind) -> Any:
    cell = write(sheet, value, alignment=NUMERIC if kind in FORMATS else MIDDLE)
    if kind in FORMATS:
        cell.number_format = FORMATS[kind]
    return cell


def _width(column: ReportColumn, section: ReportSection) -> int:
    texts = [column.label, *(shown(row.get(column.key), column.kind) for row in section.rows)]
    return max(NARROWEST, min(WIDEST, max(map(width, texts)) + 4))


def _name(title: str, taken: set[str]) -> str:
    """Give a tab a name of its own: the Chinese of the section's title."""
    plain = FORBIDDEN.sub(" ", zh_and_en(title)[0])[:28]
    names: Sequence[str] = [plain, *(f"{plain} {nth}" for nth in range(2, len(taken) + 2))]
    name = next(one for one in names if one not in taken)
    taken.add(name)
    return name
