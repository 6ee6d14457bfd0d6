"""The door of workbooks: what waits for a role is read from the tabs of its inbox, filled in there and sent back.

What is refused comes back in the reject sheet with its reason, is put right there, and that sheet is sent.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from deployments.demo.engine_door import EngineDoor
from deployments.demo.intake import send_sheets
from deployments.demo.plan import Story
from deployments.demo.player import Saying, Todo, Told
from deployments.demo.screen import Screen
from deployments.demo.workbook import CaseStep, Filled, FormRows, StaffBook
from schemas.forms.fields import LINE_NO, STAFF
from schemas.sheet_kinds import STEP
from schemas.words import Role
from tasks.sheets.importing import import_sheet
from tasks.sheets.inbox import write_inbox
from tasks.sheets.report import SheetReport


class SheetsDoor:
    """People with workbooks in a folder; there is no sheet for withdrawals, they go to the engine."""

    def __init__(self, db: Engine, folder: Path, screen: Screen) -> None:
        self.db, self.folder, self.screen = db, folder, screen
        self.withdraw = EngineDoor(db).withdraw
        self.round = self.books = 0
        self._role = Role.OFFICE
        self._open: Path | None = None
        self._blank: dict[CaseStep, Sequence[Filled]] = {}

    def apply(self, stories: Sequence[Story]) -> dict[str, str]:
        """Send applications by sheet, until every one is a case."""
        return send_sheets(self.db, self.folder, stories, self.screen)

    def waiting(self, role: Role) -> list[Todo]:
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

    def back(self) -> list[Todo]:
        """Give what came back of the last workbook that was sent."""
        items = StaffBook(self._open).items if self._open else {}
        return [
            Todo(number, step, rows.kind.title, rows.kind.form.__name__, self._role, rows)
            for (number, step), rows in items.items()
        ]

    def decide(self, sayings: Sequence[Saying]) -> list[list[Told]]:
        """Fill in the workbook that is open, and a colleague's copy where two say the same; send them at once."""
        assert self._open is not None, "nothing waits"
        twice = [saying for saying in sayings if len(saying.people) > 1]
        sent = [self._fill(self._open, sayings, 0)]
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
        whys = [[why.get((one.item.case, one.item.key), "") for why in back[: len(one.people)]] for one in sayings]
        return [[Told(not why, why) for why in own] for own in whys]

    def _fill(self, path: Path, sayings: Sequence[Saying], person: int) -> Path:
        """Fill in what somebody says in a workbook, and leave everything else undecided."""
        book = StaffBook(path)
        said = {(saying.item.case, saying.item.key): saying for saying in sayings}
        for key, item in book.items.items():
            if key in said:
                cells = _filled(item, self._blank[key], said[key].said, said[key].people[person])
            else:
                cells = [dict.fromkeys(item.kind.undecided) for _ in item.rows]
            book.write(item.kind, item.rows, cells)
        return book.save()


def _filled(item: FormRows, blank: Sequence[Filled], said: Mapping[str, Any], who: str) -> list[Filled]:
    """Write over what was pre-filled what is said: of a line in its row, of the whole form in the first."""
    lines: Mapping[int, Filled] = said.get(item.kind.lines, {})
    whole = {heading: value for heading, value in said.items() if heading != item.kind.lines} | {STAFF: who}
    return [
        {**cells, **(whole if place == 1 else {}), **lines.get(cells.get(LINE_NO) or place, {})}
        for place, cells in enumerate(blank, start=1)
    ]


def _reasons(report: SheetReport) -> dict[CaseStep, str]:
    """Give why items came back."""
    found: dict[CaseStep, str] = {}
    for row, outcome in (back for table in report.tables for back in table.rejected):
        key = (row.key, row.values.get(STEP, ""))
        found[key] = "；".join(filter(None, [found.get(key), outcome.reason]))
    return found
