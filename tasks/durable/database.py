"""The operations database of this process: set once where a program starts, used by every flow in it."""

from collections.abc import Callable

from sqlalchemy import Engine

from schemas.problems import Unavailable

Connect = Callable[[], Engine]
_ours: list[tuple[Engine, Connect | None]] = []


def use(db: Engine, connect: Connect | None = None) -> None:
    """Make `db` the database of this process; `connect` is how processes that help it reach the same."""
    _ours[:] = [(db, connect)]


def current() -> Engine:
    """Give the database of this process; Unavailable where none was set."""
    if not _ours:
        raise Unavailable("数据库未连接 no database is set: start through `aftersales`, or call `use`")
    return _ours[0][0]


def for_helpers() -> Connect | None:
    """Give how helping processes reach the database of this one; None where nobody said."""
    return _ours[0][1] if _ours else None
