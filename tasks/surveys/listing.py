"""Whom to send which link, as a workbook for the agents: full names and phones, as on what is printed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from sqlalchemy import Row

from tasks.surveys.links import SurveyLinks
from tasks.surveys.rules import form_no

COLUMNS = {  # with their widths
    "问卷编号 Form": 24,
    "客户 Customer": 20,
    "电话 Phone": 16,
    "单号 Case": 18,
    "链接 Link": 90,
    "已回收 Answered": 14,
}


def write_links(links: SurveyLinks, forms: Sequence[Row[Any]], file: Path) -> None:
    """Write the links of a survey's forms; whoever has answered needs none any more."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("问卷链接")
    for letter, width in zip("ABCDEF", COLUMNS.values(), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.append(list(COLUMNS))
    for form in forms:
        link, answered = ("", "是") if form.answered_at else (links.of(form.id), "")
        row = (form_no(form.number, form.no), form.name, form.phone, form.case_no or "", link, answered)
        sheet.append([_text(sheet, value) for value in row])
    file.parent.mkdir(parents=True, exist_ok=True)
    book.save(file)


def _text(sheet: Any, value: str) -> Any:
    """Make a cell that holds a text, whatever it begins with: no name becomes a formula."""
    cell = WriteOnlyCell(sheet, value)
    cell.data_type = "s"
    return cell
