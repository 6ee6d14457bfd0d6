"""Register what prefect.yaml lists: the work pool and every deployment with its schedules."""

from contextlib import suppress
from pathlib import Path
from typing import Literal
from uuid import UUID

import yaml
from prefect import get_client
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolCreate
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import ObjectAlreadyExists
from prefect.utilities.callables import parameter_schema
from pydantic import BaseModel, Field, ValidationError

from deployments.settings import PROJECT
from deployments.worker import JOBS_QUEUE, POOL, CaseWorker, load_flow
from schemas.problems import UpError

PREFECT_YAML = PROJECT / "prefect.yaml"
DEFAULT_QUEUE = "default"  # Prefect makes it with each pool


class ScheduleEntry(BaseModel, extra="forbid"):
    """A schedule of a deployment as prefect.yaml writes it."""

    cron: str
    timezone: str = "Asia/Shanghai"
    active: bool = True


class DeploymentEntry(BaseModel, extra="forbid"):
    """A deployment as prefect.yaml writes it; the entrypoint is a module path.

    `own_process` keeps a long job out of the way of legs: in a process and a queue of its own; where that is the name of
    a setting, only if it is set, for without it there is nothing to do.
    """

    name: str
    entrypoint: str = Field(pattern=r"^\w+(\.\w+)+$")
    description: str | None = None
    tags: list[str] = []
    work_pool: dict[Literal["name"], str] = {"name": POOL}
    schedules: list[ScheduleEntry] = []
    job_variables: dict[Literal["own_process"], bool | str] = {}


def read_deployments(path: Path = PREFECT_YAML) -> list[DeploymentEntry]:
    """Read the deployments of `path`; UpError names the entry and field that are wrong."""
    try:
        content = yaml.safe_load(path.read_text("utf-8")) or {}
        return [DeploymentEntry.model_validate(entry) for entry in content.get("deployments") or []]
    except OSError as error:
        raise UpError(f"无法读取 / cannot read {path} ({error.strerror})") from error
    except yaml.YAMLError as error:
        raise UpError(f"{path.name} 不是有效的 YAML / is not valid YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UpError(f"{path.name} 有误 / is wrong at {error.title} {where}: {first['msg']}") from error


def apply_deployments(path: Path = PREFECT_YAML) -> dict[str, UUID]:
    """Create or update the work pool and all deployments of `path`; return their ids by name."""
    entries, template = read_deployments(path), CaseWorker.get_default_base_job_template()
    with get_client(sync_client=True) as client:
        for pool in {entry.work_pool["name"] for entry in entries} | {POOL}:
            with suppress(ObjectAlreadyExists):
                client.create_work_pool(WorkPoolCreate(name=pool, type=CaseWorker.type, base_job_template=template))
            with suppress(ObjectAlreadyExists):  # of what is scheduled, the worker hears of the legs first
                client.create_work_queue(JOBS_QUEUE, priority=2, work_pool_name=pool)
        return {entry.name: _apply(client, entry) for entry in entries}


def _apply(client: SyncPrefectClient, entry: DeploymentEntry) -> UUID:
    """Store one deployment; the server updates the one of the same flow and name."""
    flow = load_flow(entry.entrypoint)
    return client.create_deployment(
        flow_id=client.create_flow_from_name(flow.name),
        name=entry.name,
        description=entry.description or flow.description,
        tags=entry.tags,
        work_pool_name=entry.work_pool["name"],
        work_queue_name=JOBS_QUEUE if entry.job_variables.get("own_process") else DEFAULT_QUEUE,
        path=".",
        entrypoint=entry.entrypoint,
        job_variables=entry.model_dump()["job_variables"],
        # a link may pre-fill a run form with whatever it likes: what the form does not have is refused
        parameter_openapi_schema=parameter_schema(flow).model_dump(exclude_unset=True)
        | {"additionalProperties": False},
        enforce_parameter_schema=True,
        pull_steps=[],
        schedules=[
            DeploymentScheduleCreate(schedule=CronSchedule(cron=one.cron, timezone=one.timezone), active=one.active)
            for one in entry.schedules
        ],
    )
