"""Quiet around libraries that warn of what they drop, or of what others will change one day.

Python keeps its warning filters in one place for the whole process, as Great Expectations does its context: of two
threads that each silence and restore them, the first to end takes the silence from the other. So one at a time is in.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_one_at_a_time = Lock()


@contextmanager
def quiet() -> Iterator[None]:
    """Let no warning through, and no other thread in, for the time of the block."""
    with _one_at_a_time, warnings.catch_warnings(action="ignore"):
        yield
