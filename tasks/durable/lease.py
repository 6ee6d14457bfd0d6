"""A leg holds a lease on its case, so that no two legs work on it and a watch knows who is dead (law 5).

Safety never hangs on the lease (the case's lock and its ledger sequence do that); it only saves double work. Leases go
by the database's clock: those of hosts differ.
"""

import os
import socket
import threading
import time
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager, suppress
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import ColumnElement, Engine, Exists, delete, exists, func, update
from sqlalchemy.dialects.postgresql import insert

from schemas.problems import Unavailable
from schemas.tables import lease
from schemas.tables.base import Moment

RENEW_EVERY = timedelta(seconds=5)
VOID_AFTER = timedelta(seconds=20)
NOW = func.clock_timestamp(type_=Moment)


def is_held(case_id: ColumnElement[int]) -> Exists:
    """Say in SQL that a leg holds the lease of a case."""
    return exists().where(lease.c.case_id == case_id, lease.c.expires_at > NOW)


@contextmanager
def held(db: Engine, case_id: int, wait: bool = True) -> Iterator[None]:
    """Hold the lease of a case, waiting for another leg to end or its lease to become void; else Unavailable at once."""
    while True:
        with seized(db, [case_id]) as ours:
            if ours:
                yield
                return
        if not wait:
            raise Unavailable(f"本单正由他人办理，请稍后再试 another has case {case_id} in hand: try again")
        time.sleep(0.05)


@contextmanager
def seized(db: Engine, case_ids: Sequence[int]) -> Iterator[Set[int]]:
    """Hold the leases of those cases whose lease nobody else holds; gives these."""
    holder, stop = f"{socket.gethostname()}:{os.getpid()}:{uuid4()}", threading.Event()
    ours = _take(db, case_ids, holder)
    mine = lease.c.case_id.in_(ours), lease.c.holder == holder

    def renew() -> None:
        while not stop.wait(RENEW_EVERY.total_seconds()):
            with suppress(Exception), db.begin() as connection:  # whatever it was, the next time may go well
                connection.execute(update(lease).where(*mine).values(expires_at=NOW + VOID_AFTER))

    renewer = threading.Thread(target=renew, daemon=True)
    try:
        if ours:
            renewer.start()
        yield ours
    finally:
        stop.set()
        if ours:
            renewer.join()
            with db.begin() as connection:
                connection.execute(delete(lease).where(*mine))


def _take(db: Engine, case_ids: Sequence[int], holder: str) -> Set[int]:
    own = {"holder": holder, "expires_at": NOW + VOID_AFTER}
    wanted = insert(lease).values([{"case_id": case_id, **own} for case_id in sorted(case_ids)])
    taken = wanted.on_conflict_do_update(index_elements=[lease.c.case_id], set_=own, where=lease.c.expires_at <= NOW)
    with db.begin() as connection:
        return set(connection.execute(taken.returning(lease.c.case_id)).scalars())
