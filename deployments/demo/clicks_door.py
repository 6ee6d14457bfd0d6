"""The door of the Prefect UI: find what waits by the tag of a role, read the dialog, fill it in, press Resume.

All of it goes over Prefect's API, as the UI does.
"""

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import httpx
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateName
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import SetStateStatus
from prefect.exceptions import PrefectHTTPStatusError

from deployments.demo.plan import DRAFT, Story
from deployments.demo.player import Saying, Todo, Told
from deployments.demo.sensible import ROLES, each_value, filled_in
from schemas.forms.fields import STAFF
from schemas.problems import UpError
from tasks.desk.rules import waiting_tag
from tasks.runs.rules import TAKEN_OVER

LOOK_EVERY = 0.5  # seconds between two looks at a run
WATCH_EVERY = 20.0  # seconds; outside of working hours its schedule does not start it
WATCH_SOON = 8.0  # where all that is left goes on by itself
RUN_WAIT = 120.0
FORM_WAIT = 10.0  # a run is Suspended a moment before its form is stored
FETCHED = 200
PARTS = ("schema", "description")  # of a dialog
GOES_FIRST, GOES_LAST = ("release", "goods-out", "sent"), "news"
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

    def __init__(self, client: SyncPrefectClient, deployments: Mapping[str, UUID], stopping: Event) -> None:
        self.client, self.deployments, self.stopping = client, deployments, stopping
        self._watched = -WATCH_EVERY  # monotonic

    def pause(self) -> None:
        """Wait a moment; raises UpError where Ctrl-C was pressed, for what runs is about to end."""
        if self.stopping.wait(LOOK_EVERY):
            raise UpError("中止 interrupted")

    def apply(self, stories: Sequence[Story]) -> dict[str, str]:
        """Fill in run forms, the mistakes of drafts included; a case is known by its run until it has a number."""
        return {story.key: str(self._apply(story).id) for story in stories}

    def _apply(self, story: Story) -> FlowRun:
        form = {story.process.parameter: story.form(first=DRAFT in story.acts)}
        return self._start(story.process.function.__name__.replace("_", "-"), form)

    def _start(self, deployment: str, parameters: dict[str, Any]) -> FlowRun:
        # sent again where its answer was lost, it is the same run
        return self.client.create_flow_run_from_deployment(
            self.deployments[deployment], parameters=parameters, idempotency_key=str(uuid4())
        )

    def worklists(self) -> Iterator[list[Todo]]:
        """Give what waits for people, of each case what goes first; now and then somebody starts the deadline watch."""
        self.pause()
        self._watch(WATCH_EVERY)
        suspended = FlowRunFilter(state=FlowRunFilterState(name=FlowRunFilterStateName(any_=["Suspended"])))
        first: dict[str, FlowRun] = {}
        for run in sorted(self.client.read_flow_runs(flow_run_filter=suspended, limit=FETCHED), key=_rank):
            first.setdefault(_number(run) or str(run.id), run)
        dialogs = filter(None, map(self._read, first.values()))
        yield [todo for dialog in dialogs if (todo := _todo(dialog))]

    def _watch(self, every: float) -> None:
        if time.monotonic() > self._watched + every:
            self._start("deadline-watch", {})
            self._watched = time.monotonic()

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
                return Dialog(run, gate_of(run), schema, text)
        return None

    def decide(self, sayings: Sequence[Saying]) -> list[list[Told]]:
        """Press Resume everywhere, then see what becomes of each answer."""
        pressed = [self._press(saying) for saying in sayings]
        return [self._became(saying, told) for saying, told in zip(sayings, pressed, strict=True)]

    def _became(self, saying: Saying, pressed: list[Told]) -> list[Told]:
        """Wait for what becomes of an answer; it is lost with a worker, or where another run took its item over."""
        dialog, taken = saying.item.shown, any(told.accepted for told in pressed)
        run = self._wait(dialog.run) if taken else self.client.read_flow_run(dialog.run.id)
        if taken == (gate_of(run) == dialog.gate) or run.state_name == TAKEN_OVER:
            return [LOST for _ in pressed]
        if taken and gate_of(run).rpartition("-")[0] == saying.item.key:  # the next attempt: it was refused
            after = self._read(run)
            why = after.text[after.text.find("⚠") :] if after else ""
            return [Told(False, why) if told.accepted else told for told in pressed]
        return pressed

    def _wait(self, before: FlowRun) -> FlowRun:
        """Give a run when it waits anew or has ended, as it is then or at the end of our patience."""
        deadline = time.monotonic() + RUN_WAIT
        while True:
            run = self.client.read_flow_run(before.id)
            rests = run.state_name == "Suspended" or bool(run.state and run.state.is_final())
            if time.monotonic() > deadline or (rests and run.state_id != before.state_id):
                return run
            self.pause()

    def _press(self, saying: Saying) -> list[Told]:
        """Let people press Resume, all in the same moment."""
        dialog, together = saying.item.shown, Barrier(len(saying.people))

        def press(who: str) -> Told:
            together.wait(10)
            return self._resume(dialog, _answer(dialog, saying.said, who))

        with ThreadPoolExecutor(len(saying.people)) as people:
            return list(people.map(press, saying.people))

    def _resume(self, dialog: Dialog, answer: dict[str, Any]) -> Told:
        try:
            result = self.client.resume_flow_run(dialog.run.id, run_input=answer)
        except PrefectHTTPStatusError as error:
            if error.response.status_code != httpx.codes.CONFLICT:
                raise
            return Told(False, "已有答复 409: this form has an answer already")
        if result.status == SetStateStatus.ACCEPT:
            return Told(True)
        return Told(False, str(getattr(result.details, "reason", result.status)))

    def withdraw(self, case: str, staff: str, reason: str) -> Told:
        """Take a case back through the deployment 撤回申报."""
        run = self._wait(self._start("withdraw", {"撤回单": {"单号": case, STAFF: staff, "撤回原因": reason}}))
        return Told(run.state_name == "已撤回", run.state.message or "" if run.state else "")

    def rest(self) -> None:
        """Nobody has anything to say: somebody starts the deadline watch sooner."""
        self._watch(WATCH_SOON)


def _todo(dialog: Dialog) -> Todo | None:
    """Say what a dialog is to those who see it on their worklist; None where none of the demo's people do."""
    run, schema = dialog.run, dialog.schema
    role = next((role for role in ROLES if waiting_tag(role) in run.tags), None)
    key, title = dialog.gate.rpartition("-")[0], run.name.rpartition(" · ")[2]
    return Todo(_number(run), key, title, str(schema["title"]), role, dialog, str(run.id)) if role else None


def gate_of(run: FlowRun) -> str:
    """Give the gate at which a run waits: the item and the attempt; "" where it does not wait."""
    return (run.state.state_details.pause_key or "") if run.state else ""


def _number(run: FlowRun) -> str:
    found = NUMBER.match(run.name)
    return found[0] if found else ""


def _rank(run: FlowRun) -> int:
    """Say what goes first of a case: a release before its form, what was sent before it is counted, news last."""
    gate = gate_of(run)
    if gate.startswith(GOES_LAST):
        return len(GOES_FIRST) + 1
    return next((place for place, first in enumerate(GOES_FIRST) if gate.startswith(first)), len(GOES_FIRST))


def _answer(dialog: Dialog, said: Mapping[str, Any], who: str) -> dict[str, Any]:
    """Fill in a dialog as the UI does: what is untouched is sent too, drop-downs have options."""
    properties = dialog.schema["properties"]
    prefill = {name: spec["default"] for name, spec in properties.items() if "default" in spec}
    parts = [dialog.schema, *dialog.schema.get("$defs", {}).values()]
    enums = [spec["enum"] for part in parts for spec in part.get("properties", {}).values() if "enum" in spec]
    options = {option.split(" ", 1)[0]: option for listed in enums for option in listed}
    chosen = each_value(said, lambda value: options.get(value, value) if isinstance(value, str) else value)
    return {name: value for name, value in filled_in(prefill, chosen, who).items() if name in properties}
