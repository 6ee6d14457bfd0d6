"""What the database refuses: which transactions are tried again, in halves, or alone."""

from collections.abc import Callable, Sequence, Set
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, OperationalError

T = TypeVar("T")
R = TypeVar("R")
ATTEMPTS = 5
DEADLOCKS = {"40001", "40P01"}
OF_THE_HOUSE = ("08", "53", "57P", "58")  # connections, disk or memory full, starting or stopping, its system
FROZEN = {"25P03"}  # who stood still in a transaction, which the database has ended
TWIN = {"23505"}  # committed meanwhile
TRY_AGAIN = DEADLOCKS | FROZEN | TWIN | {"23514"}  # or goods that another one took


def tried(act: Callable[[], R], again: Set[str] = TRY_AGAIN) -> R:
    """Do it, and a few times more where the database refuses it with one of these codes."""
    for _ in range(ATTEMPTS - 1):
        try:
            return act()
        except DBAPIError as error:
            if state_of(error) not in again:
                raise
    return act()


def in_halves(
    many: Sequence[T], together: Callable[[Sequence[T]], Sequence[R]], alone: Callable[[T, Exception], R]
) -> Sequence[R]:
    """Do many in one transaction; where it fails, each half has its own, down to one that is done alone.

    Deadlocks are tried again, and one that met its twin, or stood still, looks again. Raises where the database cannot
    be reached.
    """
    try:
        again = DEADLOCKS if len(many) > 1 else DEADLOCKS | FROZEN | TWIN
        return tried(lambda: together(many), again) if many else []
    except Exception as error:
        if is_lost(error):
            raise
        if len(many) == 1:
            return [alone(many[0], error)]
    middle = (len(many) + 1) // 2
    return [*in_halves(many[:middle], together, alone), *in_halves(many[middle:], together, alone)]


def state_of(error: Exception) -> str | None:
    """Give the SQLSTATE by which the database refused something; None for other faults."""
    state: str | None = getattr(getattr(error, "orig", None), "sqlstate", None)
    return state


def is_lost(error: Exception) -> bool:
    """Say whether the fault is the database's own: it cannot be reached, is full or starting. No row is to blame."""
    if not isinstance(error, OperationalError):
        return False
    state = state_of(error)
    return error.connection_invalidated or state is None or state.startswith(OF_THE_HOUSE)
