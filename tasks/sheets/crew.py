"""A crew: processes that take chunks side by side, each with its own connections. One Python keeps one core busy."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from itertools import repeat
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from sqlalchemy import Engine

from tasks.durable import database
from tasks.durable.database import Connect

R = TypeVar("R")
WORTH_A_HELPER = 4  # chunks: a process takes a second or two to come
AT_ONCE = 4  # chunks for each helper: one that is done with its own does not wait for the others


class Crew:
    """Does the work of several chunks at once; alone, this process does it itself.

    at_once   how many chunks are best given to it together
    """

    def __init__(self, db: Engine, pool: ProcessPoolExecutor | None, at_once: int) -> None:
        self.at_once = at_once
        self._db, self._pool = db, pool

    def map(self, work: Callable[..., R], parts: Sequence[Sequence[Any]]) -> list[R]:
        """Give `work(db, *part)` of each part, in order; work is a module's function, parts can be pickled."""
        if self._pool is None:
            return [work(self._db, *part) for part in parts]
        try:
            return list(self._pool.map(_do, repeat(work), parts))
        except BrokenProcessPool:  # a helper was killed; what was committed is known, so all is asked again here
            self._pool, self.at_once = None, 1
            return self.map(work, parts)


@contextmanager
def crew(db: Engine, chunks: int) -> Iterator[Crew]:
    """Call together as many helpers as there are cores, if so many chunks are worth it and they can connect.

    They come while this process does something else.
    """
    join, size = database.for_helpers(), min(os.cpu_count() or 1, chunks // WORTH_A_HELPER)
    if join is None or size < 2:
        yield Crew(db, None, 1)
        return
    context = get_context("forkserver")
    leader, _alive = context.Pipe(duplex=False)  # the other end closes with this process, however it ends
    with _alive, leader, ProcessPoolExecutor(size, context, _begin, (join, leader)) as pool:
        pool.submit(os.getpid)  # now, not with the first chunk
        yield Crew(db, pool, size * AT_ONCE)


def _begin(join: Connect, leader: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the leader's: it ends the crew
    threading.Thread(target=_end_with, args=(leader,), daemon=True).start()
    database.use(join())


def _end_with(leader: Connection) -> None:
    """End when the leader was killed; what was not committed is done again by who comes next."""
    with suppress(EOFError, OSError):
        leader.recv()
    os._exit(1)


def _do(work: Callable[..., R], part: Sequence[Any]) -> R:
    return work(database.current(), *part)
