"""How a process of ours reaches the operations database, and those that help it with a sheet reach the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from sqlalchemy import Engine

import flows
from deployments.database import connect
from tasks.durable.database import use

THREADS = 2


@contextmanager
def reached(url: str, threads: int = THREADS) -> Iterator[Engine]:
    """Make it the database of this process for the time of the block."""
    db = connect(url, threads)
    use(db, partial(join, url))
    try:
        yield db
    finally:
        db.dispose()


def join(url: str) -> Engine:
    """Load the processes, as one that helps must, and give an engine on the database."""
    flows.load()
    return connect(url, THREADS)
