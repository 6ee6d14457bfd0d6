"""Do things every so many seconds beside the rest, each in a thread of its own."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

STOP_WAIT = 5.0  # seconds that the present turn may take to end
log = logging.getLogger("prefect.aftersales")  # below "prefect", so that it lands in the worker's log


class Loop(NamedTuple):
    """What is done every so many seconds."""

    name: str
    every: float
    work: Callable[[], object]


@contextmanager
def repeated(*loops: Loop) -> Iterator[list[threading.Thread]]:
    """Repeat some work for the time of the block, the first time at once."""
    stopping = threading.Event()
    threads = [threading.Thread(target=_turns, args=(one, stopping), name=one.name, daemon=True) for one in loops]
    for thread in threads:
        thread.start()
    try:
        yield threads
    finally:
        stopping.set()
        for thread in threads:
            thread.join(STOP_WAIT)


def _turns(loop: Loop, stopping: threading.Event) -> None:
    """Take turns; a fault is logged and the next turn comes all the same."""
    while not stopping.is_set():
        try:
            loop.work()
        except Exception:
            log.exception("the loop %s failed; it goes on", loop.name)
        stopping.wait(loop.every)
