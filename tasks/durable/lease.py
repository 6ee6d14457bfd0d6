"""A leg holds a lease on its case, so that no two legs work on it and a watch knows who is dead (law 5).

Safety never hangs on the lease (the case's lock and its ledger sequence do that); it only saves double work.
"""

import os
import socket
import threading
import time
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager, suppress
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import Engine, delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError, OperationalError

from schemas.problems import NotFound
from schemas.tables import lease
from tasks.durable import clock

RENEW_EVERY = timedelta(seconds=5)
VOID_AFTER = timedelta(seconds=20)


@contextmanager
def held(db: Engine, case_id: int) -> Iterator[None]:
    """Hold the lease of a case, waiting for another leg to end or for its lease to become void."""
    holder = _name()
    while not _take(db, [case_id], holder):
        time.sleep(0.05)
    with _kept(db, holder, {case_id}):
        yield


@contextmanager
def seized(db: Engine, case_ids: Sequence[int]) -> Iterator[Set[int]]:
    """Hold the leases of those cases whose lease nobody else holds; gives these."""
    holder = _name()
    ours = _take(db, case_ids, holder)
    with _kept(db, holder, ours):
        yield ours


def _name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{uuid4()}"


@contextmanager
def _kept(db: Engine, holder: str, case_ids: Set[int]) -> Iterator[None]:
    stop = threading.Event()
    renewer = threading.Thread(target=_renew, args=(db, holder, case_ids, stop), daemon=True)
    renewer.start()
    try:
        yield
    finally:
        stop.set()
        with db.begin() as connection:
            connection.execute(delete(lease).where(lease.c.case_id.in_(case_ids), lease.c.holder == holder))


def _take(db: Engine, case_ids: Sequence[int], holder: str) -> Set[int]:
    now = clock.now()
    rows = [{"case_id": case_id, "holder": holder, "expires_at": now + VOID_AFTER} for case_id in sorted(case_ids)]
    statement = insert(lease).values(rows)
    taken = statement.on_conflict_do_update(
        index_elements=[lease.c.case_id],
        set_={"holder": holder, "expires_at": now + VOID_AFTER},
        where=lease.c.expires_at <= now,
    ).returning(lease.c.case_id)
    try:
        with db.begin() as connection:
            return set(connection.execute(taken).scalars())
    except IntegrityError:
        raise NotFound(f"没有这张单据 no case with id {', '.join(map(str, case_ids))}") from None


def _renew(db: Engine, holder: str, case_ids: Set[int], stop: threading.Event) -> None:
    while not stop.wait(RENEW_EVERY.total_seconds()):
        with suppress(OperationalError), db.begin() as connection:  # a lost database: the leg itself will notice
            connection.execute(
                update(lease)
                .where(lease.c.case_id.in_(case_ids), lease.c.holder == holder)
                .values(expires_at=clock.now() + VOID_AFTER)
            )
