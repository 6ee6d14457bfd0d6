"""The demo's people at work through sheets: round by round each role gets its inbox workbook and sends it back.

What is refused comes back in the reject sheet with its reason, is put right there, and that sheet is sent.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, func, select

from deployments.demo.plan import Act, TakeBack
from deployments.demo.progress import APPROVALS, ROLES, Progress, who_may
from deployments.demo.screen import Screen
from deployments.demo.workbook import Cells, ItemKey, SheetItem, StaffBook, filled
from schemas.sheet_kinds import STEP
from schemas.tables import service_case
from schemas.words import Channel, Role
from tasks.outbox.dispatch import dispatch_due
from tasks.people.queries import people
from tasks.runs.withdraw import withdraw
from tasks.sheets.importing import import_sheet
from tasks.sheets.inbox import write_inbox
from tasks.sheets.report import SheetReport

MOST_ROUNDS = 40


@dataclass(frozen=True)
class Said:
    """What somebody wrote for an item; `colleague` sends the same in the same moment."""

    progress: Progress
    act: Act
    who: str
    colleague: str = ""


class SheetStaff:
    """Plays everybody until nothing waits; what went otherwise than planned is in `faults`."""

    def __init__(self, db: Engine, folder: Path, stories: list[Progress], screen: Screen) -> None:
        self.db, self.folder, self.screen = db, folder, screen
        self.stories = {progress.number: progress for progress in stories}
        with db.connect() as connection:
            self.people = people(connection)
        self.faults: list[str] = []
        self.round = self.answers = self.told_late = self.books = 0
        self._blank: dict[ItemKey, tuple[Cells, ...]] = {}
        self._tries: dict[ItemKey, int] = {}
        self._done: set[ItemKey] = set()

    def work(self) -> None:
        """Go round by round until nothing waits any more."""
        for self.round in range(1, MOST_ROUNDS + 1):
            told = dispatch_due(self.db).answered  # the order system answers
            busy = [role for role in ROLES if not self.faults and self._take_turn(role)]
            self._show_progress()
            if self.faults or not (busy or told):
                return

    def _take_turn(self, role: Role) -> bool:
        """Let a role decide all that waits for it; False where nothing does."""
        inbox = self.folder / f"第{self.round}轮-{role.zh}待办.xlsx"
        if not write_inbox(self.db, role, inbox).items:
            inbox.unlink()
            return False
        self._blank |= {item.key: item.cells for item in StaffBook(inbox).items}
        path: Path | None = inbox
        while path:
            path = self._send(role, StaffBook(path))
        return True

    def _send(self, role: Role, book: StaffBook) -> Path | None:
        """Fill a workbook in and send it; gives the reject sheet if something in it is to be put right."""
        said = {item.key: one for item in book.items if (one := self._fill(role, book, item))}
        twice = [item for item in book.items if item.key in said and said[item.key].act.twice]
        sent = [book.save(), *([self._copy(book, twice, said)] if twice else [])]
        self.books += len(sent)
        with ThreadPoolExecutor(len(sent)) as colleagues:
            reports = list(colleagues.map(lambda path: import_sheet(self.db, path), sent))
        back = [_reasons(report) for report in reports]
        for report, reasons in zip(reports, back, strict=True):
            self._tell(role, report, reasons)
        for item in book.items:
            if item.key in said:
                self._judge(item, said[item.key], [one.get(item.key, "") for one in back])
        again = any(one.act.refused for one in said.values()) and not self.faults
        return reports[0].reject_sheet if again else None

    def _fill(self, role: Role, book: StaffBook, item: SheetItem) -> Said | None:
        """Fill in an item as its story says; None where it is left, as one that was taken back."""
        progress = self.stories[item.key.number]
        if item.key not in self._done:
            attempt = self._tries[item.key] = self._tries.get(item.key, 0) + 1
            act = progress.act_at(f"{item.key.step}-{attempt}", item.key.step)
            if not (act.withdraw and self._take_back(progress, act.withdraw)):
                return self._sign(role, book, item, progress, Act() if act.withdraw else act)
        book.leave(item)
        return None

    def _sign(self, role: Role, book: StaffBook, item: SheetItem, progress: Progress, act: Act) -> Said:
        able = who_may(self.people, role, progress, item.key.step, item.kind.form.__name__)
        who = act.staff or able[(self.answers + len(progress.acts)) % len(able)]
        book.write(item, filled(item, self._blank[item.key], who, act))
        return Said(progress, act, who, next(code for code in able if code != who) if act.twice else "")

    def _copy(self, book: StaffBook, items: Sequence[SheetItem], said: Mapping[ItemKey, Said]) -> Path:
        """Fill in a colleague's copy of a workbook, in which only some items are decided."""
        copy = StaffBook(book.save(book.path.with_stem(f"{book.path.stem}-同事")))
        for item in copy.items:
            copy.leave(item)
        for item in items:
            own = said[item.key]
            copy.write(item, filled(item, self._blank[item.key], own.colleague, own.act))
        return copy.save()

    def _judge(self, item: SheetItem, said: Said, reasons: list[str]) -> None:
        """Check that an item's rows were taken once, or came back with the reason that its story names."""
        where, act = f"{said.progress.story.key} {item.key.step}", said.act
        taken = reasons.count("") if act.twice else int(not reasons[0])
        if act.refused:
            if taken or act.refused not in reasons[0]:
                self.faults.append(f"{where}: 未说明 does not say: {act.refused} ({reasons[0]})")
            return
        self._done.add(item.key)
        self.answers += 1
        if act.twice:
            self.told_late += len(reasons) - taken
        if taken != 1:
            self.faults.append(f"{where}: {taken} 份被受理 were taken; {'；'.join(reasons)}")
        if item.kind.form.__name__ in APPROVALS:
            said.progress.approved.add(said.who if not reasons[0] else said.colleague)

    def _take_back(self, progress: Progress, attempts: tuple[TakeBack, ...]) -> bool:
        """Withdraw as the command 撤回 does; True when the case is withdrawn."""
        for attempt in attempts:
            reply = withdraw(self.db, progress.number, attempt.staff, attempt.reason, Channel.CLI).reply
            message = "；".join(map(str, reply.problems))
            if reply.accepted == bool(attempt.refused) or attempt.refused not in message:
                self.faults.append(f"{progress.story.key} 撤回 withdrawal by {attempt.staff}: {message}")
            what = "已撤回" if reply.accepted else f"未受理 {message}"
            self.screen.tell(attempt.staff, progress.number, f"撤回 withdraw: {attempt.reason} → {what}")
            if reply.accepted:
                return True
        return False

    def _tell(self, role: Role, report: SheetReport, reasons: dict[ItemKey, str]) -> None:
        tabs = "、".join(table.kind.title for table in report.tables)
        self.screen.tell(f"第 {self.round} 轮 {role.zh}", "", f"{tabs} {report.name}: {report.line}")
        for key, why in reasons.items():
            self.screen.tell("退回 rejected", key.number, f"{key.step}: {why}")

    def _show_progress(self) -> None:
        counts = select(func.count().filter(service_case.c.closed_at.is_not(None)), func.count())
        with self.db.connect() as connection:
            closed, cases = connection.execute(counts.select_from(service_case)).one()
        self.screen.progress(closed, cases, self.answers)


def _reasons(report: SheetReport) -> dict[ItemKey, str]:
    """Give why items came back."""
    found: dict[ItemKey, list[str]] = {}
    for row, outcome in (back for table in report.tables for back in table.rejected):
        key = ItemKey(row.key, row.values.get(STEP, ""))
        found.setdefault(key, []).append(outcome.reason)
    return {key: "；".join(reasons) for key, reasons in found.items()}
