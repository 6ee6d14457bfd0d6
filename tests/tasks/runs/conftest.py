"""The deployments of prefect.yaml on the Prefect server, in a work pool that no other test's worker has."""

import itertools
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from prefect import get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from sqlalchemy import Engine

from deployments.deploy import PREFECT_YAML, apply_deployments
from deployments.local.processes import Child
from tasks.durable import database
from tasks.runs import standing, watch
from tests.tasks.runs.people import Desk

ENDED = FlowRunFilter.model_validate({"state": {"type": {"any_": ["FAILED", "CRASHED", "CANCELLED"]}}})
_serial = itertools.count(1)


@pytest.fixture(scope="session")
def desk_yaml(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("desk") / "prefect.yaml"
    path.write_text(PREFECT_YAML.read_text("utf-8").replace("{name: aftersales}", "{name: desk}"), "utf-8")
    return path


@pytest.fixture(scope="session")
def deployments(prefect_server: Child, desk_yaml: Path) -> dict[str, UUID]:
    return apply_deployments(desk_yaml)


@pytest.fixture
def desk(db: Engine, deployments: dict[str, UUID]) -> Iterator[Desk]:
    """People at Prefect on a fresh operations database; its numbers are no other test's."""
    database.use(db)
    quiet = {PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}  # as the worker has it
    with get_client(sync_client=True) as client, temporary_settings(quiet):
        for run in client.read_flow_runs(flow_run_filter=ENDED, limit=200):
            client.delete_flow_run(
                run.id
            )  # of a database that is gone: a watch would open or forget its case in this one
        desk = Desk(db, client, deployments["parts-application"])
        desk.play.run("INSERT INTO counter (name, value) VALUES ('case:PA:2026', :n)", n=next(_serial) * 1000)
        yield desk


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A watch that holds a leg for dead, and a case for left alone, at once."""
    monkeypatch.setattr(standing, "LEG_STARTS_WITHIN", timedelta(0))
    monkeypatch.setattr(watch, "TAKE_OVER_AFTER", timedelta(0))
