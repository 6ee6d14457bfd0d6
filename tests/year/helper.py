"""Another process that does a part of the work beside us, on the same database, at the moment that it is told."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from multiprocessing import get_context
from typing import Any, NamedTuple, TypeVar

import time_machine
from sqlalchemy import Engine

import flows
from deployments import database
from tasks.durable import clock

P = TypeVar("P")
T = TypeVar("T")
_mine: list[Engine] = []  # in the helping process: its engine


class Helper(NamedTuple):
    """A process at our service; what it is given it does in order."""

    pool: ProcessPoolExecutor

    def at(self, moment: datetime, work: Callable[..., T], *given: Any) -> Future[T]:
        """Let it do some work on the database, for which it is that moment."""
        return self.pool.submit(_at, moment, work, *given)

    def now(self, work: Callable[..., T], *given: Any) -> Future[T]:
        """Let it do some work now."""
        return self.at(clock.now(), work, *given)


def shared(parts: Sequence[P], do: Callable[[P], T], give: Callable[[P], Future[T]] | None) -> Iterator[tuple[P, T]]:
    """Have parts of some work done, each by who is free for it: us, or a helper, if there is one to `give` them to."""
    given = deque((part, give(part)) for part in parts[1:] if give)
    for part in parts[:1] if give else parts:
        yield part, do(part)
    while given:
        part, came = given.pop() if given[-1][1].cancel() else given.popleft()
        yield part, do(part) if came.cancelled() else came.result()


@contextmanager
def helper(db: Engine) -> Iterator[Helper]:
    """Have a process that helps for the time of the block."""
    url = db.url.render_as_string(hide_password=False)
    with ProcessPoolExecutor(1, get_context("spawn"), _begin, (url,)) as pool:
        yield Helper(pool)


def _begin(url: str) -> None:
    flows.load()
    _mine.append(database.connect(url))


def _at(moment: datetime, work: Callable[..., T], *given: Any) -> T:
    with time_machine.travel(moment, tick=False):
        return work(_mine[0], *given)
