"""The rows of a worksheet straight from its XML: openpyxl reads all else, its own loop over cells is too slow.

A journal has a million cells; this takes a third of the time that openpyxl takes. Nobody's workbook makes us hold more
than its cells: a row is read as far as a sheet may be wide, and what is no row as far as one may be long.
"""

import io
from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from typing import IO, Any
from xml.etree.ElementTree import Element, iterparse

from openpyxl.reader.excel import ExcelReader
from openpyxl.utils import column_index_from_string
from openpyxl.utils.datetime import CALENDAR_MAC_1904, from_excel, from_ISO8601
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from tasks.sheets.cells import Cell, Fault, Formula, From1904

NumberedRow = tuple[int, Sequence[Cell]]
MOST_COLUMNS = 256  # with anything in them; the widest kind has 30, and each costs a cell in every row
MOST_ROW_BYTES = 8 << 20  # of XML; a row of that many columns of long texts has less
EXCEL_ROWS = 1_048_576  # with or without anything in them
SHEETS = "xl/worksheets/"  # may be large; all else of a workbook may not
READ = (".xml", ".rels")  # names of parts end so: pictures are not read


class Unreadable(Exception):
    """Why a file is no sheet; `read_tables` says which file."""


def open_book(data: bytes) -> Any:
    """Open a workbook read-only, as openpyxl does, but without a look into its worksheets and at other books."""
    reader = _Reader(io.BytesIO(data), read_only=True, keep_links=False)
    reader.read()
    return reader.wb


class _Worksheet(ReadOnlyWorksheet):
    def _get_size(self) -> None:
        """Do not ask for its size: where it does not say, all of it is parsed to find out."""


class _Reader(ExcelReader):
    def read_manifest(self) -> None:
        """Have nothing read that was not measured, or measured as what it is not; ValueError where a part tries."""
        for name in self.archive.namelist():
            if not is_read(name):
                self.archive.NameToInfo.pop(name, None)
        super().read_manifest()
        for part in self.package.Override:
            if part.PartName.startswith(f"/{SHEETS}") and not part.ContentType.endswith("worksheet+xml"):
                raise ValueError(f"{part.PartName} is no worksheet")

    def read_worksheets(self) -> None:
        book: Any = self.wb
        for sheet, link in self.parser.find_sheets():
            if link.target in self.valid_files and "chartsheet" not in link.Type:
                book._sheets.append(_Worksheet(book, sheet.name, link.target, self.shared_strings))


def is_read(part: str) -> bool:
    """Say whether a part of a workbook may be read, by its name."""
    return part.lower().endswith(READ)


def worksheet_rows(sheet: Any, most: int) -> list[NumberedRow]:
    """Give the rows that hold anything with their numbers, at most so many and one more.

    Rows and cells must stand in order, as Excel wants them: ValueError where two have one place.

    sheet: a worksheet of a workbook that openpyxl opened read-only.
    """
    found, no, columns = list[NumberedRow](), 0, dict[str, int]()
    value_of = _reader(sheet.parent, sheet._shared_strings)
    with sheet._get_source() as source:
        metered = _Metered(source)
        for _, element in iterparse(metered):
            if element.tag.endswith("}sheetData"):
                break
            if not element.tag.endswith("}row"):
                continue
            metered.next_row()
            above, no = no, int(element.get("r", no + 1))
            if not above < no <= EXCEL_ROWS:
                raise ValueError(f"row {no} follows row {above}")
            row, at = list[Cell](), 0
            for cell in element:
                before, at = at, at + 1
                if place := cell.get("r"):  # programs leave out what is empty
                    letters = place.rstrip("0123456789")
                    at = columns.get(letters) or columns.setdefault(letters, column_index_from_string(letters))
                    if at <= before:
                        raise ValueError(f"cell {place} follows column {before}")
                value = value_of(cell)
                if value is not None:
                    narrow_enough(no, at)
                    row.extend([None] * (at - len(row) - 1))
                    row.append(value)
            element.clear()
            if row:
                found.append((no, row))
            if len(found) > most:
                break
    return found


def narrow_enough(no: int, at: int) -> None:
    """Raise Unreadable where something stands in a column that is beyond what a sheet may have."""
    if at > MOST_COLUMNS:
        said = f"第 {no} 行第 {at} 列有内容，最多 {MOST_COLUMNS} 列，请删去右边的列"
        raise Unreadable(f"{said} row {no} has something in column {at}, at most {MOST_COLUMNS} are read: delete it")


class _Metered:
    """The XML of a worksheet, read as far as a row may be long; the parser holds what belongs to no row yet."""

    def __init__(self, source: IO[bytes]) -> None:
        self.source, self.left, self.rows = source, MOST_ROW_BYTES, 0

    def read(self, size: int = 0, /) -> bytes:
        self.left -= size
        if self.left < 0:
            most = MOST_ROW_BYTES >> 20
            raise Unreadable(f"一行超过 {most} MB，请拆分 a row is longer than {most} MB: split it")
        return self.source.read(size)

    def next_row(self) -> None:
        self.left, self.rows = MOST_ROW_BYTES, self.rows + 1
        if self.rows > EXCEL_ROWS:
            raise Unreadable(f"超过 {EXCEL_ROWS} 行 more than {EXCEL_ROWS} rows, empty ones counted: delete those")


def _reader(book: Any, shared: Sequence[str]) -> Callable[[Element], Cell]:
    date_styles, epoch = {str(style) for style in book._date_formats}, book.epoch
    whole = From1904 if epoch == CALENDAR_MAC_1904 else int

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
        if kind == "n":
            return whole(text) if text.isdecimal() else float(text)
        return _READ.get(kind, str)(text)

    return value_of


def _date(text: str, epoch: datetime) -> Cell:
    try:
        value: datetime | time | timedelta = from_excel(float(text), epoch)
    except (OverflowError, ValueError):
        return Fault("#VALUE!")
    return value if isinstance(value, datetime) else str(value)


_READ: dict[str, Callable[[str], Cell]] = {"b": lambda text: text not in ("0", "false"), "e": Fault, "d": from_ISO8601}
