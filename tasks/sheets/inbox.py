"""What waits for a role as a workbook: a tab a form, pre-filled, ready to be decided and sent back.

Whoever decides fills in the white columns of an item's first row; what is grey only tells what it is about.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from openpyxl.styles import Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from sqlalchemy import Engine, Row

from schemas import sheet_kinds as kinds
from schemas.forms.base import form_path
from schemas.forms.fields import LINE_NO, NUMBER
from schemas.sheet_kinds import DAY, STEP, CellType, Column, SheetKind
from schemas.words import Role, Urgency
from tasks.cycle.rules import shanghai_day
from tasks.desk.queries import inbox
from tasks.desk.rules import unbold
from tasks.desk.views import ItemView
from tasks.durable import clock
from tasks.lines.queries import parts_of
from tasks.sheets.book import FACE, Book, append, write
from tasks.sheets.queries import template_lists
from tasks.sheets.template import Lists, noted, offer_words, write_notes
from tasks.unit.reading import reading
from tasks.unit.work import SHANGHAI

FIXED = {NUMBER, STEP, LINE_NO}  # read, but nobody is to change them
SHADE, PALE = PatternFill("solid", fgColor="EDEDED"), PatternFill("solid", fgColor="F7F7F7")
QUIET, LATE = Font(FACE, 11, color="595959"), Font(FACE, 11, color="C00000", bold=True)
PLAIN = Font(FACE, 11)
BEGINS = Border(top=Side(style="thin", color="A6A6A6"))
Lines = Mapping[tuple[int, int], Row[Any]]  # what is known of a case's lines


class Written(NamedTuple):
    """How many items a workbook holds by the title of their tab; `left_out` have no sheet."""

    items: dict[str, int]
    left_out: int


class TabRow(NamedTuple):
    """One row of a tab: its values by heading, if it begins an item, and if that is overdue."""

    values: Mapping[str, object]
    first: bool
    overdue: bool


def write_inbox(db: Engine, role: Role, path: Path, office: str = "", unit: str = "") -> Written:
    """Write what waits for a role, the first due first; narrowed to an office or a production unit."""
    with reading(db) as connection:
        items = inbox(connection, role, office_code=office, unit=unit)
        lines = parts_of(connection, {item.case_id for item in items})
        lists = template_lists(connection)
    book, counts = Book(), dict[SheetKind, int]()
    for kind in kinds.sheet_kinds().values():
        own = [item for item in items if kind.decides and item.form == form_path(kind.form)]
        if own:
            counts[kind] = len(own)
            _write_tab(book, kind, [row for item in own for row in _rows(kind, item, lines)], lists)
    if not counts:
        book.tab("没有待办", [Column("没有待办 nothing waits", width=40)], {})
    write_notes(book, list(counts))
    book.save(path)
    return Written({kind.title: count for kind, count in counts.items()}, len(items) - sum(counts.values()))


def _write_tab(book: Book, kind: SheetKind, rows: Sequence[TabRow], lists: Lists) -> None:
    inputs = [noted(column) for column in kind.columns[1:] if column.heading != STEP]
    columns = [kind.key, *kind.shown, *inputs, Column(STEP, note="请勿改动", width=22)]
    sheet = book.tab(kind.title, columns, kind.by_heading)
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{len(rows) + 1}"
    offer_words(book, sheet, columns, lists, len(rows))
    for no, row in enumerate(rows, start=2):
        append(sheet, no, columns, [_cell(sheet, kind, column.heading, row) for column in columns])


def _cell(sheet: Any, kind: SheetKind, heading: str, row: TabRow) -> Any:
    column, value = kind.by_heading.get(heading), row.values.get(heading)
    shown = heading in FIXED or column is None
    of_first = not (shown or row.first or (column and column.of_line))  # is filled in on the item's first row
    font = LATE if row.overdue and heading == kinds.DUE else QUIET if shown else PLAIN
    fill, border = SHADE if shown else PALE if of_first else None, BEGINS if row.first else None
    return write(sheet, value, font=font, fill=fill, border=border)


def _rows(kind: SheetKind, item: ItemView, lines: Lines) -> Iterator[TabRow]:
    """Give the rows of an item: one a pre-filled line; what belongs to the whole form stands in the first."""
    prefill = dict(item.prefill)
    prefilled = prefill.pop(kind.lines, None) or [{}]
    due = item.due_at.astimezone(SHANGHAI).replace(tzinfo=None, second=0, microsecond=0)
    urgent = item.urgency.zh if item.urgency is Urgency.URGENT else None
    each: dict[str, object] = {NUMBER: item.number, STEP: item.key, kinds.URGENT: urgent, kinds.DUE: due}
    each[DAY] = shanghai_day(clock.now())  # it tells the forms of a case apart, so every row has it
    whole: dict[str, object] = {kinds.OFFICE: item.office_name, kinds.CUSTOMER: item.customer_name}
    whole |= {kinds.ORDER: item.order_no, kinds.ABOUT: unbold("\n".join(item.brief)), **_shown(kind, prefill)}
    for at, line in enumerate(prefilled):
        values = each | (whole if at == 0 else {}) | _shown(kind, line)
        if known := lines.get((item.case_id, line.get(LINE_NO, 0))):
            values |= {kinds.PART: known.part_name, kinds.WANTED: _plain(known.quantity)}
        values |= {column.heading: values.get(column.given) for column in kind.shown if column.given}
        yield TabRow(values, at == 0, item.overdue)


def _shown(kind: SheetKind, prefilled: Mapping[str, Any]) -> dict[str, object]:
    return {heading: _said(kind.by_heading[heading], value) for heading, value in prefilled.items()}


def _said(column: Column, value: Any) -> object:
    """Say a pre-filled value as people write it: a label, a number, a date."""
    if value in (None, ""):
        return None
    if column.words:
        return column.words.parse(value).zh
    if column.holds is CellType.DAY:
        return date.fromisoformat(str(value))
    return _plain(value) if column.holds is CellType.NUMBER else value


def _plain(number: Any) -> object:
    """Give a whole number without its decimals."""
    return int(number) if number == int(number) else float(number)
