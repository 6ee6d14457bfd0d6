"""What the database refuses: which transactions are tried again, in halves, or alone."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy.exc import OperationalError

T = TypeVar("T")
R = TypeVar("R")
ATTEMPTS = 5
DEADLOCKS = {"40001", "40P01"}
TRY_AGAIN = DEADLOCKS | {"23505", "23514"}  # a twin that committed, or goods that another one took, meanwhile


def in_halves(
    many: Sequence[T],
    together: Callable[[Sequence[T]], Sequence[R]],
    alone: Callable[[T, Exception], R],
    attempts: int = ATTEMPTS,
) -> Sequence[R]:
    """Do many in one transaction; where it fails, each half has its own, down to one that is done alone.

    Deadlocks are tried again. Raises where the database cannot be reached.
    """
    try:
        return together(many) if many else []
    except Exception as error:
        if is_lost(error):
            raise
        if attempts > 1 and state_of(error) in DEADLOCKS:
            return in_halves(many, together, alone, attempts - 1)
        if len(many) == 1:
            return [alone(many[0], error)]
    middle = (len(many) + 1) // 2
    return [*in_halves(many[:middle], together, alone), *in_halves(many[middle:], together, alone)]


def state_of(error: Exception) -> str | None:
    """Give the SQLSTATE by which the database refused something; None for other faults."""
    state: str | None = getattr(getattr(error, "orig", None), "sqlstate", None)
    return state


def is_lost(error: Exception) -> bool:
    """Say whether the database cannot be reached; what it refuses has a code."""
    return isinstance(error, OperationalError) and (error.connection_invalidated or state_of(error) is None)
