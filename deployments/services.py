"""Run small jobs beside the worker's legs, each in a thread of its own at an interval."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import httpx
from sqlalchemy import Engine

from tasks.durable import clock
from tasks.outbox.dispatch import dispatch_due
from tasks.runs.mending import RecoverReport
from tasks.runs.publish import PAGES
from tasks.runs.watch import Watch

WATCH_EVERY = 3.0  # seconds
OUTBOX_EVERY = 2.0
PAGES_EVERY = 15.0

log = logging.getLogger("prefect.aftersales")  # below "prefect", so that it lands in the worker's log


class Loop:
    """A job that runs every so many seconds; a fault is logged and the next turn comes all the same."""

    def __init__(self, name: str, every: float, work: Callable[[], object]) -> None:
        self.name, self.every, self.work = name, every, work
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._turns, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread; the first turn comes at once."""
        self._thread.start()

    def stop(self, wait: float = 5.0) -> None:
        """Ask the loop to end after its present turn, and wait a while for that."""
        self._stopping.set()
        self._thread.join(wait)

    @property
    def running(self) -> bool:
        """Say if the thread lives."""
        return self._thread.is_alive()

    def _turns(self) -> None:
        while not self._stopping.is_set():
            try:
                self.work()
            except Exception:
                log.exception("the loop %s failed; it goes on", self.name)
            self._stopping.wait(self.every)


def background_loops(db: Engine) -> list[Loop]:
    """Return the loops that run beside the worker: the watch, the outbox, the pages."""
    client, watch = httpx.Client(), Watch(db)
    return [
        Loop("watch", WATCH_EVERY, lambda: note(watch.round())),
        Loop("outbox", OUTBOX_EVERY, lambda: dispatch_due(db, clock.now(), client)),
        Loop("pages", PAGES_EVERY, lambda: (PAGES.publish_inboxes(db), PAGES.publish_start_page(db))),
    ]


def note(report: RecoverReport) -> None:
    """Log a round of the watch that found something to do."""
    if done := ", ".join(f"{name} {count}" for name, count in vars(report).items() if count):
        log.info("watch: %s", done)


@contextmanager
def start_services(loops: Sequence[Loop]) -> Iterator[None]:
    """Run `loops` for the time of the block."""
    for loop in loops:
        loop.start()
    try:
        yield
    finally:
        for loop in loops:
            loop.stop()
