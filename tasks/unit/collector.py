"""Python's garbage collector beside many objects."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Let the collector rest: to look at a chunk's many objects again costs a quarter of its time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:  # else this block is part of one that says so too
            gc.enable()  # it comes at once, and looks through what is young: rings of a chunk are not kept for good
