"""What goes on by itself where no Prefect runs: the watch, and the days, which go by as fast as it can look."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from sqlalchemy import Engine, func, select

from schemas.answers import Turn
from schemas.problems import AftersalesError
from schemas.tables import work_item
from schemas.words import Role
from tasks.control.watch import watch_cycles
from tasks.durable import clock
from tasks.durable.stage import CHUNK, advance_chunk
from tasks.notices.watch import watch_deadlines
from tasks.runs.queries import ready_cases

WEEK = 7


class Days:
    """Business time of this process: it goes on as ever, and by days where everybody waits."""

    def __init__(self) -> None:
        self.gone = timedelta()

    @contextmanager
    def counted(self) -> Iterator["Days"]:
        """Add for the time of the block the days that went by."""
        real = clock.now
        with patch.object(clock, "now", lambda: real() + self.gone):
            yield self

    def pass_on(self, db: Engine) -> None:
        """Let days go by, each with a round of the watch, until somebody is asked anything, at most a week."""
        asked = _asked(db)
        for _ in range(WEEK):
            self.gone += timedelta(days=1)
            watch(db)
            if _asked(db) != asked:
                return


def _asked(db: Engine) -> int:
    """Count what people were ever asked."""
    with db.connect() as connection:
        return connection.scalar(select(func.count()).where(work_item.c.role != Role.SYSTEM)) or 0


def watch(db: Engine) -> None:
    """Do what the watch and the deadline watch do; AftersalesError where a case could not go on."""
    let_others_go(db)
    failed = [*watch_cycles(db), *watch_deadlines(db, clock.now()).failed]
    let_others_go(db)
    if failed:
        raise AftersalesError(f"巡检故障 the watch could not go on: {failed}")


def let_others_go(db: Engine) -> None:
    """Bring cases that others opened to their first gate, and let letters be read."""
    while True:
        with db.connect() as connection:
            ready = ready_cases(connection, clock.now(), CHUNK)
        if not ready:
            return
        advance_chunk(db, [Turn(case) for case in ready])
