"""Other processes that do a part of the work beside us, on the same database, at the moment that they are told."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from multiprocessing import get_context
from queue import SimpleQueue
from typing import Any, NamedTuple, TypeVar

import time_machine
from sqlalchemy import Engine

import flows
from deployments import database
from tasks.durable import clock

P = TypeVar("P")
T = TypeVar("T")
Give = Callable[["Helper", P], Future[T]]
_mine: list[Engine] = []  # in the helping process: its engine


class Helper(NamedTuple):
    """Processes at our service; what they are given they take in order."""

    pool: ProcessPoolExecutor
    processes: int

    def at(self, moment: datetime, work: Callable[..., T], *given: Any) -> Future[T]:
        """Let one do some work on the database, for which it is that moment."""
        return self.pool.submit(_at, moment, work, *given)

    def now(self, work: Callable[..., T], *given: Any) -> Future[T]:
        """Let one do some work now."""
        return self.at(clock.now(), work, *given)


def shared(parts: Sequence[P], do: Callable[[P], T], helper: Helper | None, give: Give[P, T]) -> Iterator[tuple[P, T]]:
    """Have parts of some work done, the next by whoever is free: us, or a process of the helper, if there is one."""
    left, ended = deque(parts), SimpleQueue[tuple[P, Future[T]]]()

    def hand_out() -> None:
        with suppress(IndexError):  # none is left
            part = left.popleft()
            give(helper, part).add_done_callback(partial(hear, part))

    def hear(part: P, came: Future[T]) -> None:
        ended.put((part, came))
        hand_out()

    for _ in range(min(helper.processes, len(parts) - 1) if helper else 0):
        hand_out()
    for _ in parts:
        try:
            part = left.popleft()
        except IndexError:
            part, came = ended.get()
            yield part, came.result()
        else:
            yield part, do(part)


@contextmanager
def helper(db: Engine, processes: int = 1) -> Iterator[Helper]:
    """Have processes that help for the time of the block, and have begun."""
    url = db.url.render_as_string(hide_password=False)
    with ProcessPoolExecutor(processes, get_context("spawn"), _begin, (url,)) as pool:
        wait([pool.submit(_begun) for _ in range(processes)])
        yield Helper(pool, processes)


def _begin(url: str) -> None:
    flows.load()
    _mine.append(database.connect(url))


def _begun() -> None:
    """Do nothing: who does it has begun."""


def _at(moment: datetime, work: Callable[..., T], *given: Any) -> T:
    with time_machine.travel(moment, tick=False):
        return work(_mine[0], *given)
