"""What became of a sheet: counts, the sentences that were checked, what goes back; as one line and as a page."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from openpyxl.styles import Font
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from schemas.problems import BadInput
from schemas.sheet_kinds import CellType, Column, SheetKind
from tasks.desk.rules import plain
from tasks.privacy.rules import mask_phones
from tasks.sheets.book import FACE, Book, append, write
from tasks.sheets.cells import From1904
from tasks.sheets.forms import SheetRow
from tasks.sheets.outcome import Became, RowOutcome
from tasks.sheets.reader import REASON_HEADING, ROW_HEADING

SHOWN = 10  # rows that go back, named on the page
NUMBERS = 20  # cases, named on the page
RED = Font(FACE, 11, color="C00000")

Rejected = tuple[SheetRow, RowOutcome]


@dataclass
class TableReport:
    """What became of the rows of one kind.

    findings   each sentence of the check, and of how many rows it is not true
    docs       the page of the check, where that is kept
    """

    kind: SheetKind
    findings: Mapping[str, int]
    headings: Sequence[str]
    counts: Counter[Became] = field(default_factory=Counter)
    rejected: list[Rejected] = field(default_factory=list)
    numbers: dict[str, None] = field(default_factory=dict)
    docs: Path | None = None

    def note(self, outcomes: Iterable[RowOutcome], rows: Iterable[SheetRow]) -> None:
        """Count what became of some of these rows, and keep those that go back."""
        by_no = {row.no: row for row in rows}
        for outcome in outcomes:
            self.counts[outcome.became] += 1
            if outcome.became is Became.REJECTED:
                self.rejected.append((by_no[outcome.no], outcome))
            elif outcome.number and outcome.became is not Became.SKIPPED:
                self.numbers[outcome.number] = None
        self.rejected.sort(key=lambda back: back[1].no)


@dataclass
class SheetReport:
    """What became of a file; where rows go back, `reject_sheet` or why there is none (`fault`)."""

    name: str
    tables: list[TableReport]
    reject_sheet: Path | None = None
    fault: str = ""

    @property
    def counts(self) -> Counter[Became]:
        """Count the rows of all tables."""
        return sum((table.counts for table in self.tables), Counter[Became]())

    @property
    def rejected(self) -> list[RowOutcome]:
        """Give all rows that go back."""
        return [outcome for table in self.tables for _, outcome in table.rejected]

    @property
    def line(self) -> str:
        """Say in one line what became of the rows."""
        told = [f"{b.value} {self.counts[b]:,}" for b in Became if self.counts[b]]
        return "；".join(told) or "没有可读入的行 no rows"

    @property
    def word(self) -> str:
        """Say in one word what became of the rows."""
        many = self.counts[Became.REJECTED]
        return "已导入" if not many else "全部退回" if many == self.counts.total() else "部分退回"

    def write_rejects(self, path: Path) -> None:
        """Write the rows that go back; a folder that does not take them undoes nothing that was accepted."""
        book = Book()
        if any(isinstance(cell, From1904) for table in self.tables for row, _ in table.rejected for cell in row.given):
            book.book.epoch = CALENDAR_MAC_1904  # so that they mean the same days when they are sent again
        for table in self.tables:
            if table.rejected:
                _write_rejected(book, table)
        try:
            book.save(path)
        except BadInput as fault:
            self.fault = str(fault)
        else:
            self.reject_sheet = path


def _write_rejected(book: Book, table: TableReport) -> None:
    """Write rows as they came, with the number they had and why they come back."""
    known = {column.heading: column for column in (*table.kind.columns, *table.kind.shown)}
    own = Column(ROW_HEADING, width=8, holds=CellType.NUMBER), Column(REASON_HEADING, width=70, wrapped=True)
    columns = [*(known[heading] for heading in table.headings), *own]
    sheet = book.tab(table.kind.title, columns, table.kind.by_heading)
    for no, (row, outcome) in enumerate(table.rejected, start=2):
        values = [row.cell(heading) for heading in table.headings]
        reason = write(sheet, outcome.reason, font=RED)
        append(sheet, no, columns, [*(write(sheet, value) for value in (*values, row.no)), reason])


def summary(report: SheetReport, link: Callable[[Path], str]) -> str:
    """Draw the page of an import as markdown; `link` gives the address of a file."""
    kinds = "、".join(table.kind.title for table in report.tables)
    drawn = [f"### {plain(report.name)} · {kinds}", "", report.line, ""]
    if report.reject_sheet:
        sheet = f"[退回表 reject sheet]({link(report.reject_sheet)})"
        drawn += [f"**{sheet}**：改好后可直接再发 correct it and send it again", ""]
    if report.fault:
        drawn += [f"**退回表未能写出 the reject sheet could not be written**: {plain(report.fault)}", ""]
    for table in report.tables:
        drawn += _table(table, link)
    return "\n".join(drawn)


def _table(table: TableReport, link: Callable[[Path], str]) -> list[str]:
    docs = f" · [Data Docs 检查报告]({link(table.docs)})" if table.docs else ""
    drawn = [f"#### {table.kind.title} {table.kind.code}{docs}", "", "| 结果 result | 行数 rows |", "|---|--:|"]
    drawn += [f"| {b.value} | {n:,} |" for b in Became if (n := table.counts[b])]
    if table.numbers:
        named = list(table.numbers)[:NUMBERS]
        more = f" … 共 {len(table.numbers):,} 单 cases" if len(table.numbers) > NUMBERS else ""
        drawn += ["", f"单号 cases: {plain('、'.join(named))}{more}"]
    if table.rejected:
        drawn += ["", "| 行 row | 退回原因 why it goes back |", "|--:|---|"]
        drawn += [f"| {outcome.no} | {_reason(outcome)} |" for _, outcome in table.rejected[:SHOWN]]
        if len(table.rejected) > SHOWN:
            drawn += [f"| … | 共 {len(table.rejected):,} 行，见退回表 rows in all, see the reject sheet |"]
    drawn += ["", "| 检查 what must be true | 不符 rows |", "|---|--:|"]
    drawn += [f"| {'✗' if failed else '✓'} {plain(said)} | {failed:,} |" for said, failed in table.findings.items()]
    return [*drawn, ""]


def _reason(outcome: RowOutcome) -> str:
    """Write a reason for a page that is kept: without telephone numbers."""
    return "<br>".join(plain(line) for line in mask_phones(outcome.reason).splitlines())
