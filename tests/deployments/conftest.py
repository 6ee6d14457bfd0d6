"""One embedded PostgreSQL, one Prefect server and one worker for all tests of this folder."""

import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest

from deployments.deploy import apply_deployments
from deployments.postgres import Databases, running_database
from deployments.prefect_server import (
    child_environment,
    pointed_at,
    server_child,
    wait_healthy,
    worker_env,
)
from deployments.processes import Child
from deployments.settings import Settings
from tests.deployments.desk import TOY_YAML, Desk, free_port


@pytest.fixture(scope="session")
def make_home() -> Iterator[Callable[[], Path]]:
    """Make home folders; pytest's own are shut again to PostgreSQL's user by its next session."""
    made: list[Path] = []

    def make() -> Path:
        made.append(Path(tempfile.mkdtemp(prefix="aftersales-")))
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
def deployments(settings: Settings, databases: Databases) -> Iterator[dict[str, UUID]]:
    """A running Prefect server with the toy deployments; this process's client points at it."""
    server = server_child(settings, databases)
    server.start()
    try:
        with pointed_at(settings):
            wait_healthy(server, threading.Event())
            yield apply_deployments(TOY_YAML)
    finally:
        server.stop()


@pytest.fixture(scope="session")
def worker(settings: Settings, databases: Databases, deployments: dict[str, UUID]) -> Iterator[Child]:
    env = child_environment(worker_env(settings, databases))
    child = Child("worker", [sys.executable, "-m", "deployments.worker"], env, settings, 12.0)
    child.start()
    yield child
    child.stop()


@pytest.fixture(scope="session")
def desk(settings: Settings, deployments: dict[str, UUID]) -> Iterator[Desk]:
    desk = Desk(deployments, settings.api_url)
    yield desk
    desk.close()
