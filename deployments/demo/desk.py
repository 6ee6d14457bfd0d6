"""How the demo's staff work: find what waits by the tag of their role, read the form, fill it in, resume.

All of it goes over Prefect's API, as the UI does; the operations database is read only to know who is who.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import httpx
from prefect import get_client
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateName, FlowRunFilterTags
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import SetStateStatus
from prefect.exceptions import PrefectHTTPStatusError

from deployments.demo.plan import Act
from deployments.demo.progress import SENSIBLE, STAFF, said_day
from schemas.words import Role
from tasks.desk.rules import waiting_tag

VERDICTS = ("结论", "结果", "意见", "方式")
RUN_WAIT = 120.0  # seconds
FORM_WAIT = 10.0  # seconds; a run is Suspended a moment before its form is stored
FETCHED = 200


class Gate(NamedTuple):
    """A run's dialog as it is shown: the gate's key (its item and attempt), its item, schema and text."""

    key: str
    item: str
    schema: Mapping[str, Any]
    text: str

    @property
    def form(self) -> str:
        """The form's name."""
        return str(self.schema["title"])


@dataclass(frozen=True)
class Given:
    """What became of an answer at the API; `told` is what its sender reads when it was not taken."""

    accepted: bool
    told: str = ""


def waiting_runs(client: SyncPrefectClient, role: Role) -> list[FlowRun]:
    """List the Suspended runs that wait for a role, as its worklist does."""
    suspended = FlowRunFilterState(name=FlowRunFilterStateName(any_=["Suspended"]))
    tagged = FlowRunFilterTags(all_=[waiting_tag(role)])
    return client.read_flow_runs(flow_run_filter=FlowRunFilter(state=suspended, tags=tagged), limit=FETCHED)


def gate_key(run: FlowRun) -> str:
    """Give the key of the gate at which a run waits."""
    return (run.state.state_details.pause_key or "") if run.state else ""


def read_gate(client: SyncPrefectClient, run: FlowRun) -> Gate | None:
    """Read the dialog of a Suspended run; None when it is stored nowhere in time."""
    keyset = run.state.state_details.run_input_keyset if run.state else None
    if not keyset:
        return None
    deadline = time.monotonic() + FORM_WAIT
    while time.monotonic() < deadline:
        try:
            schema = json.loads(client.read_flow_run_input(run.id, keyset["schema"]))
            text = json.loads(client.read_flow_run_input(run.id, keyset["description"]))
        except PrefectHTTPStatusError as error:
            if error.response.status_code != httpx.codes.NOT_FOUND:
                raise
            time.sleep(0.1)
        else:
            key = gate_key(run)
            return Gate(key, key.rpartition("-")[0], schema, text)
    return None


def is_for(gate: Gate, run: FlowRun, role: Role) -> bool:
    """Say whether the dialog that a run shows is this role's; a run may wait for several."""
    also = role is Role.LOGISTICS and gate.form == "GoodsOut"
    return also or f"{run.name.rpartition(' · ')[2]} · {role.zh}" in gate.text or gate.item == "draft"


def fill_in(gate: Gate, staff: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in a dialog: what is pre-filled, over it what is sensible, over it what this act says."""
    properties = gate.schema["properties"]
    answer = {name: spec["default"] for name, spec in properties.items() if "default" in spec}
    said = {**SENSIBLE.get(gate.form, {}), **fields}
    for name, value in said.items():
        answer[name] = _lines(answer.get(name, []), value) if isinstance(value, Mapping) else value
    if STAFF in properties:
        answer[STAFF] = staff
    return {name: _chosen(value, _options(gate.schema)) for name, value in answer.items()}


def _lines(rows: Sequence[Mapping[str, Any]], said: Mapping[int, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Change what an act says of single lines, told by their number or else their place."""
    return [{**row, **said.get(row.get("行号", place), {})} for place, row in enumerate(rows, start=1)]


def _options(schema: Mapping[str, Any]) -> dict[str, str]:
    """Give the options of all drop-downs by their Chinese word."""
    parts = [schema, *schema.get("$defs", {}).values()]
    enums = [spec["enum"] for part in parts for spec in part.get("properties", {}).values() if "enum" in spec]
    return {option.split(" ", 1)[0]: option for options in enums for option in options}


def _chosen(value: Any, options: Mapping[str, str]) -> Any:
    """Choose from the drop-downs, and write a day as the date picker does."""
    if isinstance(value, dict):
        return {name: _chosen(part, options) for name, part in value.items()}
    if isinstance(value, list):
        return [_chosen(part, options) for part in value]
    if day := said_day(value):
        return day.isoformat()
    return options.get(value, value) if isinstance(value, str) else value


def resume(client: SyncPrefectClient, run_id: UUID, answer: Mapping[str, Any]) -> Given:
    """Press Resume; tries again while the form is not stored yet."""
    deadline = time.monotonic() + FORM_WAIT
    while True:
        try:
            result = client.resume_flow_run(run_id, run_input=dict(answer))
        except PrefectHTTPStatusError as error:
            if error.response.status_code != httpx.codes.CONFLICT:
                raise
            return Given(False, "已有答复 409: this form has an answer already")
        if result.status == SetStateStatus.ACCEPT:
            return Given(True)
        told = str(getattr(result.details, "reason", result.status))
        if "schema not found" not in told or time.monotonic() > deadline:
            return Given(False, told)
        time.sleep(0.1)


def resume_together(run_id: UUID, answers: Sequence[Mapping[str, Any]]) -> list[Given]:
    """Let several people press Resume in the same moment."""
    together = threading.Barrier(len(answers))
    given: dict[int, Given] = {}

    def press(who: int) -> None:
        with get_client(sync_client=True) as client:
            together.wait(10)
            given[who] = resume(client, run_id, answers[who])

    people = [threading.Thread(target=press, args=(who,)) for who in range(len(answers))]
    for person in people:
        person.start()
    for person in people:
        person.join()
    return [given.get(who, Given(False, "no answer")) for who in range(len(answers))]


def wait_ended(client: SyncPrefectClient, run_id: UUID, stopping: Callable[[], bool]) -> FlowRun:
    """Wait for a run that no person holds up; gives it as it is when it takes too long."""
    deadline = time.monotonic() + RUN_WAIT
    while True:
        run = client.read_flow_run(run_id)
        if (run.state and run.state.is_final()) or time.monotonic() > deadline or stopping():
            return run
        time.sleep(0.3)


def said_in_short(act: Act, answer: Mapping[str, Any]) -> str:
    """Say in a few words what an answer says."""
    verdicts = [str(value).split(" ")[0] for name, value in answer.items() if name.endswith(VERDICTS)]
    more = [str(act.fields[name]) for name in ("原因", "说明") if name in act.fields]
    lines = act.fields.get("明细", {})
    rows = [f"第{no}行 " + " ".join(f"{n} {_chosen(v, {})}" for n, v in row.items()) for no, row in lines.items()]
    return " · ".join(filter(None, [*verdicts, *more, *rows])) or "确认"
