"""The door of workbooks: what waits for a role is read from the tabs of its inbox, filled in there and sent back.

What is refused comes back in the reject sheet with its reason, is put right there, and that sheet is sent.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from sqlalchemy import Engine

from deployments.demo.intake import columns_of, send_sheets
from deployments.demo.plan import Story
from deployments.demo.player import Item, Told, Turn
from deployments.demo.screen import Screen
from deployments.demo.sensible import STAFF
from schemas.words import Channel, Role
from tasks.runs.withdraw import withdraw
from tasks.sheets.columns import LINE_NO, NUMBER, STEP, SheetKind
from tasks.sheets.importing import import_sheet
from tasks.sheets.inbox import write_inbox
from tasks.sheets.kinds import KINDS
from tasks.sheets.report import SheetReport

Cells = dict[str, Any]
Key = tuple[str, str]  # case number, step


@dataclass(frozen=True)
class Rows:
    """The rows of a tab that belong to an item, and what stands in them."""

    kind: SheetKind
    rows: tuple[int, ...]
    cells: tuple[Cells, ...]


class StaffBook:
    """A workbook that somebody has open: an inbox, or a reject sheet that came back."""

    def __init__(self, path: Path) -> None:
        self.path, self.book = path, load_workbook(path)
        tabs = [kind for kind in KINDS.values() if kind.title in self.book.sheetnames]
        self.items = {key: rows for kind in tabs for key, rows in self._items_of(kind)}

    def _items_of(self, kind: SheetKind) -> list[tuple[Key, Rows]]:
        sheet: Any = self.book[kind.title]
        found: dict[Key, list[tuple[int, Cells]]] = {}
        for row in range(2, sheet.max_row + 1):
            cells = {heading: sheet.cell(row, at).value for heading, at in columns_of(sheet).items()}
            found.setdefault((cells[NUMBER], cells[STEP]), []).append((row, cells))
        return [(key, Rows(kind, *zip(*rows, strict=True))) for key, rows in found.items()]

    def write(self, item: Rows, cells: Sequence[Cells]) -> None:
        """Fill in the rows of an item."""
        sheet: Any = self.book[item.kind.title]
        for row, own in zip(item.rows, cells, strict=True):
            for heading, value in own.items():
                sheet.cell(row, columns_of(sheet)[heading]).value = value

    def save(self, path: Path | None = None) -> Path:
        """Save it, or a copy of it."""
        self.book.save(path or self.path)
        return path or self.path


class SheetsDoor:
    """People with workbooks in a folder; `problems` is what was wrong with the applications."""

    def __init__(self, db: Engine, folder: Path, screen: Screen) -> None:
        self.db, self.folder, self.screen = db, folder, screen
        self.problems: list[str] = []
        self.round = self.books = 0
        self._role = Role.OFFICE
        self._open: Path | None = None
        self._blank: dict[Key, tuple[Cells, ...]] = {}

    def apply(self, stories: Sequence[Story]) -> dict[str, str]:
        """Send applications by sheet, until every one is a case."""
        numbers, self.problems = send_sheets(self.db, self.folder, stories, self.screen)
        return numbers

    def waiting(self, role: Role) -> list[Item]:
        """Give what waits for a role, as its inbox workbook has it."""
        inbox = self.folder / f"第{self.round}轮-{role.zh}待办.xlsx"
        self._role = role
        if not write_inbox(self.db, role, inbox).items:
            inbox.unlink()
            return []
        self._open = inbox
        items = self.back()
        self._blank |= {(item.case, item.key): item.shown.cells for item in items}
        return items

    def back(self) -> list[Item]:
        """Give what came back of the last workbook that was sent."""
        items = StaffBook(self._open).items if self._open else {}
        return [
            Item(number, step, rows.kind.title, rows.kind.form.__name__, self._role, rows)
            for (number, step), rows in items.items()
        ]

    def decide(self, turns: Sequence[Turn]) -> list[list[Told]]:
        """Fill in the workbook that is open, and a colleague's copy where two say the same; send them at once."""
        assert self._open is not None, "nothing waits"
        twice = [turn for turn in turns if len(turn.people) > 1]
        sent = [self._fill(self._open, turns, 0)]
        if twice:
            copy = StaffBook(self._open).save(self._open.with_stem(f"{self._open.stem}-同事"))
            sent.append(self._fill(copy, twice, 1))
        self.books += len(sent)
        with ThreadPoolExecutor(len(sent)) as people:
            reports = list(people.map(lambda path: import_sheet(self.db, path), sent))
        for report in reports:
            tabs = "、".join(table.kind.title for table in report.tables)
            self.screen.tell(f"第 {self.round} 轮 {self._role.zh}", "", f"{tabs} {report.name}: {report.line}")
        self._open = reports[0].reject_sheet
        back = [_reasons(report) for report in reports]
        return [[_told(reasons, turn.item) for reasons, _ in zip(back, turn.people, strict=False)] for turn in turns]

    def _fill(self, path: Path, turns: Sequence[Turn], person: int) -> Path:
        """Fill in what somebody says in a workbook, and leave everything else undecided."""
        book = StaffBook(path)
        said = {(turn.item.case, turn.item.key): turn for turn in turns}
        for key, item in book.items.items():
            if key in said:
                book.write(item, _filled(item, self._blank[key], said[key].said, said[key].people[person]))
            else:
                book.write(item, [dict.fromkeys(item.kind.undecided) for _ in item.rows])
        return book.save()

    def withdraw(self, case: str, staff: str, reason: str) -> Told:
        """Take a case back as the command does; there is no sheet for it."""
        reply = withdraw(self.db, case, staff, reason, Channel.CLI).reply
        return Told(reply.accepted, "；".join(map(str, reply.problems)))


def _filled(item: Rows, blank: Sequence[Cells], said: Mapping[str, Any], who: str) -> list[Cells]:
    """Write over what was pre-filled what is said: of a line in its row, of the whole form in the first."""
    lines: Mapping[int, Cells] = said.get(item.kind.lines, {})
    whole = {heading: value for heading, value in said.items() if heading != item.kind.lines} | {STAFF: who}
    return [
        {**cells, **(whole if place == 1 else {}), **lines.get(cells.get(LINE_NO) or place, {})}
        for place, cells in enumerate(blank, start=1)
    ]


def _reasons(report: SheetReport) -> dict[Key, str]:
    """Give why items came back."""
    found: dict[Key, str] = {}
    for outcome in report.rejected:
        key = (str(outcome.row.cells[NUMBER]), str(outcome.row.cells[STEP]))
        found[key] = "；".join(filter(None, [found.get(key), outcome.reason]))
    return found


def _told(reasons: Mapping[Key, str], item: Item) -> Told:
    why = reasons.get((item.case, item.key), "")
    return Told(not why, why)
