"""Jobs: flow runs that only Prefect knows of. While one is at work it holds a lock of the database.

The lock goes with the connection, so with the process, however that ends: the watch sees at once who is dead.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import BigInteger, Engine, func, literal, select, text

SPACE = 0x0AF7E25A << 96  # tells our locks from those that others name by UUID


@contextmanager
def at_work(db: Engine, job: UUID) -> Iterator[bool]:
    """Hold a job for the time of the block; gives whether we hold it and nobody else does."""
    with db.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        key = literal(lock_key(job), BigInteger)
        ours = bool(connection.execute(select(func.pg_try_advisory_lock(key))).scalar())
        try:
            yield ours
        finally:
            if ours:
                connection.execute(select(func.pg_advisory_unlock(key)))


def jobs_at_work(db: Engine, jobs: Collection[UUID]) -> set[UUID]:
    """Find which jobs somebody holds."""
    by_key = {lock_key(job): job for job in jobs}
    with db.connect() as connection:
        return {by_key[key] for key in connection.execute(_HELD).scalars() if key in by_key}


def lock_key(job: UUID) -> int:
    """Fold a UUID to the 63 bits of an advisory lock."""
    number = job.int ^ SPACE
    return (number ^ (number >> 64)) & (1 << 63) - 1


_HELD = text(
    "SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND granted "
    "AND objsubid = 1 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
