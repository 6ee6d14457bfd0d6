"""The same days with every scheduled flow as a real run of its deployment, done by the ordinary worker.

Compressed: the clock jumps to the next scheduled time, as in the year, and goes on from there; runs of the same time
are made at once, the deadline watch after them. People answer by sheets; the worker's watch shows in Prefect meanwhile
where each case stands. Prefect's own schedules go by the real clock, and do no harm beside.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from uuid import UUID

from prefect import get_client
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun

from tasks.cycle.rules import at
from tasks.durable import clock
from tasks.runs.parking import deployment_of
from tasks.runs.queries import cases_behind
from tests.year.business_time import BusinessTime
from tests.year.schedule import Job, came_of
from tests.year.simulation import Due, Year

LOOK_EVERY, PATIENCE = 0.25, 300.0  # seconds


@dataclass
class PrefectYear(Year):
    """A stretch of time whose scheduled flows run through Prefect; a worker must be at work in the same business time."""

    business_time: BusinessTime = field(kw_only=True)
    runs: list[UUID] = field(default_factory=list, init=False)

    @contextmanager
    def _world(self) -> Iterator[None]:
        self.now = self.business_time
        self.now.move_to(at(self.first))
        with self.business_time.counted(), get_client(sync_client=True) as self.client:
            yield

    def _run_all(self, due: Sequence[Due]) -> None:
        """Run jobs; those of the same time are made at once."""
        for when, jobs in groupby(due, key=itemgetter(0)):
            self.now.move_to(when)
            moment = clock.now()
            made = {self._made(one): (moment, one) for _, one in jobs}
            for run in _ended(self.client, list(made)):
                _, one = made[run.id]
                self.seconds[one.name] += run.total_run_time.total_seconds()
                self._note(made[run.id], came_of(run.state))
            self.runs += made

    def _made(self, one: Job) -> UUID:
        """Make a run as Prefect's schedules do: without parameters, whatever the form wants of a person."""
        as_scheduled = {"state": {"type": "SCHEDULED"}, "enforce_parameter_schema": False}
        deployment = {"id": deployment_of(one.flow.name).id}
        made = self.client.request(
            "POST", "/deployments/{id}/create_flow_run", path_params=deployment, json=as_scheduled
        )
        return UUID(made.json()["id"])

    def lagging(self) -> Sequence[int]:
        """Give the cases whose runs do not come to show where they stand."""
        for _ in range(int(PATIENCE / LOOK_EVERY)):
            with self.db.connect() as connection:
                behind = cases_behind(connection, limit=10)
            if not behind:
                break
            time.sleep(LOOK_EVERY)
        return behind


def _ended(client: SyncPrefectClient, runs: Sequence[UUID]) -> list[FlowRun]:
    """Give runs once all of them have ended."""
    named, until = FlowRunFilter.model_validate({"id": {"any_": list(runs)}}), time.monotonic() + PATIENCE
    while runs:
        found = client.read_flow_runs(flow_run_filter=named)
        if all(run.state and run.state.is_final() for run in found):
            return found
        waits = [f"{run.name}: {run.state_name}" for run in found if not (run.state and run.state.is_final())]
        assert time.monotonic() < until, waits
        time.sleep(LOOK_EVERY)
    return []
