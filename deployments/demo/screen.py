"""What the demo shows as it goes: who does what, and how far all is."""

import time
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from deployments.cli.output import new_console

STATUS_EVERY = 15.0  # seconds between two lines that say how far all is


class Screen:
    """Lines as things happen; `console` is where they stand."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or new_console()
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

    def tell(self, who: str, case: str, what: str) -> None:
        """Tell what somebody did."""
        line = Text.assemble((f"{self.seconds:4.0f} s ", "dim"), (who, "green"), f" {case[-6:]} ", what)
        self.console.print(line, overflow="ellipsis", no_wrap=True)

    def progress(self, closed: int, cases: int, answers: int) -> None:
        """Note how far all cases are, and say it from time to time."""
        if (closed, answers) != self._seen:
            self._seen, self._moved_at = (closed, answers), time.monotonic()
        if time.monotonic() - self._status_at > STATUS_EVERY:
            self._status_at = time.monotonic()
            self.stage(f"{closed} / {cases} 单已结案 cases closed, {answers} 次办理 answers")

    def verdict(self, problems: Sequence[str], ways: int) -> None:
        """Say at last whether all is as it should be, in each of the ways that were played."""
        if not problems:
            text = "✓ 各单结案如预期，账目平衡 every case ended as it should, the books balance"
            text += "；点击与表格结果相同 by clicks and through sheets alike" if ways > 1 else ""
            self.console.print(Text(f"{text} · {self.seconds:.0f} s", "bold green"))
        for problem in problems:
            self.console.print(Text(f"✗ {problem}", "bold red"), soft_wrap=True)
