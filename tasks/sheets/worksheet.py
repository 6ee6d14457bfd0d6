"""The rows of a worksheet straight from its XML: openpyxl reads all else, its own loop over cells is too slow.

A journal has a million cells; this takes a third of the time that openpyxl takes.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from xml.etree.ElementTree import Element, iterparse

from openpyxl.utils import column_index_from_string
from openpyxl.utils.datetime import from_excel, from_ISO8601

from tasks.sheets.cells import Cell, Fault, Formula

NumberedRow = tuple[int, Sequence[Cell]]


def worksheet_rows(sheet: Any, most: int) -> list[NumberedRow]:
    """Give the rows that hold anything with their numbers, at most so many and one more.

    sheet: a worksheet of a workbook that openpyxl opened read-only.
    """
    found, no, columns = list[NumberedRow](), 0, dict[str, int]()
    value_of = _reader(sheet.parent, sheet._shared_strings)
    with sheet._get_source() as source:
        for _, element in iterparse(source):
            if not element.tag.endswith("}row"):
                continue
            no, row = int(element.get("r", no + 1)), list[Cell]()
            for cell in element:
                if place := cell.get("r"):  # programs leave out what is empty
                    letters = place.rstrip("0123456789")
                    at = columns.get(letters) or columns.setdefault(letters, column_index_from_string(letters))
                    row.extend([None] * (at - len(row) - 1))
                row.append(value_of(cell))
            element.clear()
            if any(value is not None for value in row):
                found.append((no, row))
            if len(found) > most:
                break
    return found


def _reader(book: Any, shared: Sequence[str]) -> Callable[[Element], Cell]:
    date_styles, epoch = {str(style) for style in book._date_formats}, book.epoch

    def value_of(cell: Element) -> Cell:
        kind, text = cell.get("t", "n"), ""
        for part in cell:
            if part.tag.endswith("}f"):
                return Formula(f"={part.text or ''}")
            pieces = (part,) if part.tag.endswith("}v") else part.iter()  # a text may have runs of several styles
            text += "".join(piece.text or "" for piece in pieces if piece.tag[-2:] in ("}v", "}t"))
        if not text:
            return None
        if kind == "s":
            return shared[int(text)] or None
        if kind == "n" and cell.get("s", "0") in date_styles:
            return _date(text, epoch)
        return _READ.get(kind, str)(text)

    return value_of


def _number(text: str) -> Cell:
    return int(text) if text.isdecimal() else float(text)


def _date(text: str, epoch: datetime) -> Cell:
    try:
        value: datetime | time | timedelta = from_excel(float(text), epoch)
    except (OverflowError, ValueError):
        return Fault("#VALUE!")
    return value if isinstance(value, datetime) else str(value)


_READ: dict[str, Callable[[str], Cell]] = {
    "n": _number,
    "b": lambda text: text not in ("0", "false"),
    "e": Fault,
    "d": from_ISO8601,
}
