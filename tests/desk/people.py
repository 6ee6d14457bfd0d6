"""People at the Prefect UI, and the worker's hands: a leg runs in this process when the test says so."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.exceptions import Abort, Pause
from prefect.flow_engine import run_flow
from prefect.flow_runs import resume_flow_run
from prefect.states import Running
from sqlalchemy import Engine

from deployments.worker import load_flow
from schemas.forms.parts import PartsApplication
from tasks.desk.recover import RecoverReport, recover
from tests.play import Play

FLOW = "flows.parts_application.parts_application"
PARAMETER = "申报单"


class Desk:
    """What people press and see in Prefect; `play` is what they would do without it."""

    def __init__(self, db: Engine, client: SyncPrefectClient, deployment: UUID) -> None:
        self.db, self.client, self.deployment, self.play = db, client, deployment, Play(db)

    # at the run form

    def send(self, parameters: Mapping[str, Any], enforce: bool = True) -> UUID:
        """Press Submit on the run form; gives the scheduled run."""
        wanted = {"parameters": dict(parameters), "enforce_parameter_schema": enforce}
        made = self.client.request(
            "POST", "/deployments/{id}/create_flow_run", path_params={"id": self.deployment}, json=wanted
        )
        return UUID(made.raise_for_status().json()["id"])

    def apply(self, **more: Any) -> UUID:
        """Send a right application and let the worker bring it to its first gate."""
        run_id = self.send({PARAMETER: PartsApplication.model_validate(self.play.form(**more)).as_form()})
        self.leg(run_id)
        return run_id

    # the worker

    def leg(self, run_id: UUID) -> FlowRun:
        """Run a leg as the worker does; gives the run as it then stands."""
        try:
            run_flow(load_flow(FLOW), flow_run=self.run(run_id), return_type="state")
        except (Pause, Abort):
            pass
        return self.run(run_id)

    # at a run's page

    def run(self, run_id: UUID) -> FlowRun:
        return self.client.read_flow_run(run_id)

    def resume(self, run_id: UUID, fields: Mapping[str, Any]) -> None:
        resume_flow_run(run_id, run_input=dict(fields))
