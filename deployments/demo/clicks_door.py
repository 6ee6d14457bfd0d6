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
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateName,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import SetStateStatus
from prefect.exceptions import PrefectHTTPStatusError

from deployments.demo.plan import Story
from deployments.demo.player import Item, Told, Turn
from deployments.demo.sensible import filled_in
from schemas.forms.fields import STAFF
from schemas.words import Role
from tasks.desk.rules import waiting_tag

LOOK_EVERY = 0.5  # seconds between two looks at a run
RUN_WAIT = 120.0
FORM_WAIT = 10.0  # a run is Suspended a moment before its form is stored
FETCHED = 200
PARTS = ("schema", "description")  # of a dialog
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
        self._in_hand: set[UUID] = set()
        self._runs: dict[UUID, FlowRun] = {}
        self._looked_at, self._looking = 0.0, threading.Lock()

    def apply(self, stories: Sequence[Story]) -> dict[str, str]:
        """Fill in run forms, mistakes included; a case is known by its run until it has a number."""
        return {
            story.key: str(self._start("parts-application", {"申报单": story.form(first=True)})) for story in stories
        }

    def _start(self, deployment: str, parameters: dict[str, Any]) -> UUID:
        return self.client.create_flow_run_from_deployment(self.deployments[deployment], parameters=parameters).id

    def waiting(self, role: Role) -> list[Item]:
        """Give what waits for a role, as its worklist shows it, and take it in hand."""
        suspended = FlowRunFilterState(name=FlowRunFilterStateName(any_=["Suspended"]))
        wanted = FlowRunFilter(state=suspended, tags=FlowRunFilterTags(all_=[waiting_tag(role)]))
        items = []
        for run in self.client.read_flow_runs(flow_run_filter=wanted, limit=FETCHED):
            dialog = None if run.id in self._in_hand else self._read(run)
            if dialog is None:
                continue
            number, title = NUMBER.match(run.name), run.name.rpartition(" · ")[2]
            key, form = dialog.gate.rpartition("-")[0], str(dialog.schema["title"])
            self._in_hand.add(run.id)
            items.append(Item(number[0] if number else "", key, title, form, role, dialog, str(run.id)))
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

    def decide(self, turns: Sequence[Turn]) -> list[list[Told]]:
        """Press Resume, and wait for what becomes of it."""
        return [self._decide(turn, turn.item.shown) for turn in turns]

    def _decide(self, turn: Turn, dialog: Dialog) -> list[Told]:
        try:
            while True:
                pressed = self._press(dialog, [_answer(dialog, turn.said, who) for who in turn.people])
                if not any(told.accepted for told in pressed):
                    return pressed
                after = self._wait(dialog)
                if after is None or after.gate != dialog.gate:  # the same gate: the answer was lost with the worker
                    break
                dialog = after
            if after and after.gate.rpartition("-")[0] == turn.item.key:  # the next attempt: it was refused
                why = after.text[after.text.find("⚠") :]
                return [Told(False, why) if told.accepted else told for told in pressed]
            return pressed
        finally:
            self._in_hand.discard(dialog.run.id)

    def _wait(self, dialog: Dialog) -> Dialog | None:
        """Give the next dialog of a run; None when it has ended, or when we are to stop."""
        before = dialog.run.state.id if dialog.run.state else None
        deadline = time.monotonic() + RUN_WAIT
        while not self.stopping() and time.monotonic() < deadline:
            time.sleep(LOOK_EVERY)
            run = self._look(dialog.run.id)
            if run and run.state and run.state.is_final():
                return None
            if run and run.state and run.state.name == "Suspended" and run.state.id != before:
                return self._read(run)
        return None

    def _look(self, run_id: UUID) -> FlowRun | None:
        """Look at a run in hand; whoever looks first looks at all of them, for the server has one event loop."""
        with self._looking:
            if time.monotonic() - self._looked_at > LOOK_EVERY:
                in_hand = FlowRunFilter(id=FlowRunFilterId(any_=list(self._in_hand)))
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
        """Press Resume; tries again while the form is not stored yet."""
        deadline = time.monotonic() + FORM_WAIT
        while True:
            try:
                result = self.client.resume_flow_run(run_id, run_input=dict(answer))
            except PrefectHTTPStatusError as error:
                if error.response.status_code != httpx.codes.CONFLICT:
                    raise
                return Told(False, "已有答复 409: this form has an answer already")
            if result.status == SetStateStatus.ACCEPT:
                return Told(True)
            told = str(getattr(result.details, "reason", result.status))
            if "schema not found" not in told or time.monotonic() > deadline:
                return Told(False, told)
            time.sleep(0.1)

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
    return (run.state.state_details.pause_key or "") if run.state else ""


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
