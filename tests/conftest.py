"""One PostgreSQL for the whole run, a fresh database for each test that wants one, and one Prefect server."""

import gc
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import Engine

from deployments import database
from deployments.local.postgres import Databases, running_database
from deployments.local.prefect_server import free_port, pointed_at, server_child, wait_healthy, worker_child
from deployments.local.processes import Child
from deployments.settings import Settings
from tests import pristine
from tests.databases import Server
from tests.homes import end_left, new_home
from tests.play import Play

if TYPE_CHECKING:
    from tests.deployments.desk import Desk


LONGEST = (  # files that take half a minute or more: none of them begins when another process has nothing left to do
    "test_demo_doors.py",
    "test_crash.py",
    "test_whatever_happens.py",
    "test_year.py",
    "test_bulk.py",
    "test_up.py",
    "test_paid_once.py",
    "test_sheet_decisions.py",
    "test_control_crash.py",
    "test_event_log.py",
)


def pytest_configure() -> None:
    """Let Python look for garbage among what tests have just made 14 times less often: that takes 6 % of a run."""
    gc.set_threshold(10_000, 20, 20)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let one process of the run have all files that ask for Prefect's server, first, and share out the others.

    Those that take long are begun before the short ones, so that all processes end at about the same time.
    """
    prefect = {item.path for item in items if "prefect_server" in getattr(item, "fixturenames", ())}
    items.sort(key=lambda item: (item.path not in prefect, item.path.name not in LONGEST))
    for item in items:
        item.add_marker(pytest.mark.xdist_group("prefect" if item.path in prefect else item.path.name))


@pytest.fixture
def today() -> Iterator[time_machine.Traveller]:
    """Let it be Wednesday 2026-11-18, 10:00 in Shanghai, until a test moves on."""
    with time_machine.travel("2026-11-18T10:00:00+08:00", tick=False) as traveller:
        yield traveller


def roomy_memory() -> str | None:
    """The folder that lives in memory, if it has room: on a busy disk each database takes half a second."""
    folder = "/dev/shm"
    room = os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > 2 * 1024**3
    return folder if room else None


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The embedded PostgreSQL, in a folder with a short name (a socket's path has about 100 characters)."""
    folder = roomy_memory()
    end_left("aft-", folder)
    home = new_home("aft-", folder)
    try:
        with (
            running_database(Settings(home=home, database_url=None, fsync=False)) as databases,
            closing(Server(databases.ours)) as server,
        ):
            yield server
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def template(server: Server) -> str:
    """The URL of a database that is migrated and has the reference data; nobody stays connected to it."""
    url = server.create()
    database.migrate(url)
    engine = database.connect(url)
    database.load_reference(engine)
    with engine.begin() as connection:
        pristine.prepare(connection)
    engine.dispose()
    return url


@pytest.fixture
def db(server: Server, template: str) -> Iterator[Engine]:
    """An engine on a fresh database with schema and reference data."""
    with server.lent(template) as engine:
        yield engine


@pytest.fixture
def play(db: Engine) -> Play:
    """Whoever plays cases on a fresh database."""
    return Play(db)


@pytest.fixture
def empty_database(server: Server) -> Iterator[str]:
    """The URL of a database with nothing in it."""
    url = server.create()
    yield url
    server.drop(url)


@pytest.fixture(scope="session")
def make_home() -> Iterator[Callable[[], Path]]:
    """Make home folders; pytest's own are shut again to PostgreSQL's user by its next session."""
    end_left("aftersales-")
    made: list[Path] = []

    def make() -> Path:
        made.append(new_home("aftersales-"))
        return made[-1]

    yield make
    for home in made:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def settings(make_home: Callable[[], Path]) -> Settings:
    return Settings(home=make_home(), port=free_port(), fsync=False, worker_threads=8)


@pytest.fixture(scope="session")
def databases(settings: Settings) -> Iterator[Databases]:
    with running_database(settings) as databases:
        yield databases


@pytest.fixture(scope="session")
def prefect_server(settings: Settings, databases: Databases) -> Iterator[Child]:
    """A running Prefect server; this process's client points at it."""
    server = server_child(settings, databases)
    server.start()
    try:
        with pointed_at(settings):
            wait_healthy(server, threading.Event())
            yield server
    finally:
        server.stop()


# toy flows on that server; what they need of Prefect is imported only where they are asked for


@pytest.fixture(scope="session")
def toy_deployments(prefect_server: Child) -> dict[str, UUID]:
    from deployments.deploy import apply_deployments
    from tests.deployments.desk import TOY_YAML

    return apply_deployments(TOY_YAML)


@pytest.fixture(scope="session")
def toy_worker(settings: Settings, databases: Databases, toy_deployments: dict[str, UUID]) -> Iterator[Child]:
    child = worker_child(settings, databases)
    child.start()
    yield child
    child.stop()


@pytest.fixture(scope="session")
def toys(settings: Settings, toy_deployments: dict[str, UUID]) -> Iterator["Desk"]:
    """A person at the API of the toy flows."""
    from tests.deployments.desk import Desk

    desk = Desk(toy_deployments, settings)
    yield desk
    desk.close()
