"""The door of the Prefect UI: find what waits by the tag of a role, read the dialog, fill it in, press Resume.

All of it goes over Prefect's API, as the UI does.
"""

import json
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId, FlowRunFilterState, FlowRunFilterStateName
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import SetStateStatus
from prefect.exceptions import PrefectHTTPStatusError

from deployments.demo.plan import Story
from deployments.demo.player import Saying, Todo, Told
from deployments.demo.sensible import filled_in
from schemas.forms.fields import STAFF
from schemas.words import Role
from tasks.desk.rules import waiting_tag
from tasks.runs.rules import TAKEN_OVER

LOOK_EVERY = 0.5  # seconds between two looks at a run
RUN_WAIT = 120.0
FORM_WAIT = 10.0  # a run is Suspended a moment before its form is stored
FETCHED = 200
PARTS = ("schema", "description")  # of a dialog
GOES_FIRST = ("release", "goods-out")
LOST = Told(False, "答复未送达 never read", lost=True)
NUMBER = re.compile(r"[A-Z]+-\d{4}-\d{6}")


class Dialog(NamedTuple):
    """A run's dialog as it is shown: its gate (the item and the attempt), its schema and its text."""

    run: FlowRun
    gate: str
    schema: Mapping[str, Any]
    text: str


class ClicksDoor:
    """People at the Prefect UI; each answer waits for what becomes of it."""

    def __init__(
        self, client: SyncPrefectClient, deployments: Mapping[str, UUID], stopping: Callable[[], bool]
    ) -> None:
        self.client, self.deployments, self.stopping = client, deployments, stopping
        self._in_hand: dict[str, UUID] = {}  # run by case
        self._runs: dict[UUID, FlowRun] = {}
        self._looked_at, self._looking = 0.0, threading.Lock()

    def apply(self, stories: Sequence[Story]) -> dict[str, str]:
        """Fill in run forms, mistakes included; a case is known by its run until it has a number."""
        return {
            story.key: str(self._start("parts-application", {"申报单": story.form(first=True)})) for story in stories
        }

    def _start(self, deployment: str, parameters: dict[str, Any]) -> UUID:
        return self.client.create_flow_run_from_deployment(self.deployments[deployment], parameters=parameters).id

    def waiting(self, role: Role) -> list[Todo]:
        """Give what waits for a role, of each case what goes first, and take those cases in hand."""
        suspended = FlowRunFilter(state=FlowRunFilterState(name=FlowRunFilterStateName(any_=["Suspended"])))
        first: dict[str, FlowRun] = {}
        for run in sorted(self.client.read_flow_runs(flow_run_filter=suspended, limit=FETCHED), key=_rank):
            first.setdefault(_number(run) or str(run.id), run)
        items = []
        for case, run in first.items():
            dialog = self._read(run) if waiting_tag(role) in run.tags and case not in self._in_hand else None
            if dialog:
                self._in_hand[case] = run.id
                key, title = dialog.gate.rpartition("-")[0], run.name.rpartition(" · ")[2]
                items.append(Todo(_number(run), key, title, str(dialog.schema["title"]), role, dialog, str(run.id)))
        return items

    def _read(self, run: FlowRun) -> Dialog | None:
        """Read the dialog of a Suspended run; None when it is stored nowhere in time."""
        keys = run.state.state_details.run_input_keyset if run.state else None
        deadline = time.monotonic() + FORM_WAIT
        while keys and time.monotonic() < deadline:
            try:
                schema, text = (json.loads(self.client.read_flow_run_input(run.id, keys[part])) for part in PARTS)
            except PrefectHTTPStatusError as error:
                if error.response.status_code != httpx.codes.NOT_FOUND:
                    raise
                time.sleep(0.1)
            else:
                return Dialog(run, _gate(run), schema, text)
        return None

    def decide(self, sayings: Sequence[Saying]) -> list[list[Told]]:
        """Press Resume, and wait for what becomes of it."""
        return [self._decide(saying, saying.item.shown) for saying in sayings]

    def _decide(self, saying: Saying, dialog: Dialog) -> list[Told]:
        try:
            while True:
                pressed = self._press(dialog, [_answer(dialog, saying.said, who) for who in saying.people])
                if not any(told.accepted for told in pressed):
                    moved = _gate(self.client.read_flow_run(dialog.run.id)) != dialog.gate
                    return [LOST for _ in pressed] if moved else pressed
                after = self._wait(dialog)
                if after is LOST:
                    return [LOST for _ in pressed]
                if not isinstance(after, Dialog) or after.gate != dialog.gate:
                    break  # else it is the same gate: the answer was lost with the worker
                dialog = after
            # the next attempt at the same item: it was refused
            if isinstance(after, Dialog) and after.gate.rpartition("-")[0] == saying.item.key:
                why = after.text[after.text.find("⚠") :]
                return [Told(False, why) if told.accepted else told for told in pressed]
            return pressed
        finally:
            self._in_hand.pop(saying.item.case or saying.item.run)

    def _wait(self, dialog: Dialog) -> Dialog | Told | None:
        """Give the next dialog of a run; LOST when another run took its item over, None when it ended otherwise."""
        before = dialog.run.state.id if dialog.run.state else None
        deadline = time.monotonic() + RUN_WAIT
        while not self.stopping() and time.monotonic() < deadline:
            time.sleep(LOOK_EVERY)
            run = self._look(dialog.run.id)
            if run and run.state and run.state.is_final():
                return LOST if run.state.name == TAKEN_OVER else None
            if run and run.state and run.state.name == "Suspended" and run.state.id != before:
                return self._read(run)
        return None

    def _look(self, run_id: UUID) -> FlowRun | None:
        """Look at a run in hand; whoever looks first looks at all of them, for the server has one event loop."""
        with self._looking:
            if time.monotonic() - self._looked_at > LOOK_EVERY:
                in_hand = FlowRunFilter(id=FlowRunFilterId(any_=list(self._in_hand.values())))
                self._runs = {run.id: run for run in self.client.read_flow_runs(flow_run_filter=in_hand)}
                self._looked_at = time.monotonic()
        return self._runs.get(run_id)

    def _press(self, dialog: Dialog, answers: Sequence[Mapping[str, Any]]) -> list[Told]:
        """Let people press Resume, all in the same moment."""
        together = threading.Barrier(len(answers))

        def press(answer: Mapping[str, Any]) -> Told:
            together.wait(10)
            return self._resume(dialog.run.id, answer)

        with ThreadPoolExecutor(len(answers)) as people:
            return list(people.map(press, answers))

    def _resume(self, run_id: UUID, answer: Mapping[str, Any]) -> Told:
        try:
            result = self.client.resume_flow_run(run_id, run_input=dict(answer))
        except PrefectHTTPStatusError as error:
            if error.response.status_code != httpx.codes.CONFLICT:
                raise
            return Told(False, "已有答复 409: this form has an answer already")
        if result.status == SetStateStatus.ACCEPT:
            return Told(True)
        return Told(False, str(getattr(result.details, "reason", result.status)))

    def withdraw(self, case: str, staff: str, reason: str) -> Told:
        """Take a case back through the deployment 撤回申报."""
        run_id = self._start("withdraw", {"撤回单": {"单号": case, STAFF: staff, "撤回原因": reason}})
        deadline = time.monotonic() + RUN_WAIT
        while not ((state := self.client.read_flow_run(run_id).state) and state.is_final()):
            if self.stopping() or time.monotonic() > deadline:
                return Told(False, "撤回未办完 the withdrawal did not end")
            time.sleep(LOOK_EVERY)
        return Told(state.name == "已撤回", str(state.message or ""))


def _gate(run: FlowRun) -> str:
    """Give the gate at which a run waits: the item and the attempt; "" where it does not wait."""
    return (run.state.state_details.pause_key or "") if run.state else ""


def _number(run: FlowRun) -> str:
    found = NUMBER.match(run.name)
    return found[0] if found else ""


def _rank(run: FlowRun) -> int:
    """Say what goes first of a case: a release before the form that it waits for, the form before the pickup."""
    return next((place for place, gate in enumerate(GOES_FIRST) if _gate(run).startswith(gate)), len(GOES_FIRST))


def _answer(dialog: Dialog, said: Mapping[str, Any], who: str) -> dict[str, Any]:
    """Fill in a dialog as the UI does: what is untouched is sent too, drop-downs have options."""
    properties = dialog.schema["properties"]
    prefill = {name: spec["default"] for name, spec in properties.items() if "default" in spec}
    parts = [dialog.schema, *dialog.schema.get("$defs", {}).values()]
    enums = [spec["enum"] for part in parts for spec in part.get("properties", {}).values() if "enum" in spec]
    options = {option.split(" ", 1)[0]: option for listed in enums for option in listed}
    answer = filled_in(prefill, said, who)
    return {name: _chosen(value, options) for name, value in answer.items() if name in properties}


def _chosen(value: Any, options: Mapping[str, str]) -> Any:
    """Choose from the drop-downs."""
    if isinstance(value, dict):
        return {name: _chosen(part, options) for name, part in value.items()}
    if isinstance(value, list):
        return [_chosen(part, options) for part in value]
    return options.get(value, value) if isinstance(value, str) else value
