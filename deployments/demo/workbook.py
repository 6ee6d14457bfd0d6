"""The demo's workbooks as people handle them: what waits is read from the tabs, cells are filled in, rows left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from openpyxl import load_workbook

from deployments.demo.plan import Act
from deployments.demo.progress import SENSIBLE, STAFF, said_day
from schemas.forms.fields import LINE_NO, NUMBER
from schemas.sheet_kinds import STEP, SheetKind, sheet_kinds

Cells = dict[str, Any]


class ItemKey(NamedTuple):
    """Which item rows belong to."""

    number: str
    step: str


@dataclass(frozen=True)
class SheetItem:
    """An item in a workbook: the rows of its tab that belong to it, and what stands in them."""

    key: ItemKey
    kind: SheetKind
    rows: tuple[int, ...]
    cells: tuple[Cells, ...]


class StaffBook:
    """A workbook that somebody has open: an inbox, or a reject sheet that came back."""

    def __init__(self, path: Path) -> None:
        self.path, self.book = path, load_workbook(path)
        self.items = [item for kind in sheet_kinds().values() for item in self._items_of(kind)]

    def write(self, item: SheetItem, cells: Sequence[Cells]) -> None:
        """Fill in the rows of an item."""
        sheet: Any = self.book[item.kind.title]
        columns = _columns(sheet)
        for row, own in zip(item.rows, cells, strict=True):
            for heading, value in own.items():
                sheet.cell(row, columns[heading]).value = value

    def leave(self, item: SheetItem) -> None:
        """Leave an item undecided."""
        self.write(item, [dict.fromkeys(item.kind.undecided) for _ in item.rows])

    def save(self, path: Path | None = None) -> Path:
        """Save it, or a copy of it."""
        self.book.save(path or self.path)
        return path or self.path

    def _items_of(self, kind: SheetKind) -> list[SheetItem]:
        if kind.title not in self.book.sheetnames:
            return []
        sheet: Any = self.book[kind.title]
        found: dict[ItemKey, list[tuple[int, Cells]]] = {}
        for row in range(2, sheet.max_row + 1):
            cells = {heading: sheet.cell(row, at).value for heading, at in _columns(sheet).items()}
            found.setdefault(ItemKey(cells[NUMBER], cells[STEP]), []).append((row, cells))
        return [SheetItem(key, kind, *zip(*rows, strict=True)) for key, rows in found.items()]


def _columns(sheet: Any) -> dict[str, int]:
    return {cell.value: cell.column for cell in sheet[1]}


def filled(item: SheetItem, blank: Sequence[Cells], who: str, act: Act) -> list[Cells]:
    """Fill in what was pre-filled: over it what is sensible, over it what the act says, signed by `who`."""
    said = {**SENSIBLE.get(item.kind.form.__name__, {}), **act.fields}
    lines: Mapping[int, Cells] = said.pop(item.kind.lines, {})
    whole = {heading: said_day(value) or value for heading, value in said.items()} | {STAFF: who}
    rows = []
    for place, cells in enumerate(blank, start=1):
        own = lines.get(cells.get(LINE_NO) or place, {})
        own = {heading: said_day(value) or value for heading, value in own.items()}
        rows.append({**cells, **(whole if place == 1 else {}), **own})
    return rows
