"""The door of workbooks: applications come in the template; what waits for a role, in the tabs of its inbox.

What is refused comes back in the reject sheet with its reason, is put right there, and that sheet is sent.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile
from typing import Any

from openpyxl import load_workbook
from sqlalchemy import Engine, select

from deployments.demo.days import Days, watch
from deployments.demo.plan import Story
from deployments.demo.player import Saying, Todo, Told
from deployments.demo.screen import Screen
from deployments.demo.sensible import ROLES
from schemas.forms.fields import LINE_NO, STAFF
from schemas.problems import AftersalesError
from schemas.sheet_kinds import STEP, SheetKind, sheet_kinds
from schemas.tables import service_case
from schemas.words import Channel, Role
from tasks.desk.queries import inbox
from tasks.runs.withdraw import take_back
from tasks.sheets.importing import import_file
from tasks.sheets.inbox import write_inbox
from tasks.sheets.outcome import GOES_WITH, Became
from tasks.sheets.queries import template_lists
from tasks.sheets.report import SheetReport
from tasks.sheets.template import write_template

FIRST_ROW = 3  # below the heading and the example
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


class SheetsDoor:
    """People with workbooks in a folder; there is no sheet for withdrawals, they go to the engine."""

    def __init__(self, db: Engine, folder: Path, screen: Screen, days: Days) -> None:
        self.db, self.folder, self.screen, self.days = db, folder, screen, days
        self.round = self.books = 0
        self._role, self._open = Role.OFFICE, folder  # whose workbook is open
        self._again: list[Todo] = []  # what came back of it
        self._sent = set[str]()  # the applications that have come
        self._blank: dict[CaseStep, Sequence[Filled]] = {}

    def apply(self, stories: Sequence[Story]) -> dict[str, str]:
        """Send a sheet for each process until every application is a case: key → number."""
        numbers = dict[str, str]()
        for code in sorted({story.code for story in stories}):
            numbers |= self._send([story for story in stories if story.code == code])
        return numbers

    def _send(self, stories: Sequence[Story]) -> dict[str, str]:
        """Send the sheet of some stories of a process; AftersalesError says what went wrong."""
        code, kind = stories[0].code, stories[0].kind
        first, again = self.folder / f"{kind.title}.xlsx", self.folder / f"{kind.title}-更正.xlsx"
        wrong = {story.key for story in stories if story.slips}
        lines = self._write_applications(first, stories)
        said = f"{len(stories)} 份 applications, {lines} 行 lines"
        self.screen.stage(f"办事处发来{kind.title}表 an office's sheet: {said}")
        report = import_file(self.db, first, kind)
        reasons = [str(problem) for row in report.rejected for problem in row.problems if problem.field != GOES_WITH]
        for reason in reasons:
            self.screen.tell("退回 rejected", "", reason)
        if report.reject_sheet is None:
            raise AftersalesError(f"没有退回表 there is no reject sheet: {report.fault}")
        corrected = _correct_applications(report.reject_sheet, again, stories)
        self.screen.stage(f"更正后再发 the reject sheet comes back put right: {corrected} 行 lines")
        import_file(self.db, again, kind)
        (aside := self.folder / "重发").mkdir(exist_ok=True)  # the reject sheet of the first one is not overwritten
        repeats = [import_file(self.db, path, kind, out=aside) for path in (first, again)]
        sent = (service_case.c.process == code, service_case.c.parent_id.is_(None))
        with self.db.connect() as connection:
            made = connection.execute(select(service_case.c.origin, service_case.c.number).where(*sent)).all()
        all_made = {row.origin.split(":", 2)[2]: row.number for row in made}
        numbers = {key: number for key, number in all_made.items() if key not in self._sent}
        self._sent |= numbers.keys()
        self.screen.stage(f"两份表重发一遍，没有重复 both sheets sent again: still {len(numbers)} 单 cases")
        checks = {
            "退回 rejected of the first sheet": ({row.number for row in report.rejected}, wrong),
            "重发产生的单 cases made by sending both again": (sum(one.counts[Became.ACCEPTED] for one in repeats), 0),
            "表格受理的单 cases from sheets": (set(numbers), {story.key for story in stories}),
        }
        problems = [f"{what}: {got} ≠ {due}" for what, (got, due) in checks.items() if got != due]
        problems += [
            f"退回原因缺少 a reason is missing: {story.key} {slip.heading}: {slip.reason}"
            for story in stories
            for slip in story.slips
            if not any(slip.reason in reason for reason in reasons)
        ]
        if problems:
            raise AftersalesError("\n".join(problems))
        return numbers

    def _write_applications(self, path: Path, stories: Sequence[Story]) -> int:
        """Fill in the template with the applications, mistakes included; gives the number of lines."""
        kind = stories[0].kind
        with self.db.connect() as connection:
            write_template(path, kind, template_lists(connection))
        cells = [row for story in stories for row in _rows(story, first=True)]
        book = StaffBook(path)
        book.write(kind, range(FIRST_ROW, FIRST_ROW + len(cells)), cells)
        book.save()
        return len(cells)

    def worklists(self) -> Iterator[list[Todo]]:
        """Give a round of what waits, role by role: its inbox workbook, then what came back of it."""
        self.round += 1
        watch(self.db)
        for self._role in ROLES:
            self._open = self.folder / f"第{self.round}轮-{self._role.zh}待办.xlsx"
            if not self._is_asked():
                continue
            if not write_inbox(self.db, self._role, self._open).items:
                self._open.unlink()
                continue
            items = self._items()
            self._blank |= {(item.case, item.key): item.shown.cells for item in items}
            while items:
                self._again = []
                yield items
                items = self._again

    def _is_asked(self) -> bool:
        """Say whether anything waits for the role: to write a workbook in order to see that takes longer."""
        with self.db.connect() as connection:
            return bool(inbox(connection, self._role, most=1))

    def _items(self) -> list[Todo]:
        """Give what stands in the workbook that is open."""
        self._book = StaffBook(self._open)
        return [
            Todo(number, step, rows.kind.title, rows.kind.form.__name__, self._role, rows)
            for (number, step), rows in self._book.items.items()
        ]

    def decide(self, sayings: Sequence[Saying]) -> list[list[Told]]:
        """Fill in the workbook that is open, and a colleague's copy where two say the same; send them at once."""
        twice = [saying for saying in sayings if len(saying.people) > 1]
        copies = [StaffBook(copyfile(self._open, self._open.with_stem(f"{self._open.stem}-同事")))] if twice else []
        sent = [self._fill(self._book, sayings, 0), *(self._fill(copy, twice, 1) for copy in copies)]
        self.books += len(sent)
        with ThreadPoolExecutor(len(sent)) as people:
            reports = list(people.map(lambda path: import_file(self.db, path), sent))
        for report in reports:
            tabs = "、".join(table.kind.title for table in report.tables)
            self.screen.tell(f"第 {self.round} 轮 {self._role.zh}", "", f"{tabs} {report.name}: {report.line}")
        back = [_reasons(report) for report in reports]
        whys = [[why.get((one.item.case, one.item.key), "") for why in back[: len(one.people)]] for one in sayings]
        if reports[0].reject_sheet:
            self._open = reports[0].reject_sheet
            undone = {(one.item.case, one.item.key) for one, why in zip(sayings, whys, strict=True) if all(why)}
            self._again = [item for item in self._items() if (item.case, item.key) in undone]
        return [[Told(not why, why) for why in own] for own in whys]

    def withdraw(self, case: str, staff: str, reason: str) -> Told:
        """Take a case back as the command does."""
        reply = take_back(self.db, case, staff, reason, Channel.CLI).reply
        return Told(reply.accepted, "；".join(map(str, reply.problems)))

    def rest(self) -> None:
        """Let days go by."""
        self.days.pass_on(self.db)
        self.screen.stage(f"过了 {self.days.gone.days} 天 days have gone by")

    def _fill(self, book: StaffBook, sayings: Sequence[Saying], person: int) -> Path:
        """Fill in what somebody says in a workbook, and leave everything else undecided."""
        said = {(saying.item.case, saying.item.key): saying for saying in sayings}
        for key, item in book.items.items():
            if key in said:
                cells = _filled(item, self._blank[key], said[key].said, said[key].people[person])
            else:
                cells = [dict.fromkeys(item.kind.undecided) for _ in item.rows]
            book.write(item.kind, item.rows, cells)
        return book.save()


def _correct_applications(rejects: Path, path: Path, stories: Sequence[Story]) -> int:
    """Put right what came back, in the reject sheet itself; gives the number of lines."""
    book, right = StaffBook(rejects), {story.key: _rows(story) for story in stories}
    for (key, _), item in book.items.items():
        book.write(item.kind, item.rows, right[key])
    book.save(path)
    return sum(len(item.rows) for item in book.items.values())


def _rows(story: Story, first: bool = False) -> list[Filled]:
    return [{story.kind.key.heading: story.key, **row} for row in story.rows(first)]


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
