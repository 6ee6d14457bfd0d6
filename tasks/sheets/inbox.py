"""What waits for a role as a workbook: a tab a form, pre-filled, ready to be decided and sent back.

Whoever decides fills in the white columns of an item's first row; what is grey only tells what it is about.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, get_args

from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from sqlalchemy import Engine, Row

from schemas.forms.base import form_path
from schemas.words import Labelled, Role, Urgency
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.sheets.columns import DAY, LINE_NO, NUMBER, STEP, CellType, Column, SheetKind
from tasks.sheets.kinds import KINDS
from tasks.sheets.queries import lines_of, template_lists, waiting_items
from tasks.sheets.writer import (
    CENTRED,
    FACE,
    HEAD_SHOWN,
    NUMERIC,
    WRAPPED,
    Book,
    alignment_of,
    append,
    head_of,
    noted,
    offer_words,
    write,
    write_notes,
)
from tasks.unit.work import SHANGHAI

FIXED = {NUMBER, STEP, LINE_NO}  # read, but nobody is to change them
SHADE, PALE = PatternFill("solid", fgColor="EDEDED"), PatternFill("solid", fgColor="F7F7F7")
QUIET, LATE = Font(FACE, 11, color="595959"), Font(FACE, 11, color="C00000", bold=True)
PLAIN = Font(FACE, 11)
BEGINS = Border(top=Side(style="thin", color="A6A6A6"))
ABOUT = "待办内容"
KIND_OF_FORM = {form_path(kind.form): kind for kind in KINDS.values() if kind.decides}


@dataclass(frozen=True)
class Written:
    """How many items a workbook holds by the title of their tab; `left_out` have no sheet."""

    items: dict[str, int]
    left_out: int


def write_inbox(db: Engine, role: Role, path: Path, office: str = "", unit: str = "") -> Written:
    """Write what waits for a role, the first due first; narrowed to an office or a production unit."""
    with db.connect() as connection:
        items = waiting_items(connection, role, office, unit)
        lines = lines_of(connection, {item.case_id for item in items})
        lists = template_lists(connection)
    by_kind: dict[str, list[Row[Any]]] = {}
    for item in items:
        if kind := KIND_OF_FORM.get(item.form):
            by_kind.setdefault(kind.code, []).append(item)
    book, now = Book(), clock.now()
    by_kind = {code: by_kind[code] for code in KINDS if code in by_kind}
    for code in by_kind:
        _write_tab(book, KINDS[code], [list(_rows(KINDS[code], one, lines, now)) for one in by_kind[code]], lists)
    if not by_kind:
        book.tab("没有待办", [Column("没有待办 nothing waits", width=40)], [HEAD_SHOWN])
    write_notes(book, [KINDS[code] for code in by_kind])
    book.save(path)
    counts = {KINDS[code].title: len(own) for code, own in by_kind.items()}
    return Written(counts, len(items) - sum(counts.values()))


@dataclass(frozen=True)
class InboxRow:
    """One row: its values by heading, if it begins an item, and if that is overdue."""

    values: Mapping[str, object]
    first: bool
    overdue: bool


def _write_tab(
    book: Book, kind: SheetKind, items: Sequence[Sequence[InboxRow]], lists: Mapping[str, Sequence[str]]
) -> None:
    inputs = [noted(kind, column) for column in kind.columns if column.heading != STEP]
    columns = [kind.key, *kind.shown, *inputs, Column(STEP, note="请勿改动", width=22)]
    headings, rows = [column.heading for column in columns], [row for item in items for row in item]
    sheet = book.tab(kind.title, columns, [head_of(kind, heading) for heading in headings])
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{len(rows) + 1}"
    offer_words(book, sheet, kind, headings, lists, len(rows))
    width = next((column.width for column in columns if column.heading == ABOUT), 1)
    for no, row in enumerate(rows, start=2):
        tall = str(row.values.get(ABOUT) or "") if ABOUT in headings else ""
        append(sheet, no, [_cell(sheet, kind, heading, row) for heading in headings], tall, width)


def _cell(sheet: Any, kind: SheetKind, heading: str, row: InboxRow) -> Any:
    shown = heading in FIXED or not kind.has(heading)
    of_first = not (shown or row.first or kind.of_line(heading))  # is filled in on the item's first row
    value = row.values.get(heading)
    font = LATE if row.overdue and heading == "到期" else QUIET if shown else PLAIN
    fill = SHADE if shown else PALE if of_first else None
    cell = write(sheet, value, font, fill, _place(kind, heading, value))
    if row.first:
        cell.border = BEGINS
    return cell


def _place(kind: SheetKind, heading: str, value: object) -> Alignment:
    """Say where a cell's text stands: what will be typed into an empty one stands like the rest."""
    if heading == ABOUT:
        return WRAPPED
    if heading == LINE_NO or (kind.has(heading) and kind.type_of(heading) is CellType.DAY):
        return CENTRED
    if kind.has(heading) and kind.type_of(heading) is CellType.NUMBER:
        return NUMERIC
    return alignment_of(value)


def _rows(
    kind: SheetKind, item: Row[Any], lines: Mapping[tuple[int, int], Row[Any]], now: datetime
) -> Iterator[InboxRow]:
    """Give the rows of an item: one a pre-filled line; what belongs to the whole form stands in the first."""
    given = dict(item.prefill)
    whole = {h: _shown(kind, h, v) for h, v in given.items() if h != kind.lines}
    if kind.has(DAY):
        whole[DAY] = shanghai_day(now)
    about = {
        "紧急": Urgency.URGENT.zh if item.urgency == Urgency.URGENT else None,
        "办事处名称": item.office,
        "客户": item.customer_name,
        "销售订单": item.order_no,
        "到期": item.due_at.astimezone(SHANGHAI).replace(tzinfo=None, second=0, microsecond=0),
        ABOUT: "\n".join(item.brief).replace("**", ""),
    }
    for at, line in enumerate(given.get(kind.lines) or [{}]):
        values: dict[str, object] = {NUMBER: item.number, STEP: item.step_key, "紧急": about["紧急"]}
        values |= (about | whole) if at == 0 else {"到期": about["到期"]}
        if kind.has(DAY):
            values[DAY] = whole[DAY]  # it tells the forms of a case apart, so every row has it
        values |= {heading: _shown(kind, heading, value) for heading, value in line.items()}
        known = lines.get((item.case_id, line.get(LINE_NO, 0)))
        values |= {"配件": known.part_name, "申报数量": _plain(known.quantity)} if known else {}
        values |= {column.heading: values.get(column.of) for column in kind.shown if column.of}
        yield InboxRow(values, at == 0, item.due_at < now)


def _shown(kind: SheetKind, heading: str, value: object) -> object:
    """Show a pre-filled value as people write it: a label, a number, a date."""
    if value in (None, ""):
        return None
    of_type = kind.type_of(heading)
    if of_type is CellType.CHOICE:
        return _words(kind, heading).parse(value).zh
    if of_type is CellType.DAY:
        return date.fromisoformat(str(value))
    return _plain(value) if of_type is CellType.NUMBER else value


def _words(kind: SheetKind, heading: str) -> type[Labelled]:
    field = kind.field(heading)
    annotation = field.annotation if field else None
    found: type[Labelled] = next(
        part for part in (annotation, *get_args(annotation)) if isinstance(part, type) and issubclass(part, Labelled)
    )
    return found


def _plain(number: Any) -> object:
    """Give a whole number without its decimals."""
    return int(number) if number == int(number) else float(number)
