"""A crew: processes that take chunks side by side, each with its own connections. One Python keeps one core busy.

They come from one process that has loaded what this one has: it is loaded once, and its memory is shared.
"""

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from itertools import repeat
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from typing import Any, TypeVar

from sqlalchemy import Engine

from tasks.durable import database
from tasks.durable.database import Connect
from tasks.unit.collector import collector_at_rest

R = TypeVar("R")
WORTH_A_HELPER = 4  # chunks: a process takes a second or two to come
AT_ONCE = 8  # chunks for each helper: one that is done with its own waits for the others only at the end of all these


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
    with _pool(size, _join, join) as pool:
        yield Crew(db, pool, size * AT_ONCE)


@contextmanager
def apart(work: Callable[..., R], ready: Callable[[], None], worth_it: bool) -> Iterator[Callable[..., R]]:
    """Have work done by a process of its own, which gets `ready` at once and ends with the block, all it loaded with it.

    Where that is not worth it, or nobody may help, this process does it itself.
    """
    if not worth_it or database.for_helpers() is None or (os.cpu_count() or 1) < 2:
        yield work
        return
    with _pool(1, ready) as pool:

        def there(*part: Any) -> R:
            try:
                return pool.submit(work, *part).result()
            except BrokenProcessPool:  # it was killed
                return work(*part)

        yield there


@contextmanager
def _pool(size: int, ready: Callable[..., None], *what: Any) -> Iterator[ProcessPoolExecutor]:
    """Start so many processes, now, not with the first work; they end with this one, however it ends."""
    context = _context()
    leader, _alive = context.Pipe(duplex=False)  # the other end closes with this process
    pool = ProcessPoolExecutor(size, context, _begin, (leader, ready, *what))
    with _alive, leader, pool, ThreadPoolExecutor(1) as aside:  # their parent loads first: nobody waits here for that
        aside.map(pool.submit, repeat(os.getpid, size))
        yield pool


def _context() -> ForkServerContext:
    context = get_context("forkserver")
    context.set_forkserver_preload([name for name in sys.modules if name.startswith(("flows.", "tasks."))])
    return context


def _begin(leader: Connection, ready: Callable[..., None], *what: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the leader's: it ends the crew
    threading.Thread(target=_end_with, args=(leader,), daemon=True).start()
    gc.freeze()  # what is shared is not looked through: that would make a copy of it
    with collector_at_rest():
        ready(*what)
        gc.freeze()  # nor what stays loaded


def _join(join: Connect) -> None:
    database.use(join())


def _end_with(leader: Connection) -> None:
    """End when the leader was killed; what was not committed is done again by who comes next."""
    with suppress(EOFError, OSError):
        leader.recv()
    os._exit(1)


def _do(work: Callable[..., R], part: Sequence[Any]) -> R:
    return work(database.current(), *part)
