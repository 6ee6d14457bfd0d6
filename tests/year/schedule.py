"""The scheduled flows of prefect.yaml as plain functions at their times; nothing of Prefect runs.

The deadline watch comes at the first of its times after something is due, for its other rounds do nothing; what
looks for files each minute is left out. Editions of reports are kept, but not drawn: that takes a second each.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest.mock import patch
from uuid import uuid4

from cronsim import CronSim  # with which Prefect keeps its own schedules
from prefect.client.schemas.objects import FlowRun, State
from prefect.flow_engine import _flow_parameters
from prefect.flows import Flow
from sqlalchemy import Connection, Engine, text

from deployments.deploy import read_deployments
from deployments.worker import load_flow
from flows.jobs.deadline_watch import deadline_watch
from tasks.durable import database
from tasks.runs import job, reports
from tasks.runs.job import REFUSED
from tasks.sheets import places
from tasks.sheets.places import Places
from tasks.unit.work import SHANGHAI

OFTEN = timedelta(minutes=5)
NEXT_DUE = text("SELECT min(look_at) FROM work_item WHERE closed_at IS NULL AND look_at > :since")


@dataclass
class Job:
    """A scheduled flow, and when it runs next."""

    name: str
    entrypoint: str
    flow: Flow[..., Any]
    cron: str
    next_at: datetime
    apart: bool  # in a process of its own, as prefect.yaml says

    def until(self, moment: datetime) -> Iterator[datetime]:
        """Give its times until a moment, and move on."""
        while self.next_at <= moment:
            yield self.next_at
            self.move_on(self.next_at)

    def move_on(self, after: datetime) -> None:
        """Find the first of its times after a moment."""
        self.next_at = next(CronSim(self.cron, after.astimezone(SHANGHAI)))


def scheduled_jobs(start: datetime) -> list[Job]:
    """List the scheduled flows, each with its first time after `start`."""
    found = [
        Job(
            entry.name,
            entry.entrypoint,
            load_flow(entry.entrypoint),
            schedule.cron,
            start,
            bool(entry.job_variables.get("own_process")),
        )
        for entry in read_deployments()
        for schedule in entry.schedules
    ]
    for one in found:
        one.move_on(start)
    return [one for one in found if not _comes_often(one)]


def _comes_often(one: Job) -> bool:
    return next(CronSim(one.cron, one.next_at)) - one.next_at < OFTEN


@contextmanager
def without_prefect(db: Engine, pages: list[str], home: Path) -> Iterator[None]:
    """Let the jobs work on this database, show their pages here, and lay their reports out under `home`."""
    run = SimpleNamespace(id=uuid4(), run_count=1, parameters={})
    with (
        patch.object(job, "create_markdown_artifact", lambda page, **_: pages.append(page)),
        patch.object(job, "this_run", lambda: run),
        patch.object(job, "as_task", lambda _name, work, *_: work()),
        patch.object(database, "_ours", [(db, None)]),
        patch.object(reports, "lay_out", lambda *_: 0),
        patch.object(places, "_places", [Places(home / "reports", "http://127.0.0.1", home / "dropbox")]),
    ):
        yield


class Came(NamedTuple):
    """What came of a run."""

    well: bool
    said: str


def came_of(state: State[Any]) -> Came:
    """Say how a run ended."""
    told = f"{state.name} {state.message}"
    return Came(
        state.is_completed() and state.name != REFUSED and ("故障 faults" not in told or "故障 faults 0" in told), told
    )


def run_scheduled(flow: Flow[..., Any]) -> Came:
    """Run a flow's body as Prefect runs it by schedule: without parameters, so with what its signature makes of that."""
    run = FlowRun(flow_id=uuid4(), parameters={})
    return came_of(flow.fn(**_flow_parameters(flow, run, None)))


def run_apart(db: Engine, entrypoint: str, home: Path) -> Came:
    """Run a scheduled flow in a process that helps."""
    with without_prefect(db, [], home):
        return run_scheduled(load_flow(entrypoint))


def watch_due(connection: Connection, watch: Job, since: datetime) -> None:
    """Let the deadline watch come when something is due next, and as work begins and ends each day."""
    due = connection.execute(NEXT_DUE, {"since": since}).scalar()
    times = [next(CronSim(cron, since.astimezone(SHANGHAI))) for cron in ("30 8 * * *", "30 17 * * *")]
    watch.move_on(due - timedelta(seconds=1) if due else times[0])
    watch.next_at = min(watch.next_at, *times)


def is_watch(one: Job) -> bool:
    """Say whether this is the deadline watch."""
    return one.flow is deadline_watch
