"""Reference data that this process keeps: read once, and again only after somebody changed it.

Whatever changes one of the tables in `schemas.tables.STAMPED` gives the database a new stamp, by a trigger, in the
same transaction; a stamp never comes back. So what was read under a stamp holds wherever that stamp stands, in another
database that is a copy too, and a change is seen by the next unit, or the next call outside of one.
"""

from collections.abc import Callable, Sequence
from functools import update_wrapper
from typing import Generic, TypeVar
from uuid import UUID

from sqlalchemy import Connection, select

from schemas.tables import reference_stamp

T = TypeVar("T")
_MOST = 4  # stamps: those of a few databases, or the last ones of a database whose reference data is being loaded
_STAMP = select(reference_stamp.c.stamp)


def stamp_of(connection: Connection) -> UUID | None:
    """Give the stamp of the reference data as it is now; None where nothing was loaded yet."""
    stamp: UUID | None = connection.execute(_STAMP).scalar()
    return stamp


class kept(Generic[T]):  # noqa: N801  a decorator
    """Makes a query of stamped tables alone keep what it found; nobody may change that."""

    def __init__(self, query: Callable[[Connection, Sequence[int]], T]) -> None:
        self.query, self._found = query, dict[UUID, T]()
        update_wrapper(self, query)

    def __call__(self, connection: Connection, _case_ids: Sequence[int] = ()) -> T:
        """Give what the query finds now."""
        return self.at(stamp_of(connection), connection)

    def at(self, stamp: UUID | None, connection: Connection) -> T:
        """Give what the query found under a stamp that stands in this transaction, or finds now."""
        if stamp is not None and stamp in self._found:
            return self._found[stamp]
        found = self.query(connection, ())
        if stamp is not None and stamp == stamp_of(connection):  # nobody has changed it while we read
            self._found = dict([*self._found.items(), (stamp, found)][-_MOST:])
        return found
