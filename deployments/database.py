"""Reach a PostgreSQL database: its URL, an engine for threads, its schema, its reference data; and make it ours."""

import json
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import cast

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidatePoolError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

import flows
from schemas.problems import Unavailable
from tasks.durable.database import use
from tasks.privacy.rules import bare_url
from tasks.reference.load import load_once

DRIVER = "postgresql+psycopg"
OLDEST = 15  # NULLS NOT DISTINCT
CONNECT_WAIT, START_WAIT = 5, 60  # seconds for an answer; for a server that is just starting
THREADS = 8
STATEMENTS = 1000  # of a connection whose plans are kept
RESTED = 1.0  # seconds that a connection lay unused; then it is asked whether it still lives, before somebody gets it
# A worker that is frozen in a transaction keeps what it holds for seconds, one whose host is gone not much longer; who
# waits for that waits longer still. The longest that honest work thinks between two statements is 1.3 s (a chunk of
# 20,000 lines on a busy machine), and a chunk that thinks longer is done again in halves. What the URL says goes before.
KEEPALIVE = {"idle": 10, "interval": 5, "count": 2}
USER_TIMEOUT = 20_000  # milliseconds
OF_THE_CLIENT = {f"keepalives_{name}": value for name, value in KEEPALIVE.items()} | {"tcp_user_timeout": USER_TIMEOUT}
OF_THE_SERVER = {f"tcp_keepalives_{name}": value for name, value in KEEPALIVE.items()} | {
    "tcp_user_timeout": USER_TIMEOUT,
    "idle_in_transaction_session_timeout": "8s",
    "lock_timeout": "30s",
}


def connect(url: str | URL, threads: int = THREADS) -> Engine:
    """Give an engine on a database that answers; each thread may hold two connections, its leg and its lease.

    Raises Unavailable with one line that says why there is none.
    """
    target = read_url(url)
    limits = " ".join(f"-c {name}={value}" for name, value in OF_THE_SERVER.items())
    options = f"{limits} {target.query.get('options', '')} -c timezone=UTC"
    alive = {name: target.query.get(name, value) for name, value in OF_THE_CLIENT.items()}
    own = {"application_name": "aftersales", "connect_timeout": CONNECT_WAIT, "options": options}
    engine = create_engine(
        target,
        connect_args=own | alive,
        pool_size=threads,
        max_overflow=threads,
        pool_use_lifo=True,  # those that know the plans already go on; the others are for the crowd
        isolation_level="READ COMMITTED",  # what our locks are made for, whatever the server's default is
        hide_parameters=True,  # what the database refuses is told in logs and sheets, without customers' phones
        json_serializer=_to_json,
    )
    event.listen(engine, "connect", _remember_plans)
    _ask_who_rested(engine)
    event.listen(engine, "handle_error", _forget_plans)
    with in_one_line(target), _first_connection(engine) as connection:
        found = connection.dialect.server_version_info or (0,)
    if int(found[0]) < OLDEST:
        raise Unavailable(f"需要 PostgreSQL {OLDEST}+ needs PostgreSQL {OLDEST} or newer, this is {found[0]}")
    return engine


@contextmanager
def reached(url: str, threads: int = THREADS) -> Iterator[Engine]:
    """Make it the database of this process, and of those that help it with a sheet, for the time of the block."""
    db = connect(url, threads)
    use(db, partial(join, url))
    try:
        yield db
    finally:
        db.dispose()


def join(url: str) -> Engine:
    """Load the processes, as one that helps must, and give an engine on the database."""
    flows.load()
    return connect(url)


def _first_connection(engine: Engine) -> Connection:
    """Connect, with patience for a server that is just starting."""
    deadline = time.monotonic() + START_WAIT
    while True:
        try:
            return engine.connect()
        except OperationalError as error:
            if "starting up" not in str(error.orig) or time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def _remember_plans(connection: psycopg.Connection, _record: object) -> None:
    """Let a connection keep the plans of all that is asked in a day's work, not of the last hundred statements."""
    connection.prepared_max = STATEMENTS


def _forget_plans(fault: ExceptionContext) -> None:
    """Connect anew where a plan does not fit the schema any more: a migration came while this process worked.

    A rollback would make a connection forget it, but what only reads has none, and would fail for ever.
    """
    if isinstance(fault.original_exception, psycopg.errors.FeatureNotSupported):
        fault.is_disconnect = True  # for which the pool gives up all that it has


def _ask_who_rested(engine: Engine) -> None:
    """Let the pool give no connection that is dead: one that lay unused for a while, or has something to say, is asked first.

    To ask all of them, as the pool does it by itself, is a quarter of what a round of the deadline watch sends.
    """

    @event.listens_for(engine, "checkin")
    def rests(_connection: psycopg.Connection | None, record: ConnectionPoolEntry) -> None:
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def still_lives(connection: psycopg.Connection, record: ConnectionPoolEntry, _lent: PoolProxiedConnection) -> None:
        if (since := record.info.get("rests_since")) is None:
            return  # it is new; if it is lost already, its first statement says so in words that callers know
        try:
            if time.monotonic() - since > RESTED or _is_spoken_to(connection):
                engine.dialect.do_ping(cast(DBAPIConnection, connection))
        except psycopg.Error as lost:
            raise InvalidatePoolError from lost  # whereupon the pool connects anew


def _is_spoken_to(connection: psycopg.Connection) -> bool:
    """Say whether there is something to read that nobody asked for, as a server that ends says it, or hangs up."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


def _to_json(value: object) -> str:
    """Write readable JSON; half a character, which nobody can store as such, stays an escape."""
    return json.dumps(value, ensure_ascii=False).encode(errors="backslashreplace").decode()


def migrate(url: str) -> None:
    """Bring the database to the newest schema; processes that start at once wait for the first.

    Raises Unavailable with one line: not reached, not permitted, or already newer than this program.
    """
    from alembic.util import CommandError  # alembic takes a while to import, and only this function needs it

    from schemas import migrations

    connect(url).dispose()
    target = read_url(url)
    try:
        with in_one_line(target):
            migrations.migrate(url_text(target))
    except CommandError as error:
        raise Unavailable(
            f"数据库版本与程序不符 the database's schema is none that this program knows: {error}"
        ) from error


def load_reference(db: Engine) -> bool:
    """Load the reference data unless there is some; say if it was loaded. BadInput names every wrong cell."""
    with db.begin() as connection:
        return load_once(connection)


def prepare(url: str) -> None:
    """Migrate the operations database and load the reference data once."""
    migrate(url)
    with reached(url) as db:
        load_reference(db)


def read_url(url: str | URL, variable: str = "AFTERSALES_DATABASE_URL") -> URL:
    """Read the URL of a database; Unavailable names the variable that should hold one, and never its password."""
    expected = f"{variable} 应为 PostgreSQL 地址 must be postgresql://user:password@host/database"
    try:
        parsed = make_url(url.replace("postgres://", "postgresql://", 1) if isinstance(url, str) else url)
    except ArgumentError as error:
        raise Unavailable(expected) from error
    if parsed.get_backend_name() != "postgresql":
        raise Unavailable(f"{expected}, not {parsed.get_backend_name()}")
    return parsed.set(drivername=DRIVER)


def url_text(url: URL, driver: str = DRIVER) -> str:
    """Write a URL whole, with its password."""
    return url.set(drivername=driver).render_as_string(hide_password=False)


@contextmanager
def in_one_line(url: URL) -> Iterator[None]:
    """Say in one line what a server refused, without user, password and query of its URL."""
    try:
        yield
    except DBAPIError as error:
        cannot = "cannot reach" if isinstance(error, OperationalError) else "cannot use"
        shown, why = bare_url(url.render_as_string(hide_password=True)), " ".join(str(error.orig).split())
        raise Unavailable(f"数据库不可用 {cannot} the database {shown}: {why}") from error
