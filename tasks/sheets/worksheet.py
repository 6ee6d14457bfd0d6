"""The rows of a worksheet straight from its XML: openpyxl reads all else, its own loop over cells is too slow.

A journal has a million cells; this takes a third of the time that openpyxl takes.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from xml.parsers import expat

from openpyxl.utils import column_index_from_string
from openpyxl.utils.datetime import from_excel, from_ISO8601

from tasks.sheets.cells import Cell, Fault, Formula

NumberedRow = tuple[int, Sequence[Cell]]
PIECE = 1 << 18
TEXTS = {"v", "t", "f"}  # a value, an inline text, a formula


def worksheet_rows(sheet: Any, most: int) -> list[NumberedRow]:
    """Give the rows that hold anything with their numbers, at most so many and one more.

    sheet: a worksheet of a workbook that openpyxl opened read-only.
    """
    book = sheet.parent
    rows = _Rows(sheet._shared_strings, {str(style) for style in book._date_formats}, book.epoch)
    with sheet._get_source() as source:
        while len(rows.found) <= most and (piece := source.read(PIECE)):
            rows.parser.Parse(piece)
    return rows.found[: most + 1]


class _Rows:
    """Hears what stands in the XML, cell by cell."""

    def __init__(self, shared: Any, date_styles: set[str], epoch: datetime) -> None:
        self.shared, self.date_styles, self.epoch = shared, date_styles, epoch
        self.found: list[NumberedRow] = []
        self.no, self.row, self.columns = 0, list[Cell](), dict[str, int]()
        self.kind, self.style, self.text, self.inside = "n", "0", "", False
        self.formula: str | None = None
        self.locals: dict[str, str] = {}  # names without their prefix: some programs write x:c
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data

    def _start(self, name: str, given: dict[str, str]) -> None:
        name = self.locals.get(name) or self.locals.setdefault(name, name.rpartition(":")[2])
        if name == "c":
            self.kind, self.style = given.get("t", "n"), given.get("s", "0")
            self.text, self.formula = "", None
            if "r" in given:
                self._go_to(given["r"])
        elif name == "row":
            self.no, self.row = int(given.get("r", self.no + 1)), []
        elif name in TEXTS:
            self.inside = True

    def _go_to(self, coordinate: str) -> None:
        """Fill up with empty cells to the one that begins; programs leave out what is empty."""
        letters = coordinate.rstrip("0123456789")
        column = self.columns.get(letters)
        if column is None:
            column = self.columns[letters] = column_index_from_string(letters)
        self.row.extend([None] * (column - len(self.row) - 1))

    def _data(self, text: str) -> None:
        if self.inside:
            self.text += text

    def _end(self, name: str) -> None:
        name = self.locals[name]
        if name == "c":
            self.row.append(self._value())
        elif name in TEXTS:
            self.inside = False
            if name == "f":
                self.text, self.formula = "", f"={self.text}"
        elif name == "row" and any(cell is not None for cell in self.row):
            self.found.append((self.no, self.row))

    def _value(self) -> Cell:
        if self.formula is not None:
            return Formula(self.formula)
        if not self.text:
            return None
        if self.kind == "s":
            text: str = self.shared[int(self.text)]
            return text or None
        if self.kind == "n" and self.style in self.date_styles:
            return _date(self.text, self.epoch)
        return _READ.get(self.kind, str)(self.text)


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
