"""Read the rows of a workbook or csv as they are; what a cell means is the sheet kind's business.

Raises BadInput with one line about the file: broken, protected, columns missing, repeated or unknown.
"""

import csv
import io
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from schemas.problems import BadInput, NotFound, Problem
from tasks.sheets.cells import Cell, Fault, Formula
from tasks.sheets.kinds import SheetKind
from tasks.sheets.text import clean_text

NumberedRow = tuple[int, Sequence[Cell]]
ROW_HEADING, REASON_HEADING = "原行号", "退回原因"  # of a reject sheet; ignored when it is sent again
MOST_ROWS = 200_000
MOST_UNPACKED = 1 << 30  # bytes; a workbook that unpacks to more is no sheet of ours
OLE = bytes.fromhex("D0CF11E0A1B11AE1")
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# What openpyxl raises on a workbook that is not one depends on where it breaks.
BROKEN = (
    zipfile.BadZipFile, zlib.error, ParseError, InvalidFileException,
    KeyError, ValueError, TypeError, AttributeError, IndexError, EOFError, NotImplementedError,
)  # fmt: skip


@dataclass(frozen=True)
class SheetRow:
    """A row with its number in the sheet (the heading row is 1) and its cells by heading."""

    no: int
    cells: dict[str, Cell]


def read_rows(path: Path, kind: SheetKind) -> list[SheetRow]:
    """Read all rows that hold anything, by the kind's headings."""
    rows = _csv_rows(path) if path.suffix.lower() == ".csv" else _workbook_rows(path, kind.title)
    if not rows:
        raise _refused(path, "是空的 the sheet is empty")
    if len(rows) > MOST_ROWS + 1:
        raise _refused(path, f"超过 {MOST_ROWS} 行，请拆分 more than {MOST_ROWS} rows: split it")
    headings = _headings(path, kind, rows[0][1])
    named = (
        SheetRow(no, {heading: cell for heading, cell in zip(headings, row, strict=False) if heading})
        for no, row in rows[1:]
    )
    return [row for row in named if any(_filled(cell) for cell in row.cells.values())]


def _headings(path: Path, kind: SheetKind, row: Sequence[Cell]) -> list[str]:
    """Check the heading row; a column to be ignored has no heading."""
    known = [column.heading for column in kind.all_columns]
    given = [clean_text(str(cell)).rstrip("*＊ ") if _filled(cell) else "" for cell in row]
    read = ["" if heading in (ROW_HEADING, REASON_HEADING) else heading for heading in given]
    wrong = {
        "缺少列 missing columns": [name for name in known if kind.required(name) and name not in read],
        "重复的列 repeated columns": sorted({name for name in read if name and read.count(name) > 1}),
        "不认识的列 unknown columns": [name for name in read if name and name not in known],
    }
    listed = "；".join(f"{what} {'、'.join(names)}" for what, names in wrong.items() if names)
    if listed:
        raise _refused(path, f"{listed}；应有 expected: {'、'.join(known)}")
    return read


def _workbook_rows(path: Path, title: str) -> list[NumberedRow]:
    data = _bytes(path)
    _refuse_foreign(path, data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of styles and dates that it drops
        try:
            return _sheet_rows(data, title)
        except BROKEN as error:
            raise _refused(path, "不是有效的工作簿或已损坏 is no workbook or is damaged") from error


def _refuse_foreign(path: Path, data: bytes) -> None:
    if data.startswith(OLE):
        if ENCRYPTED in data:
            raise _refused(path, "有密码保护，请去掉密码再发 is password-protected: remove the password")
        raise _refused(path, "是旧版 .xls，请另存为 .xlsx is an old .xls: save it as .xlsx")
    try:
        unpacked = sum(entry.file_size for entry in zipfile.ZipFile(io.BytesIO(data)).infolist())
    except zipfile.BadZipFile as error:
        raise _refused(path, "不是有效的工作簿或已损坏 is no workbook or is damaged") from error
    if unpacked > MOST_UNPACKED:
        raise _refused(path, "过大，请拆分 is too large: split it")


def _sheet_rows(data: bytes, title: str) -> list[NumberedRow]:
    """Give the rows of the sheet with this title, else of the first one."""
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=False)
    sheet: Any = book[title] if title in book.sheetnames else book.worksheets[0]
    sheet.reset_dimensions()  # other programs write wrong ones
    rows = _numbered([_value(cell) for cell in row] for row in sheet.iter_rows())
    book.close()
    return rows


def _numbered(rows: Iterable[Sequence[Cell]]) -> list[NumberedRow]:
    """Number the rows as the sheet does, drop empty ones, and stop where there are too many."""
    filled = ((no, row) for no, row in enumerate(rows, start=1) if any(_filled(cell) for cell in row))
    return list(islice(filled, MOST_ROWS + 2))


def _value(cell: Any) -> Cell:
    if cell.data_type == "f":
        return Formula(cell.value)
    if cell.data_type == "e":
        return Fault(cell.value)
    value: Cell = cell.value
    return value


def _csv_rows(path: Path) -> list[NumberedRow]:
    text = _decoded(path, _bytes(path))
    heading = text.split("\n", 1)[0]
    delimiter = max(",\t;", key=heading.count)
    try:
        return _numbered(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise _refused(path, f"不是有效的 csv is no valid csv ({error})") from error


def _decoded(path: Path, data: bytes) -> str:
    utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if utf16 else ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _refused(path, "编码应为 UTF-8 或 GB18030 must be encoded in UTF-8 or GB18030")


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"没有这个文件 no such file: {path}") from None
    except OSError as error:
        raise _refused(path, f"无法读取 cannot be read ({error.strerror})") from error


def _filled(cell: Cell) -> bool:
    return cell is not None and (not isinstance(cell, str) or bool(clean_text(cell)))


def _refused(path: Path, why: str) -> BadInput:
    return BadInput([Problem("文件 file", path.name, why)])


def columns_of(rows: Iterable[SheetRow], kind: SheetKind) -> list[str]:
    """Give the headings that a file really had, in the kind's order."""
    used = {heading for row in rows for heading in row.cells}
    return [column.heading for column in kind.all_columns if column.heading in used]
