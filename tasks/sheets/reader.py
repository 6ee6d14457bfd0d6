"""Read the rows of a workbook or csv as they are; what a cell means is the sheet kind's business.

Raises BadInput with one line about the file: broken, protected, columns missing, repeated or unknown.
"""

import csv
import io
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError
from zipfile import BadZipFile, ZipFile

from openpyxl.utils.exceptions import InvalidFileException

from schemas.problems import NotFound, Unavailable, printable
from schemas.sheet_kinds import EXAMPLE, SheetKind, sheet_kinds
from tasks.checking.quiet import quiet
from tasks.sheets.cells import Cell, clean_text
from tasks.sheets.fetch import MOST_BYTES, refused_file
from tasks.sheets.forms import SheetRow, read_rows
from tasks.sheets.worksheet import SHEETS, NumberedRow, Unreadable, is_read, narrow_enough, open_book, worksheet_rows

ROW_HEADING, REASON_HEADING = "原行号", "退回原因"  # of a reject sheet; ignored when it is sent again
MOST_ROWS = 200_000
MOST_NAMED, LONGEST_HEADING = 20, 60  # wrong headings, characters of each
MOST_UNPACKED = 400 << 20  # bytes: 200,000 rows of the widest kind take 300 MB
MOST_STRINGS = (
    32 << 20
)  # bytes of what is no worksheet: 500,000 different texts; openpyxl reads 5 MB of them in 2 to 15 s
OLE = bytes.fromhex("D0CF11E0A1B11AE1")
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# What openpyxl raises on a workbook that is not one depends on where it breaks.
MALFORMED = (BadZipFile, zlib.error, ParseError, ExpatError, InvalidFileException)
BROKEN = (*MALFORMED, LookupError, ValueError, TypeError, AttributeError, EOFError, NotImplementedError)

Tab = tuple[SheetKind | None, list[NumberedRow]]  # its kind, where its title says it


class SheetTable(NamedTuple):
    """The rows of one kind in a file, and its headings, "" for a column that is ignored."""

    kind: SheetKind
    headings: list[str]
    rows: list[SheetRow]


def read_tables(path: Path, kind: SheetKind | None = None, name: str = "") -> list[SheetTable]:
    """Read the tables of a file: of one kind, or of every kind by its tab's title or its headings.

    `name` is what people call the file. Raises Unavailable where somebody writes to it meanwhile.
    """
    try:
        data = _whole(path)
        tabs = [(kind, _csv_rows(data))] if path.suffix.lower() == ".csv" else _tabs(data, kind)
        tables = [_table(one or kind, rows) for one, rows in tabs]
    except FileNotFoundError:
        raise NotFound(f"没有这个文件 no such file: {path}") from None
    except OSError as error:
        raise refused_file(name or path.name, f"无法读取 cannot be read ({error.strerror})") from error
    except Unreadable as why:
        raise refused_file(name or path.name, str(why)) from why
    return [table for table in tables if table.rows] or tables[:1]


def _whole(path: Path) -> bytes:
    """Read a file that nobody writes to meanwhile."""
    with unchanged(path):
        if path.stat().st_size > MOST_BYTES:
            raise Unreadable(too_large(path.stat().st_size, MOST_BYTES))
        return path.read_bytes()


def too_large(size: int, most: int) -> str:
    """Say by how much something is too large."""
    said = f"{size >> 20:,} MB，最多 {most >> 20} MB，请拆分"
    return f"{said} has {size >> 20:,} MB, at most {most >> 20} MB are read: split it"


@contextmanager
def unchanged(path: Path) -> Iterator[None]:
    """Raise Unavailable where somebody wrote to a file in the time of the block: it is not there as a whole yet."""
    before = _signature(path)
    yield
    if _signature(path) != before:
        raise Unavailable("文件仍在写入 is still being written")


def _signature(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _table(kind: SheetKind | None, rows: list[NumberedRow]) -> SheetTable:
    if not rows:
        raise Unreadable("是空的 the sheet is empty")
    if len(rows) > MOST_ROWS + 1:
        raise Unreadable(f"超过 {MOST_ROWS} 行，请拆分 more than {MOST_ROWS} rows: split it")
    (_, first), *filled = rows
    given = [clean_text(str(cell)).rstrip("*＊ ") if _filled(cell) else "" for cell in first]
    kind = kind or _kind_of(given)
    given = _in_words_of(kind, given)
    listed = "；".join(f"{what} {_listed(names)}" for what, names in _wrong_headings(kind, given).items() if names)
    if listed:
        expected = "、".join(column.heading for column in kind.columns)
        raise Unreadable(f"{kind.title}: {listed}；应有 expected: {expected}")
    headings = ["" if heading in (ROW_HEADING, REASON_HEADING) else heading for heading in given]
    return SheetTable(kind, headings, list(read_rows(kind, headings, _kept(kind, headings, filled))))


def _listed(names: Sequence[str]) -> str:
    """Name headings that are not ours; of a file that is no sheet they tell no more than the first words."""
    more = f" … {len(names)}" if len(names) > MOST_NAMED else ""
    return "、".join(printable(name[:LONGEST_HEADING]) for name in names[:MOST_NAMED]) + more


def _kept(kind: SheetKind, headings: Sequence[str], rows: Sequence[NumberedRow]) -> Iterator[NumberedRow]:
    """Leave out examples, and rows where nothing stands under the headings."""
    key, kept = headings.index(kind.key.heading), [at for at, heading in enumerate(headings) if heading]
    for no, row in rows:
        first = row[key] if key < len(row) else None
        if isinstance(first, str) and EXAMPLE in first and clean_text(first).startswith(EXAMPLE):
            continue
        if any(_filled(row[at]) for at in kept if at < len(row)):
            yield no, row


def _kind_of(given: Sequence[str]) -> SheetKind:
    """Find the only kind that knows all headings of a table and misses none; a repeated one is told later."""
    kinds, once = sheet_kinds().values(), list(set(given))
    fitting = [kind for kind in kinds if not any(_wrong_headings(kind, _in_words_of(kind, once)).values())]
    if len(fitting) != 1:
        known = "、".join(kind.title for kind in kinds)
        expected = "看不出是哪种表，请指定表种或以表种为工作表命名 name the kind, or give its title to the tab"
        raise Unreadable(f"{expected}: {known}")
    return fitting[0]


def _in_words_of(kind: SheetKind, given: Sequence[str]) -> list[str]:
    """Give headings as staff write them, where a machine wrote the names of fields."""
    return [kind.by_name.get(name, name) for name in given]


def _wrong_headings(kind: SheetKind, given: Sequence[str]) -> dict[str, list[str]]:
    ignored = {"", ROW_HEADING, REASON_HEADING, *(column.heading for column in kind.shown)}
    read = [name for name in given if name not in ignored]
    missing = [column.heading for column in kind.columns if column.required and column.heading not in read]
    return {
        "缺少列 missing columns": missing,
        "重复的列 repeated columns": sorted({name for name in read if read.count(name) > 1}),
        "不认识的列 unknown columns": [name for name in read if name not in kind.by_heading],
    }


def _tabs(data: bytes, kind: SheetKind | None) -> list[Tab]:
    """Give the rows of each tab that bears a kind's title; where none does, of the first one."""
    if data.startswith(OLE):
        if ENCRYPTED in data:
            raise Unreadable("有密码保护，请去掉密码再发 is password-protected: remove the password")
        raise Unreadable("是旧版 .xls，请另存为 .xlsx is an old .xls: save it as .xlsx")
    by_title = {one.title: one for one in sheet_kinds().values() if kind in (None, one)}
    with quiet():  # openpyxl warns of styles and dates that it drops
        try:
            _small_inside(ZipFile(io.BytesIO(data)))
            book = open_book(data)
            titled = [title for title in book.sheetnames if title in by_title]
            if len(set(titled)) < len(titled):
                raise ValueError("two tabs of one name")
            sheets: list[Any] = [book[title] for title in titled] or [book.worksheets[0]]
            tabs = [(by_title.get(sheet.title), worksheet_rows(sheet, MOST_ROWS + 1)) for sheet in sheets]
            book.close()
        except BROKEN as error:
            raise Unreadable("不是有效的工作簿或已损坏 is no workbook or is damaged") from error
    return [(found, rows) for found, rows in tabs if rows] or tabs[:1]


def _small_inside(archive: ZipFile) -> None:
    """Refuse a workbook that unpacks to more than a sheet of ours can have."""
    sizes = {True: 0, False: 0}
    for entry in archive.infolist():
        if is_read(entry.filename):
            sizes[entry.filename.startswith(SHEETS)] += entry.file_size
    if sum(sizes.values()) > MOST_UNPACKED:
        raise Unreadable(f"解压后 unpacked: {too_large(sum(sizes.values()), MOST_UNPACKED)}")
    if sizes[False] > MOST_STRINGS:
        raise Unreadable(f"不同文字 its texts: {too_large(sizes[False], MOST_STRINGS)}")


def _csv_rows(data: bytes) -> list[NumberedRow]:
    """Number the rows as the sheet does, drop empty ones, and stop where there are too many."""
    text = _decoded(data)
    delimiter = max(",\t;", key=text.split("\n", 1)[0].count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    filled = ((no, row) for no, row in enumerate(rows, start=1) if _width(row))
    try:
        found = list[NumberedRow](islice(filled, MOST_ROWS + 2))
    except csv.Error as error:
        raise Unreadable(f"不是有效的 csv is no valid csv ({error})") from error
    for no, row in found:
        narrow_enough(no, _width(row))
    return found


def _width(row: Sequence[Cell]) -> int:
    """Count the columns of a row up to the last that holds anything."""
    return next((at for at in range(len(row), 0, -1) if _filled(row[at - 1])), 0)


def _decoded(data: bytes) -> str:
    utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if utf16 else ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("编码应为 UTF-8 或 GB18030 must be encoded in UTF-8 or GB18030")


def _filled(cell: Cell) -> bool:
    return cell is not None and (not isinstance(cell, str) or bool(clean_text(cell)))
