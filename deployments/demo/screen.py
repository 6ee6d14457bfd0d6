"""What the demo shows: who does what; at the end the endings, the books and one case."""

import sys
import time
from collections.abc import Mapping, Sequence

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from deployments.cli.output import PIPED_WIDTH

STATUS_EVERY = 15.0  # seconds between two lines that say how far all is


class Screen:
    """Lines as things happen, tables at the end."""

    def __init__(self) -> None:
        width = None if sys.stdout.isatty() else PIPED_WIDTH
        self.console = Console(width=width, markup=False, emoji=False, highlight=False)
        self.started = self._status_at = self._moved_at = time.monotonic()
        self._seen = (0, 0)

    @property
    def seconds(self) -> float:
        """Seconds since the demo began."""
        return time.monotonic() - self.started

    @property
    def idle(self) -> float:
        """Seconds since something last happened."""
        return time.monotonic() - self._moved_at

    def stage(self, text: str) -> None:
        """Say what comes now."""
        self.console.print(Text(f"{self.seconds:4.0f} s ▸ {text}", "bold cyan"), soft_wrap=True)

    def tell(self, who: str, case: str, what: str, keep: bool = True) -> None:
        """Tell what somebody did, if it is worth a line."""
        if keep:
            line = Text.assemble((f"{self.seconds:4.0f} s ", "dim"), (who, "green"), f" {case[-6:]} ", what)
            self.console.print(line, overflow="ellipsis", no_wrap=True)

    def progress(self, closed: int, cases: int, answers: int) -> None:
        """Note how far all cases are, and say it from time to time."""
        if (closed, answers) != self._seen:
            self._seen, self._moved_at = (closed, answers), time.monotonic()
        if time.monotonic() - self._status_at > STATUS_EVERY:
            self._status_at = time.monotonic()
            self.stage(f"{closed} / {cases} 单已结案 cases closed, {answers} 次办理 answers")

    def case(self, parts: Sequence[RenderableType]) -> None:
        """Show a case as `aftersales case` does."""
        for part in parts:
            self.console.print(part)

    def endings(self, rows: Sequence[tuple[str, str, str, str, str]]) -> None:
        """Show how each case ended and how it should have: number, application, story, expected, ending."""
        shown = Table(title="结案 Endings")
        for heading in ("单号 Case", "申报 Application", "经过 Story", "应为 Expected", "结果 Ending"):
            shown.add_column(heading, overflow="fold")
        for *told, due, ended in rows:
            right = due == ended
            shown.add_row(*told, due, Text(f"{'✓' if right else '✗'} {ended}", "green" if right else "red"))
        self.console.print(shown)

    def books(self, found: Mapping[str, Sequence[object]], figures: Mapping[str, int]) -> None:
        """Show which sentences are true of the books."""
        shown = Table("账目 Books", "", title="账目核对 Audit")
        for sentence, wrong in found.items():
            shown.add_row(sentence, Text(f"✗ {wrong[0]}" if wrong else "✓", "red" if wrong else "green"))
        self.console.print(shown)
        self.console.print("  ".join(f"{name} {count}" for name, count in figures.items()))

    def verdict(self, problems: Sequence[str], ways: int) -> None:
        """Say at last whether all is as it should be, in each of the ways that were played."""
        if not problems:
            text = "✓ 各单结案如预期，账目平衡 every case ended as it should, the books balance"
            text += "；点击与表格结果相同 by clicks and through sheets alike" if ways > 1 else ""
            self.console.print(Text(f"{text} · {self.seconds:.0f} s", "bold green"))
        for problem in problems:
            self.console.print(Text(f"✗ {problem}", "bold red"), soft_wrap=True)
