"""People at the Prefect UI, and the worker's hands: a leg runs in this process when the test says so."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import FlowRun, State
from prefect.client.schemas.responses import SetStateStatus
from prefect.exceptions import Abort, ObjectNotFound, Pause
from prefect.states import AwaitingRetry, Cancelling, Completed, Crashed, Failed, Paused, Running, Suspended
from sqlalchemy import Engine

from deployments.worker import run_leg
from schemas.forms.applications import PartsApplication
from schemas.forms.base import form_at
from schemas.processes.parts_application import PartsEnding
from schemas.words import Role
from tasks.desk.queries import case_view
from tasks.desk.rules import run_name, run_tags
from tasks.durable.process import Case, Closing, close
from tasks.runs.gate import gate_input
from tasks.runs.mending import RecoverReport
from tasks.runs.watch import recover
from tests.play import Play

FLOW = "flows.parts_application.parts_application"
PARAMETER = "申报单"


def changed_process(case: Case) -> Closing:
    """A process whose engineer forgot that there are cases under way."""
    close(case, PartsEnding.REJECTED, "")
    return Closing(PartsEnding.REJECTED)


class Desk:
    """What people press and see in Prefect; `play` is what they do without it."""

    def __init__(self, db: Engine, client: SyncPrefectClient, deployment: UUID) -> None:
        self.db, self.client, self.deployment, self.play = db, client, deployment, Play(db)

    # the run form

    def form(self, **more: Any) -> dict[str, Any]:
        """Fill in an application in the words of the run form."""
        return PartsApplication.model_validate(self.play.form(**more)).as_form()

    def send(self, parameters: Mapping[str, Any], enforce: bool = True) -> UUID:
        """Press Submit; gives the scheduled run."""
        response = self.client.request(
            "POST",
            "/deployments/{id}/create_flow_run",
            path_params={"id": self.deployment},
            json={"parameters": dict(parameters), "enforce_parameter_schema": enforce},
        )
        return UUID(response.raise_for_status().json()["id"])

    def apply(self, **more: Any) -> UUID:
        """Send a right application and let the worker bring it to its first gate."""
        run_id = self.send({PARAMETER: self.form(**more)})
        assert self.leg(run_id) == "review-1-0"
        return run_id

    # the worker and the watch

    def leg(self, run_id: UUID) -> str:
        """Run a leg as the worker does; gives where the run then stands."""
        with suppress(Pause, Abort):
            run_leg(self.run(run_id), FLOW)
        return self.gate(run_id)

    def begin(self, run_id: UUID) -> None:
        """Let a worker take the run and die before it does anything."""
        self.force(run_id, Running())

    def watch(self) -> RecoverReport:
        """Let the watch go its round."""
        return recover(self.db)

    # the page of a run

    def run(self, run_id: UUID) -> FlowRun:
        """Read a run."""
        return self.client.read_flow_run(run_id)

    def gate(self, run_id: UUID) -> str:
        """Say at which gate a run is suspended; else the name of its state, nothing if it is gone."""
        try:
            state = self.run(run_id).state
        except ObjectNotFound:
            return ""
        assert state is not None
        return str(state.state_details.pause_key if state.name == "Suspended" else state.name)

    def case(self, run_id: UUID) -> int:
        """Give the case that a run shows, as its own or beside that."""
        own = "SELECT id FROM service_case WHERE run_id = :run"
        [row] = self.play.rows(f"{own} UNION SELECT case_id FROM work_item WHERE run_id = :run", run=run_id)
        return int(row.id)

    def run_of(self, case: int) -> UUID:
        """Give the run that shows a case."""
        found: UUID = self.play.case(case).run_id
        return found

    def beside(self, case: int) -> dict[str, UUID]:
        """Give the runs that show items beside the case's own run, by item."""
        found = self.play.rows(
            "SELECT step_key, run_id FROM work_item WHERE case_id = :c AND run_id IS NOT NULL", c=case
        )
        return {row.step_key: row.run_id for row in found}

    def dialog(self, run_id: UUID) -> tuple[dict[str, Any], str]:
        """Open the dialog of the gate where a run waits: its schema and its text."""
        kept = [self.kept(run_id, f"suspended-{self.gate(run_id)}-{part}") for part in ("schema", "description")]
        return json.loads(kept[0]), json.loads(kept[1])

    def kept(self, run_id: UUID, key: str) -> str:
        """Read what Prefect keeps of a run under a key."""
        return self.client.read_flow_run_input(run_id, key)

    def sheet(self, number: str) -> str:
        """Read the case sheet."""
        key = ArtifactFilter(key=ArtifactFilterKey(any_=[f"case-{number.lower()}"]))
        [artifact] = self.client.read_artifacts(artifact_filter=key)
        return str(artifact.data)

    # the buttons

    def answer(self, run_id: UUID, **fields: Any) -> dict[str, Any]:
        """Fill in the dialog of the gate where a run waits, sensibly but for `fields`."""
        case, key = self.case(run_id), self.gate(run_id).rpartition("-")[0]
        item = self.play.items(case)[key]
        staff = {"staff": fields.pop("经办人工号")} if "经办人工号" in fields else {}
        return form_at(item.form).model_validate(self.play.answer(case, key, **staff, **fields)).as_form()

    def correct(self, run_id: UUID, **fields: Any) -> str:
        """Correct a draft and press Resume; the UI sends what is untouched, too."""
        shown = self.dialog(run_id)[0]["properties"]
        return self.resume(run_id, {n: spec["default"] for n, spec in shown.items() if "default" in spec} | fields)

    def resume(self, run_id: UUID, fields: Mapping[str, Any]) -> str:
        """Press Resume; gives why the server refuses that, nothing if it does not."""
        result = self.client.resume_flow_run(run_id, run_input=dict(fields))
        return "" if result.status == SetStateStatus.ACCEPT else str(getattr(result.details, "reason", ""))

    def decide(self, run_id: UUID, **fields: Any) -> str:
        """Answer sensibly and let the worker run the leg; gives where the run then stands."""
        assert self.resume(run_id, self.answer(run_id, **fields)) == ""
        return self.leg(run_id)

    def cancel(self, run_id: UUID) -> None:
        self.client.set_flow_run_state(run_id, Cancelling())

    def delete(self, run_id: UUID) -> None:
        self.client.delete_flow_run(run_id)

    def retry(self, run_id: UUID) -> None:
        self.client.set_flow_run_state(run_id, AwaitingRetry())

    def pause(self, run_id: UUID) -> None:
        self.client.set_flow_run_state(run_id, Paused(timeout_seconds=300))

    def force(self, run_id: UUID, state: State[Any]) -> None:
        """Change the state by hand, whatever it is."""
        self.client.set_flow_run_state(run_id, state, force=True)


def pause_a_leg(desk: Desk, run_id: UUID) -> None:
    desk.begin(run_id)
    desk.pause(run_id)


def cancel_a_leg(desk: Desk, run_id: UUID) -> None:
    desk.begin(run_id)
    desk.cancel(run_id)


PRESSED: dict[str, Callable[[Desk, UUID], None]] = {
    "Cancel": Desk.cancel,
    "Delete": Desk.delete,
    "Pause of a leg": pause_a_leg,
    "Cancel of a leg": cancel_a_leg,
    "Completed": lambda desk, run: desk.force(run, Completed()),
    "Failed": lambda desk, run: desk.force(run, Failed()),
    "Crashed": lambda desk, run: desk.force(run, Crashed()),
    "another gate": lambda desk, run: desk.force(run, Suspended(pause_key="plan-1-0")),
}


def right(desk: Desk, case: int) -> str:
    """Assert that each open item's run is at its gate, named and tagged, with its dialog; gives that of the case's own."""
    with desk.db.connect() as connection:
        view = case_view(connection, case)
    assert view.case.run_seq == view.case.seq
    for item in view.items:
        form, run_id = gate_input(view, item), item.run_id
        if run_id is None:
            assert view.items[0].role is Role.ENGINEER, f"{item.key} has no run"
            continue
        assert desk.gate(run_id) == form.key, f"{desk.gate(run_id)} is not {form.key} of {item.key}"
        run = desk.run(run_id)
        assert (run.name, set(run.tags)) == (run_name(view, item), set(run_tags(view, item)))
        schema, description = desk.dialog(run_id)
        assert schema == form.json_schema
        assert view.case.number in description
    return desk.gate(desk.run_of(case))
