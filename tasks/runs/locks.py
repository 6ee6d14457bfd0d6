"""Jobs: flow runs that only Prefect knows of. While one is at work it holds a lock of the database; so does `alone`.

The lock goes with the connection, so with the process, however that ends: the watch sees at once who is dead. Who loses
it ends, for the watch starts the job again.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

from sqlalchemy import Engine, case, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from tasks.unit.reading import reading

OURS = "aftersales-job:"  # tells our locks from those of others
_HELD = text(f"""
    SELECT job FROM unnest(CAST(:jobs AS text[])) job
    JOIN pg_locks ON (classid::bigint << 32) | objid::bigint = hashtextextended('{OURS}' || job, 0)
    WHERE locktype = 'advisory' AND granted AND objsubid = 1
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())""")


@contextmanager
def at_work(db: Engine, job: UUID) -> Iterator[Callable[[], bool] | None]:
    """Hold a job for the time of the block; gives how to ask if we still do, None where another process holds it."""
    key = func.hashtextextended(f"{OURS}{job}", 0)
    with reading(db) as connection:
        session = select(func.pg_backend_pid())  # the lock lives as long as this; a new one would be another
        ours, holder = connection.execute(select(func.pg_try_advisory_lock(key), session.scalar_subquery())).one()

        def still() -> bool:
            try:
                return bool(connection.execute(session).scalar() == holder)
            except SQLAlchemyError:
                return False

        try:
            yield still if ours else None
        finally:
            if ours:
                unlock = case((func.pg_backend_pid() == holder, func.pg_advisory_unlock(key)))
                with suppress(SQLAlchemyError):  # the session is gone, and the lock with it
                    connection.execute(select(unlock))


@contextmanager
def one_at_a_time(db: Engine, work: str) -> Iterator[None]:
    """Let one process at a time do some work that has a name; the others wait for it."""
    key = func.hashtextextended(f"{OURS}{work}", 0)
    with reading(db) as connection:
        connection.execute(select(func.pg_advisory_lock(key)))
        try:
            yield
        finally:
            connection.execute(select(func.pg_advisory_unlock(key)))


def jobs_at_work(db: Engine, jobs: Collection[UUID]) -> set[UUID]:
    """Find which jobs somebody holds."""
    with reading(db) as connection:
        held = connection.execute(_HELD, {"jobs": [str(job) for job in jobs]})
        return {UUID(job) for job in held.scalars()}
