"""The operations database of this process: set once where a program starts, used by every flow in it."""

from sqlalchemy import Engine

from schemas.problems import Unavailable

_engines: list[Engine] = []


def use(db: Engine) -> None:
    """Make `db` the database of this process."""
    _engines[:] = [db]


def current() -> Engine:
    """Give the database of this process; Unavailable where none was set."""
    if not _engines:
        raise Unavailable(
            "数据库未连接 no database is set: start through `aftersales` or call tasks.durable.database.use"
        )
    return _engines[0]
