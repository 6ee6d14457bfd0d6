"""The database is reached, or one line says why not."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event, insert, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, NotSupportedError, OperationalError

from deployments import database
from schemas.problems import Unavailable
from schemas.tables import policy, staff
from tasks.unit.reading import reading
from tasks.unit.refusals import is_lost
from tests.waiting import MINUTES

OFTEN = 10  # a statement's plan is kept once it was asked some times
LIMITS = ["idle_in_transaction_session_timeout", "lock_timeout"]


def with_options(url: str, **changes: Any) -> str:
    return make_url(url).set(**changes).render_as_string(hide_password=False)


@pytest.fixture
def stranger(template: str) -> Iterator[str]:
    """The URL of the migrated database for somebody who may not change it."""
    owner = database.connect(template)
    with owner.begin() as connection:
        connection.execute(text("CREATE ROLE stranger LOGIN"))
    owner.dispose()
    yield with_options(template, username="stranger")
    owner = database.connect(template)
    with owner.begin() as connection:
        connection.execute(text("DROP ROLE stranger"))
    owner.dispose()


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("postgresql://nobody:geheim@127.0.0.1:1/aftersales", "refused"),
        ("postgres://nobody:geheim@127.0.0.1:1/aftersales", "refused"),
        ("postgresql+psycopg://nobody:geheim@no-such-host.invalid/aftersales", "resolve"),
        ("mysql://root:geheim@localhost/aftersales", "not mysql"),
        ("geheim", "must be postgresql://"),
    ],
)
def test_an_unreachable_database_is_told_in_one_line_without_the_password(url: str, why: str) -> None:
    with pytest.raises(Unavailable, match=why) as refused:
        database.connect(url)
    assert "\n" not in str(refused.value)
    assert "geheim" not in str(refused.value)


def test_a_database_that_is_not_there_is_named(template: str) -> None:
    with pytest.raises(Unavailable, match='"elsewhere" does not exist'):
        database.connect(with_options(template, database="elsewhere"))


def test_an_unreachable_database_is_not_migrated() -> None:
    with pytest.raises(Unavailable, match="refused"):
        database.migrate("postgresql://nobody@127.0.0.1:1/aftersales")


def test_somebody_without_permission_is_told_in_one_line(stranger: str) -> None:
    with pytest.raises(Unavailable, match="permission denied") as refused:
        database.migrate(stranger)
    assert "\n" not in str(refused.value)


def test_moments_come_back_in_utc_and_connections_bear_our_name(db: Engine) -> None:
    with db.connect() as connection:
        assert connection.execute(text("SHOW timezone")).scalar() == "UTC"
        assert connection.execute(text("SHOW application_name")).scalar() == "aftersales"
        moment = connection.execute(text("SELECT timestamptz '2026-03-02 09:30+08'")).scalar()
    assert moment == datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
    assert moment.utcoffset() == UTC.utcoffset(None)


def test_options_of_the_url_are_kept(template: str) -> None:
    url = make_url(template).update_query_dict({"options": "-c statement_timeout=4321"})
    engine = database.connect(url.render_as_string(hide_password=False))
    with engine.connect() as connection:
        assert connection.execute(text("SHOW statement_timeout")).scalar() == "4321ms"
        assert connection.execute(text("SHOW timezone")).scalar() == "UTC"
    engine.dispose()


def test_who_is_frozen_or_gone_holds_the_others_for_seconds_only(db: Engine, template: str) -> None:
    url = make_url(template).update_query_dict({"options": "-c lock_timeout=7s", "keepalives_idle": "3"})
    own = database.connect(url.render_as_string(hide_password=False))
    shown = {}
    for name, engine in {"ours": db, "told": own}.items():
        with engine.connect() as connection:
            assert connection.connection.driver_connection is not None
            socket = connection.connection.driver_connection.info.get_parameters()
            assert "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5" in socket["options"]  # of the server's end
            limits = [connection.execute(text(f"SHOW {limit}")).scalar() for limit in LIMITS]
            shown[name] = [*limits, socket["keepalives_idle"], socket["tcp_user_timeout"]]
    own.dispose()
    assert shown == {"ours": ["8s", "30s", "10", "20000"], "told": ["8s", "7s", "3", "20000"]}


def test_transactions_are_read_committed_whatever_the_default_is(template: str) -> None:
    strict = make_url(template).update_query_dict({"options": "-c default_transaction_isolation=serializable"})
    engine = database.connect(strict.render_as_string(hide_password=False))
    with engine.connect() as connection:
        assert connection.execute(text("SHOW transaction_isolation")).scalar() == "read committed"
    engine.dispose()


def test_each_thread_may_hold_two_connections(template: str) -> None:
    engine = database.connect(template, threads=3)
    together = threading.Barrier(3, timeout=MINUTES)

    def hold() -> None:
        with engine.connect() as one, engine.connect() as two:
            one.execute(text("SELECT 1"))
            two.execute(text("SELECT 1"))
            together.wait()

    threads = [threading.Thread(target=hold) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.dispose()
    assert not together.broken


def test_a_connection_that_the_server_dropped_is_replaced(db: Engine) -> None:
    with db.connect() as connection:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar()
    killer = database.connect(db.url.render_as_string(hide_password=False))
    with killer.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    killer.dispose()
    with db.connect() as connection:
        assert connection.execute(text("SELECT pg_backend_pid()")).scalar() != pid


def test_a_new_connection_that_is_lost_at_once_is_told_as_lost(db: Engine) -> None:
    url = db.url.render_as_string(hide_password=False)
    ours, killer = database.connect(url), database.connect(url)

    def kill(connection: psycopg.Connection) -> None:
        with reading(killer) as other:
            other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": connection.info.backend_pid})

    with ours.connect() as connection:
        resting = connection.connection.dbapi_connection
    assert isinstance(resting, psycopg.Connection)
    kill(resting)
    event.listen(ours, "connect", lambda connection, _record: kill(connection))
    with pytest.raises(OperationalError) as lost, reading(ours) as connection:
        connection.execute(text("SELECT 1"))
    assert is_lost(lost.value)
    ours.dispose()
    killer.dispose()


@pytest.mark.parametrize(("rested", "asked"), [(0.0, 3), (3600.0, 0)])
def test_only_a_connection_that_rested_is_asked_whether_it_lives(
    db: Engine, monkeypatch: pytest.MonkeyPatch, rested: float, asked: int
) -> None:
    pings, ping = list[Any](), db.dialect.do_ping
    monkeypatch.setattr(database, "RESTED", rested)
    monkeypatch.setattr(db.dialect, "do_ping", lambda connection: pings.append(connection) or ping(connection))
    db.dispose()
    for _ in range(1 + 3):  # a new one has just answered
        with db.connect() as connection:
            connection.execute(text("SELECT 1"))
    assert len(pings) == asked


def test_a_plan_that_does_not_fit_the_schema_any_more_is_made_anew(db: Engine) -> None:
    asked, other = text("SELECT no FROM asked_often"), database.connect(with_options(str(db.url)))
    try:
        with other.begin() as connection:
            connection.execute(text("CREATE TABLE asked_often (no int)"))
        for _ in range(OFTEN):
            with reading(db) as connection:
                connection.execute(asked).all()
        with other.begin() as connection:
            connection.execute(text("ALTER TABLE asked_often ALTER no TYPE bigint"))
        with pytest.raises(NotSupportedError, match="cached plan"), reading(db) as connection:
            connection.execute(asked)
        with reading(db) as connection:
            assert connection.execute(asked).all() == []
    finally:
        with other.begin() as connection:
            connection.execute(text("DROP TABLE asked_often"))
        other.dispose()


def test_chinese_in_json_stays_readable_for_people_at_the_database(db: Engine) -> None:
    row = {"version": 1, "key": "x", "value": {"原因": "破损"}, "unit": "", "source": "D", "meaning": ""}
    with db.begin() as connection:
        connection.execute(insert(policy).values(row))
        stored = connection.execute(text("SELECT value::text FROM policy WHERE key = 'x'")).scalar()
    assert stored == '{"原因": "破损"}'


def test_reference_data_is_loaded_unless_it_is_there(db: Engine, empty_database: str) -> None:
    assert not database.load_reference(db)
    database.migrate(empty_database)
    fresh = database.connect(empty_database)
    assert database.load_reference(fresh)
    assert not database.load_reference(fresh)
    with fresh.connect() as connection:
        assert connection.execute(select(staff.c.name).where(staff.c.code == "E1001")).scalar() == "苏静怡"
    fresh.dispose()


def test_what_the_database_refuses_is_told_without_its_values(db: Engine) -> None:
    with pytest.raises(DBAPIError) as refused, db.begin() as connection:
        connection.execute(text("SELECT 1 / (length(:phone) - 11)"), {"phone": "13800001234"})
    assert "13800001234" not in repr(refused.value)


def test_a_database_that_cannot_be_reached_is_told_without_user_password_and_query() -> None:
    with pytest.raises(Unavailable) as refused:
        database.connect("postgresql://somebody:secret@127.0.0.1:1/x?sslpassword=hidden")
    told = str(refused.value)
    assert "postgresql+psycopg://127.0.0.1:1/x: " in told
    assert not [secret for secret in ("somebody", "secret", "hidden") if secret in told]
