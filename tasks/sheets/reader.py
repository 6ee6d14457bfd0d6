"""Read the rows of a workbook or csv as they are; what a cell means is the sheet kind's business.

Raises BadInput with one line about the file: broken, protected, columns missing, repeated or unknown.
"""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from schemas.problems import NotFound
from schemas.sheet_kinds import EXAMPLE, SheetKind, sheet_kinds
from tasks.sheets.cells import Cell
from tasks.sheets.fetch import refused_file
from tasks.sheets.quiet import quiet
from tasks.sheets.rows import SheetRow, read_rows
from tasks.sheets.text import clean_text
from tasks.sheets.worksheet import NumberedRow, worksheet_rows

ROW_HEADING, REASON_HEADING = "原行号", "退回原因"  # of a reject sheet; ignored when it is sent again
MOST_ROWS = 200_000
MOST_UNPACKED = 1 << 30  # bytes; a workbook that unpacks to more is no sheet of ours
OLE = bytes.fromhex("D0CF11E0A1B11AE1")
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# What openpyxl raises on a workbook that is not one depends on where it breaks.
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    ExpatError,
    InvalidFileException,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    EOFError,
    NotImplementedError,
)


@dataclass(frozen=True)
class SheetTable:
    """The rows of one kind in a file, and its headings, "" for a column that is ignored."""

    kind: SheetKind
    headings: list[str]
    rows: list[SheetRow]


def read_tables(path: Path, kind: SheetKind | None = None) -> list[SheetTable]:
    """Read the tables of a file: of one kind, or of every kind by its tab's title or its headings."""
    if path.suffix.lower() == ".csv":
        tables = [_table(path, kind, _csv_rows(path))]
    else:
        tables = [_table(path, one or kind, rows) for one, rows in _workbook_tabs(path, kind)]
    return [table for table in tables if table.rows] or tables[:1]


def _table(path: Path, kind: SheetKind | None, rows: list[NumberedRow]) -> SheetTable:
    if not rows:
        raise refused_file(path.name, "是空的 the sheet is empty")
    if len(rows) > MOST_ROWS + 1:
        raise refused_file(path.name, f"超过 {MOST_ROWS} 行，请拆分 more than {MOST_ROWS} rows: split it")
    (_, given), *filled = rows
    kind = kind or _kind_by_headings(path, given)
    headings = _headings(path, kind, given)
    return SheetTable(kind, headings, list(read_rows(kind, headings, _kept(kind, headings, filled))))


def _kept(kind: SheetKind, headings: Sequence[str], rows: Iterable[NumberedRow]) -> Iterator[NumberedRow]:
    """Leave out examples, and rows where nothing stands under the headings."""
    key, kept = headings.index(kind.key.heading), [at for at, heading in enumerate(headings) if heading]
    for no, row in rows:
        first = row[key] if key < len(row) else None
        if isinstance(first, str) and EXAMPLE in first and clean_text(first).startswith(EXAMPLE):
            continue
        if any(_filled(row[at]) for at in kept if at < len(row)):
            yield no, row


def _given(row: Sequence[Cell]) -> list[str]:
    return [clean_text(str(cell)).rstrip("*＊ ") if _filled(cell) else "" for cell in row]


def _kind_by_headings(path: Path, row: Sequence[Cell]) -> SheetKind:
    """Find the only kind that knows all headings of a table and misses none."""
    given = set(filter(None, _given(row)))
    kinds = sheet_kinds().values()
    fitting = [kind for kind in kinds if not any(_wrong_headings(kind, list(given)).values())]
    if len(fitting) != 1:
        known = "、".join(kind.title for kind in kinds)
        expected = "看不出是哪种表，请指定表种或以表种为工作表命名 name the kind, or give its title to the tab"
        raise refused_file(path.name, f"{expected}: {known}")
    return fitting[0]


def _headings(path: Path, kind: SheetKind, row: Sequence[Cell]) -> list[str]:
    """Check the heading row; a column to be ignored has no heading."""
    given = _given(row)
    listed = "；".join(f"{what} {'、'.join(names)}" for what, names in _wrong_headings(kind, given).items() if names)
    if listed:
        raise refused_file(
            path.name, f"{kind.title}: {listed}；应有 expected: {'、'.join(c.heading for c in kind.columns)}"
        )
    return ["" if heading in (ROW_HEADING, REASON_HEADING) else heading for heading in given]


def _wrong_headings(kind: SheetKind, given: Sequence[str]) -> dict[str, list[str]]:
    ignored = {"", ROW_HEADING, REASON_HEADING, *(column.heading for column in kind.shown)}
    read = [name for name in given if name not in ignored]
    missing = [column.heading for column in kind.columns if column.required and column.heading not in read]
    return {
        "缺少列 missing columns": missing,
        "重复的列 repeated columns": sorted({name for name in read if read.count(name) > 1}),
        "不认识的列 unknown columns": [name for name in read if name not in kind.by_heading],
    }


def _workbook_tabs(path: Path, kind: SheetKind | None) -> list[tuple[SheetKind | None, list[NumberedRow]]]:
    data = _bytes(path)
    _refuse_foreign(path, data)
    with quiet:  # openpyxl warns of styles and dates that it drops
        try:
            return _tabs(data, kind)
        except BROKEN as error:
            raise refused_file(path.name, "不是有效的工作簿或已损坏 is no workbook or is damaged") from error


def _refuse_foreign(path: Path, data: bytes) -> None:
    if data.startswith(OLE):
        if ENCRYPTED in data:
            raise refused_file(path.name, "有密码保护，请去掉密码再发 is password-protected: remove the password")
        raise refused_file(path.name, "是旧版 .xls，请另存为 .xlsx is an old .xls: save it as .xlsx")
    try:
        unpacked = sum(entry.file_size for entry in zipfile.ZipFile(io.BytesIO(data)).infolist())
    except zipfile.BadZipFile as error:
        raise refused_file(path.name, "不是有效的工作簿或已损坏 is no workbook or is damaged") from error
    if unpacked > MOST_UNPACKED:
        raise refused_file(path.name, "过大，请拆分 is too large: split it")


def _tabs(data: bytes, kind: SheetKind | None) -> list[tuple[SheetKind | None, list[NumberedRow]]]:
    """Give the rows of each tab that bears a kind's title; where none does, of the first one."""
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=False)
    by_title = {one.title: one for one in sheet_kinds().values() if kind in (None, one)}
    titled: list[tuple[SheetKind | None, Any]] = [
        (by_title[title], book[title]) for title in book.sheetnames if title in by_title
    ]
    tabs = [(found, worksheet_rows(sheet, MOST_ROWS + 1)) for found, sheet in titled or [(None, book.worksheets[0])]]
    book.close()
    return [(found, rows) for found, rows in tabs if rows] or tabs[:1]


def _numbered(rows: Iterable[Sequence[Cell]]) -> list[NumberedRow]:
    """Number the rows as the sheet does, drop empty ones, and stop where there are too many."""
    filled = ((no, row) for no, row in enumerate(rows, start=1) if any(_filled(cell) for cell in row))
    return list(islice(filled, MOST_ROWS + 2))


def _csv_rows(path: Path) -> list[NumberedRow]:
    text = _decoded(path, _bytes(path))
    heading = text.split("\n", 1)[0]
    delimiter = max(",\t;", key=heading.count)
    try:
        return _numbered(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise refused_file(path.name, f"不是有效的 csv is no valid csv ({error})") from error


def _decoded(path: Path, data: bytes) -> str:
    utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if utf16 else ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise refused_file(path.name, "编码应为 UTF-8 或 GB18030 must be encoded in UTF-8 or GB18030")


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"没有这个文件 no such file: {path}") from None
    except OSError as error:
        raise refused_file(path.name, f"无法读取 cannot be read ({error.strerror})") from error


def _filled(cell: Cell) -> bool:
    return cell is not None and (not isinstance(cell, str) or bool(clean_text(cell)))
