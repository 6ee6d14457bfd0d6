"""Hours of the day as policies say them, and moments as people write them; pure."""

from datetime import date, datetime, time
from typing import Any

from tasks.cycle.rules import at

Hours = tuple[time, time]


def moment_of(text: str, end: time) -> datetime | None:
    """Read a promised moment; a day without a time means until that hour."""
    if not text:
        return None
    day, _, hour = text.partition(" ")
    return at(date.fromisoformat(day), time.fromisoformat(hour) if hour else end)


def hours(policy: Any) -> Hours:
    """Read a policy's hours."""
    start, end = map(time.fromisoformat, policy)
    return start, end
