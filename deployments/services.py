"""The loops that run beside the worker's legs: the watch, the outbox, the pages."""

import httpx
from sqlalchemy import Engine

from deployments.loop import Loop, log
from tasks.durable import clock
from tasks.outbox.dispatch import dispatch_due
from tasks.runs.mending import RecoverReport
from tasks.runs.publish import PAGES
from tasks.runs.watch import Watch

WATCH_EVERY = 3.0  # seconds
OUTBOX_EVERY = 2.0
PAGES_EVERY = 15.0


def background_loops(db: Engine) -> list[Loop]:
    """Return them for an operations database."""
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
