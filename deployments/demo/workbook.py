"""A workbook as somebody has it open: the rows that belong together are found, filled in and saved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from schemas.sheet_kinds import STEP, SheetKind, sheet_kinds

Filled = dict[str, Any]  # heading → value
CaseStep = tuple[str, str]  # number, step


@dataclass(frozen=True)
class FormRows:
    """The rows of a tab that make a form, and what stands in them."""

    kind: SheetKind
    rows: Sequence[int]
    cells: Sequence[Filled]


class StaffBook:
    """An inbox, a template, or a reject sheet that came back."""

    def __init__(self, path: Path) -> None:
        self.path, self.book = path, load_workbook(path)
        tabs = [kind for kind in sheet_kinds().values() if kind.title in self.book.sheetnames]
        self.items = {key: rows for kind in tabs for key, rows in self._items_of(kind)}

    def _items_of(self, kind: SheetKind) -> list[tuple[CaseStep, FormRows]]:
        sheet: Any = self.book[kind.title]
        found: dict[CaseStep, list[tuple[int, Filled]]] = {}
        for row in range(2, sheet.max_row + 1):
            cells = {heading.value: sheet.cell(row, heading.column).value for heading in sheet[1]}
            found.setdefault((str(cells[kind.key.heading]), str(cells.get(STEP) or "")), []).append((row, cells))
        return [(key, FormRows(kind, *zip(*rows, strict=True))) for key, rows in found.items()]

    def write(self, kind: SheetKind, rows: Sequence[int], cells: Sequence[Mapping[str, object]]) -> None:
        """Fill in rows of a tab."""
        sheet: Any = self.book[kind.title]
        columns = {heading.value: heading.column for heading in sheet[1]}
        for row, own in zip(rows, cells, strict=True):
            for heading, value in own.items():
                sheet.cell(row, columns[heading]).value = value

    def save(self, path: Path | None = None) -> Path:
        """Save it, or a copy of it."""
        self.book.save(path or self.path)
        return path or self.path
