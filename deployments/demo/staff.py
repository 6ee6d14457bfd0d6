"""The demo's people at work: a look at each role's worklist in turn, and a pool of hands that answer."""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle
from typing import Any
from uuid import UUID

from prefect import get_client
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun

from deployments.demo.desk import (
    Gate,
    fill_in,
    gate_key,
    is_for,
    read_gate,
    resume,
    resume_together,
    said_in_short,
    wait_ended,
    waiting_runs,
)
from deployments.demo.plan import Act, TakeBack
from deployments.demo.progress import APPROVALS, ROLES, Progress, who_may
from schemas.words import Role
from tasks.people.queries import Person

HANDS = 6  # people who work at the same time
LOOK_EVERY = 0.15  # seconds between a look at one worklist and at the next
Tell = Callable[[str, str, str, bool], None]  # who, case, what, worth keeping


@dataclass(frozen=True)
class Turn:
    """A gate that somebody of a role is about to answer."""

    run: FlowRun
    role: Role
    progress: Progress
    gate: Gate
    act: Act

    def form_by(self, who: str) -> dict[str, Any]:
        """Give the form as somebody fills it in."""
        return fill_in(self.gate, who, self.act.fields)


class Staff:
    """Plays everybody until they are told to stop; what went otherwise than planned is in `faults`."""

    def __init__(
        self,
        people: Mapping[str, Person],
        stories: list[Progress],
        withdraw: UUID,
        tell: Tell,
        stopping: Callable[[], bool],
    ) -> None:
        self.people, self.stories, self.withdraw, self.tell = people, stories, withdraw, tell
        self.stopping = stopping
        self.faults: list[str] = []
        self.answers = 0
        self.told_late = 0
        self._taken: set[UUID] = set()
        self._lock = threading.Lock()

    def work(self) -> None:
        """Look through the worklists in turn, again and again, until it is time to stop."""
        with get_client(sync_client=True) as client, ThreadPoolExecutor(HANDS, "hand") as hands:
            for role in cycle(ROLES):
                if self.stopping():
                    return
                for run in waiting_runs(client, role):
                    if self._take(run):
                        hands.submit(self._safely, run, role)
                time.sleep(LOOK_EVERY)

    def _take(self, run: FlowRun) -> bool:
        """Say whether this suspension of a run is nobody's yet."""
        state_id = run.state.id if run.state else None
        with self._lock:
            if state_id is None or state_id in self._taken:
                return False
            self._taken.add(state_id)
            return True

    def _leave(self, run: FlowRun) -> None:
        with self._lock:
            self._taken.discard(run.state.id if run.state else run.id)

    def _safely(self, run: FlowRun, role: Role) -> None:
        if self.stopping():
            return
        try:
            with get_client(sync_client=True) as client:
                self._handle(client, run, role)
        except Exception as fault:  # noqa: BLE001  a fault of one hand is told at the end, the others go on
            self.faults.append(f"{run.name} {gate_key(run)}: {fault!r}")

    def _handle(self, client: SyncPrefectClient, run: FlowRun, role: Role) -> None:
        progress = self._story_of(run)
        gate = read_gate(client, run)
        if progress is None or gate is None or not is_for(gate, run, role):
            self._leave(run)
            return
        self._read(progress, gate)
        act = progress.act_at(gate.key, gate.item)
        if act.withdraw:
            if self._take_back(client, progress, act.withdraw):
                return
            act = Act()
        self._answer(client, Turn(run, role, progress, gate, act))

    def _story_of(self, run: FlowRun) -> Progress | None:
        number = run.name.partition(" · ")[0]
        found = next((p for p in self.stories if p.run_id == run.id or (p.number and p.number == number)), None)
        if found and number.startswith("PA-"):
            found.number, found.run_id = number, run.id
        return found

    def _read(self, progress: Progress, gate: Gate) -> None:
        """Read the dialog; where an answer came back, its reason must stand in it."""
        came_back = gate.key != progress.refused_at  # the same gate again: the answer was lost with the worker
        if came_back and progress.expected not in gate.text:
            self.faults.append(f"{progress.story.key} {gate.key}: 未说明 does not say: {progress.expected}")
        progress.expected = ""

    def _answer(self, client: SyncPrefectClient, turn: Turn) -> None:
        """Fill in the form in somebody's name and press Resume."""
        free = who_may(self.people, turn.role, turn.progress, turn.gate.item, turn.gate.form)
        who = turn.act.staff or free[(self.answers + len(turn.progress.acts)) % len(free)]
        if turn.act.twice:
            self._both(turn, (who, next(code for code in free if code != who)))
            return
        self._expect(turn, who)
        given = resume(client, turn.run.id, turn.form_by(who))
        if given.accepted:
            self._note(turn, who)
        elif "not paused" not in given.told:  # that would only mean that a leg is on its way
            self.faults.append(f"{turn.progress.story.key} {turn.gate.key}: {given.told}")

    def _expect(self, turn: Turn, *people: str) -> None:
        """Know, before an answer goes out, what it leads to: an approval, or a reason on the next form."""
        turn.progress.expected, turn.progress.refused_at = turn.act.refused, turn.gate.key
        if turn.gate.form in APPROVALS and not turn.act.refused:
            turn.progress.approved.update(people)

    def _note(self, turn: Turn, who: str) -> None:
        """Tell what was sent."""
        progress, act = turn.progress, turn.act
        self.answers += 1
        step = turn.run.name.rpartition(" · ")[2]
        mark = "（应被拒绝 must be refused）" if act.refused else ""
        what = f"{step}: {said_in_short(act, turn.form_by(who))}{mark}"
        self.tell(self._named(who, turn.role), progress.number, what, bool(act.fields or act.refused))

    def _both(self, turn: Turn, people: tuple[str, str]) -> None:
        """Two people press Resume in the same moment: one must win, the other must be told."""
        self._expect(turn, *people)
        given = resume_together(turn.run.id, [turn.form_by(who) for who in people])
        results = dict(zip(people, given, strict=True))
        won = [who for who, one in results.items() if one.accepted]
        for who, one in results.items():
            if not one.accepted:
                self.told_late += 1
                turn.progress.approved.discard(who)
                what = f"同时提交，被告知 at the same time, was told: {one.told}"
                self.tell(self._named(who, turn.role), turn.progress.number, what, True)
        if len(won) == 1:
            self._note(turn, won[0])
        else:
            self.faults.append(f"{turn.progress.story.key}: {len(won)} answers at once were taken")

    def _take_back(self, client: SyncPrefectClient, progress: Progress, attempts: tuple[TakeBack, ...]) -> bool:
        """Withdraw through the deployment 撤回申报; True when the case is withdrawn."""
        for attempt in attempts:
            form = {"单号": progress.number, "经办人工号": attempt.staff, "撤回原因": attempt.reason}
            made = client.create_flow_run_from_deployment(self.withdraw, parameters={"撤回单": form}).id
            ended = wait_ended(client, made, self.stopping)
            if self.stopping():
                return True
            message = str(ended.state.message or "") if ended.state else ""
            withdrawn = ended.state is not None and ended.state.name == "已撤回"
            if withdrawn == bool(attempt.refused) or attempt.refused not in message:
                self.faults.append(f"{progress.story.key} 撤回 withdrawal by {attempt.staff}: {message}")
            what = f"撤回 withdraw: {attempt.reason} → {'已撤回' if withdrawn else f'未受理 {message}'}"
            self.tell(self._named(attempt.staff), progress.number, what, True)
            if withdrawn:
                return True
        return False

    def _named(self, code: str, role: Role | None = None) -> str:
        person = self.people.get(code)
        roles = {held for held, _, _ in person.roles} if person else set()
        shown = role if role in roles else next(iter(roles), None)
        return " ".join(filter(None, [shown.zh if shown else "", person.name if person else "", code]))
