"""A leg holds a lease on its case, so that no two legs work on it and a watch knows who is dead (law 5).

Safety never hangs on the lease (the case's lock and its ledger sequence do that); it only saves double work.
"""

import os
import socket
import threading
import time
from collections.abc import Iterator
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
    while not _take(db, case_id, holder):
        time.sleep(0.05)
    with _kept(db, case_id, holder):
        yield


@contextmanager
def seized(db: Engine, case_id: int) -> Iterator[bool]:
    """Hold the lease of a case if nobody else does; gives whether we hold it."""
    holder = _name()
    if not _take(db, case_id, holder):
        yield False
        return
    with _kept(db, case_id, holder):
        yield True


def _name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{uuid4()}"


@contextmanager
def _kept(db: Engine, case_id: int, holder: str) -> Iterator[None]:
    stop = threading.Event()
    renewer = threading.Thread(target=_renew, args=(db, case_id, holder, stop), daemon=True)
    renewer.start()
    try:
        yield
    finally:
        stop.set()
        with db.begin() as connection:
            connection.execute(delete(lease).where(lease.c.case_id == case_id, lease.c.holder == holder))


def _take(db: Engine, case_id: int, holder: str) -> bool:
    now = clock.now()
    statement = insert(lease).values(case_id=case_id, holder=holder, expires_at=now + VOID_AFTER)
    taken = statement.on_conflict_do_update(
        index_elements=[lease.c.case_id],
        set_={"holder": holder, "expires_at": now + VOID_AFTER},
        where=lease.c.expires_at <= now,
    ).returning(lease.c.holder)
    try:
        with db.begin() as connection:
            return connection.execute(taken).scalar() == holder
    except IntegrityError:
        raise NotFound(f"没有这张单据 no case with id {case_id}") from None


def _renew(db: Engine, case_id: int, holder: str, stop: threading.Event) -> None:
    while not stop.wait(RENEW_EVERY.total_seconds()):
        with (
            suppress(OperationalError),
            db.begin() as connection,
        ):  # a lost database: the leg itself will notice
            connection.execute(
                update(lease)
                .where(lease.c.case_id == case_id, lease.c.holder == holder)
                .values(expires_at=clock.now() + VOID_AFTER)
            )
