"""Waits for what others do in their own time: processes that start, what Prefect records a moment later."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
MINUTES = 240.0  # seconds: a safety net beside whatever load, never a bound on how fast anything is


def wait_until(ask: Callable[[], T], wanted: object = True, seconds: float = MINUTES) -> T:
    """Ask until the answer is what is wanted; gives it."""
    until, pause = time.monotonic() + seconds, 0.01
    while (found := ask()) != wanted:
        assert time.monotonic() < until, f"{found!r} instead of {wanted!r} after {seconds:.0f} s"
        time.sleep(pause)
        pause = min(pause * 1.5, 0.2)
    return found
