"""Business time of several processes: the real one, and by how much it is ahead of that stands in a file that all read."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from struct import pack, unpack
from unittest.mock import patch

from tasks.durable import clock


class BusinessTime:
    """The clock of who knows the file; it goes on as ever between its jumps, and never back."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def now(self) -> datetime:
        """Give the moment as all of them have it."""
        (ahead,) = unpack("d", self.file.read_bytes())
        return datetime.now(UTC) + timedelta(seconds=ahead)

    def move_to(self, moment: datetime) -> None:
        """Jump ahead to a moment; where it has passed already, nothing changes."""
        if not self.file.exists() or moment > self.now():
            draft = self.file.with_suffix(".new")
            draft.write_bytes(pack("d", (moment - datetime.now(UTC)).total_seconds()))
            draft.replace(self.file)

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Let it be the clock of this process for the time of the block."""
        with patch.object(clock, "now", self.now):
            yield
