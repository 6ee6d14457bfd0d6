"""The toy deployments on the Prefect server, and one worker, for all tests of this folder."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from deployments.deploy import apply_deployments
from deployments.local.postgres import Databases
from deployments.local.prefect_server import worker_child
from deployments.local.processes import Child
from deployments.settings import Settings
from tests.deployments.desk import TOY_YAML, Desk


@pytest.fixture(scope="session")
def deployments(prefect_server: Child) -> dict[str, UUID]:
    return apply_deployments(TOY_YAML)


@pytest.fixture(scope="session")
def worker(settings: Settings, databases: Databases, deployments: dict[str, UUID]) -> Iterator[Child]:
    child = worker_child(settings, databases)
    child.start()
    yield child
    child.stop()


@pytest.fixture(scope="session")
def desk(settings: Settings, deployments: dict[str, UUID]) -> Iterator[Desk]:
    desk = Desk(deployments, settings.api_url)
    yield desk
    desk.close()
