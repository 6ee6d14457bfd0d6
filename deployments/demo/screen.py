"""What the demo shows: who does what, live; at the end the endings, the books and one case."""

import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from deployments.cli.output import PIPED_WIDTH
from deployments.demo.progress import Progress
from schemas.words import Ending

LAST = 8  # events that are shown live
STATUS_EVERY = 15.0  # seconds between status lines where nobody watches live


class Screen:
    """A live view on a terminal; plain lines elsewhere."""

    def __init__(self) -> None:
        width = None if sys.stdout.isatty() else PIPED_WIDTH
        self.console = Console(width=width, markup=False, emoji=False, highlight=False)
        self.started = time.monotonic()
        self.closed = self.cases = self.answers = 0
        self._events: deque[Text] = deque(maxlen=LAST)
        self._lock = threading.Lock()
        self._live = Live(console=self.console, get_renderable=self._now, transient=True)
        self._status_at = self._moved_at = self.started

    @property
    def seconds(self) -> float:
        """Seconds since the demo began."""
        return time.monotonic() - self.started

    @property
    def idle(self) -> float:
        """Seconds since something last happened."""
        return time.monotonic() - self._moved_at

    def open(self) -> None:
        """Begin the live view."""
        if self.console.is_terminal:
            self._live.start()

    def close(self) -> None:
        """End the live view."""
        self._live.stop()

    def stage(self, text: str) -> None:
        """Say what comes now."""
        self.console.print(Text(f"{self.seconds:4.0f} s ▸ {text}", "bold cyan"), soft_wrap=True)

    def tell(self, who: str, case: str, what: str, keep: bool = True) -> None:
        """Tell what somebody did; `keep` leaves a line that stays."""
        line = Text.assemble((f"{self.seconds:4.0f} s ", "dim"), (who, "green"), f" {case[-6:]} ", what)
        with self._lock:
            self._events.append(line)
        if keep:
            self.console.print(line, overflow="ellipsis", no_wrap=True)

    def progress(self, closed: int, cases: int, answers: int) -> None:
        """Note how far all cases are."""
        if (closed, answers) != (self.closed, self.answers):
            self._moved_at = time.monotonic()
        self.closed, self.cases, self.answers = closed, cases, answers
        if not self.console.is_terminal and time.monotonic() - self._status_at > STATUS_EVERY:
            self._status_at = time.monotonic()
            self.stage(self._counts())

    def _now(self) -> RenderableType:
        head = Text(f"{self.seconds:4.0f} s · {self._counts()}")
        with self._lock:
            return Group(head, ProgressBar(max(self.cases, 1), self.closed, width=60), *self._events)

    def _counts(self) -> str:
        return f"{self.closed} / {self.cases} 单已结案 cases closed, {self.answers} 次办理 answers"

    # the end

    def case(self, parts: Sequence[RenderableType]) -> None:
        """Show a case as `aftersales case` does."""
        for part in parts:
            self.console.print(part)

    def endings(self, stories: Sequence[Progress], ended: Mapping[str, Ending | None]) -> None:
        """Show how each case ended and how it should have."""
        shown = Table(title="结案 Endings")
        for heading in ("单号 Case", "申报 Application", "经过 Story", "应为 Expected", "结果 Ending"):
            shown.add_column(heading, overflow="fold")
        for progress in stories:
            ending, due = ended.get(progress.number), progress.story.ending
            said = ending.zh if ending else "未结案 open"
            result = Text(f"✓ {said}", "green") if ending is due else Text(f"✗ {said}", "red")
            shown.add_row(progress.number, progress.story.key, progress.story.title, due.zh, result)
        self.console.print(shown)

    def books(self, found: Mapping[str, Sequence[tuple[object, ...]]], figures: Mapping[str, int]) -> None:
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
