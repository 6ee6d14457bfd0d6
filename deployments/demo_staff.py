"""The demo's people at work: a look at each role's worklist in turn, and a pool of hands that answer."""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any
from uuid import UUID

from prefect import get_client
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun

from deployments.demo_desk import (
    APPROVALS,
    Gate,
    Given,
    fill_in,
    gate_key,
    holders,
    is_for,
    read_gate,
    resume,
    resume_together,
    said_in_short,
    waiting_runs,
)
from deployments.demo_stories import Act, Story, TakeBack
from schemas.states import Role
from tasks.durable.queries import Person

ROLES = (
    Role.OFFICE, Role.PARTS_REVIEWER, Role.PLANNER, Role.WORKSHOP, Role.WAREHOUSE, Role.SUPERVISOR, Role.MANAGER,
    Role.GENERAL_MANAGER,
)  # fmt: skip
HANDS = 6  # people who work at the same time
LOOK_EVERY = 0.15  # seconds between a look at one worklist and at the next
WITHDRAWN_WITHIN = 120.0
Tell = Callable[[str, str, str, bool], None]  # who, case, what, worth keeping


@dataclass
class Progress:
    """How far a story is: its run and case, the act that each gate got, who has approved, what must be told next."""

    story: Story
    number: str = ""
    run_id: UUID | None = None
    acts: dict[str, Act] = field(default_factory=dict)
    approved: set[str] = field(default_factory=set)
    expected: str = ""

    def act_at(self, gate: Gate) -> Act:
        """Give what is said at a gate; a gate that is shown again gets the same."""
        if gate.key not in self.acts:
            kind = max((k for k in self.story.acts if gate.item.startswith(k)), key=len, default="")
            said = sum(1 for key in self.acts if kind and key.startswith(kind))
            planned = self.story.acts.get(kind, ())
            self.acts[gate.key] = planned[said] if said < len(planned) else Act()
        return self.acts[gate.key]


class Staff:
    """Plays everybody until they are told to stop; what went otherwise than planned is in `faults`."""

    def __init__(
        self, people: Mapping[str, Person], stories: list[Progress], withdraw: UUID, tell: Tell,
        stopping: Callable[[], bool],
    ) -> None:  # fmt: skip
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

    def unsaid(self) -> list[str]:
        """Give what was planned and never happened."""
        missing = [f"{p.story.key}: 未见 was not told: {p.expected}" for p in self.stories if p.expected]
        for progress in self.stories:
            for kind, acts in progress.story.acts.items():
                said = sum(1 for key in progress.acts if key.startswith(kind))
                if said < len(acts):
                    missing.append(f"{progress.story.key}: {kind} 少 only {said} of {len(acts)} acts")
        return missing

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
        act = progress.act_at(gate)
        if act.withdraw:
            if self._take_back(client, progress, act.withdraw):
                return
            act = Act()
        self._answer(client, run, role, progress, gate, act)

    def _story_of(self, run: FlowRun) -> Progress | None:
        number = run.name.partition(" · ")[0]
        found = next((p for p in self.stories if p.run_id == run.id or (p.number and p.number == number)), None)
        if found and number.startswith("PA-"):
            found.number, found.run_id = number, run.id
        return found

    def _read(self, progress: Progress, gate: Gate) -> None:
        """Read the dialog; where an answer came back, its reason must stand in it."""
        if progress.expected and progress.expected not in gate.text:
            self.faults.append(f"{progress.story.key} {gate.key}: 未说明 does not say: {progress.expected}")
        progress.expected = ""

    def _answer(
        self, client: SyncPrefectClient, run: FlowRun, role: Role, progress: Progress, gate: Gate, act: Act
    ) -> None:
        able = holders(self.people, role, progress.story, gate)
        barred = progress.approved | {progress.story.applicant} if gate.form in APPROVALS else set()
        free = [code for code in able if code not in barred] or able
        turn = (self.answers + len(progress.acts)) % len(free)
        who = act.staff or free[turn]
        answer = fill_in(gate, who, act.fields)
        if act.twice:
            colleague = next(code for code in free if code != who)
            who, given = self._both(run, progress, [(who, answer), (colleague, fill_in(gate, colleague, act.fields))])
        else:
            given = resume(client, run.id, answer)
        self._note(run, role, progress, gate, act, who, answer, given)

    def _note(
        self, run: FlowRun, role: Role, progress: Progress, gate: Gate, act: Act, who: str,
        answer: Mapping[str, Any], given: Given,
    ) -> None:  # fmt: skip
        if not given.accepted:
            if "not paused" not in given.told:
                self.faults.append(f"{progress.story.key} {gate.key}: {given.told}")
            return
        self.answers += 1
        if act.refused:
            progress.expected = act.refused
        elif gate.form in APPROVALS:
            progress.approved.add(who)
        step = run.name.rpartition(" · ")[2]
        mark = "（应被拒绝 must be refused）" if act.refused else ""
        self.tell(self._named(who, role), progress.number, f"{step}: {said_in_short(act, answer)}{mark}", bool(act.fields))

    def _both(
        self, run: FlowRun, progress: Progress, answers: list[tuple[str, Mapping[str, Any]]]
    ) -> tuple[str, Given]:
        """Two people press Resume in the same moment: one must win, the other must be told."""
        given = resume_together(run.id, [answer for _, answer in answers])
        won = [who for (who, _), one in zip(answers, given, strict=True) if one.accepted]
        lost = [(who, one.told) for (who, _), one in zip(answers, given, strict=True) if not one.accepted]
        if len(won) != 1:
            self.faults.append(f"{progress.story.key}: {len(won)} of {len(answers)} answers at once were taken: {lost}")
            return answers[0][0], given[0]
        self.told_late += len(lost)
        for who, told in lost:
            self.tell(self._named(who), progress.number, f"同时提交，被告知 was told: {told}", True)
        return won[0], Given(True)

    def _take_back(self, client: SyncPrefectClient, progress: Progress, attempts: tuple[TakeBack, ...]) -> bool:
        """Withdraw through the deployment 撤回申报; True when the case is withdrawn."""
        for attempt in attempts:
            form = {"单号": progress.number, "经办人工号": attempt.staff, "撤回原因": attempt.reason}
            made = client.create_flow_run_from_deployment(self.withdraw, parameters={"撤回单": form}).id
            ended = self._ended(client, made)
            message = str(ended.state.message or "") if ended.state else ""
            withdrawn = ended.state is not None and ended.state.name == "已撤回"
            if withdrawn == bool(attempt.refused) or attempt.refused not in message:
                self.faults.append(f"{progress.story.key} 撤回 withdrawal by {attempt.staff}: {message}")
            what = f"撤回 withdraw: {attempt.reason} → {'已撤回' if withdrawn else f'未受理 {message}'}"
            self.tell(self._named(attempt.staff), progress.number, what, True)
            if withdrawn:
                return True
        return False

    def _ended(self, client: SyncPrefectClient, run_id: UUID) -> FlowRun:
        deadline = time.monotonic() + WITHDRAWN_WITHIN
        while True:
            run = client.read_flow_run(run_id)
            if (run.state and run.state.is_final()) or time.monotonic() > deadline or self.stopping():
                return run
            time.sleep(0.3)

    def _named(self, code: str, role: Role | None = None) -> str:
        person = self.people.get(code)
        roles = {held for held, _, _ in person.roles} if person else set()
        shown = role if role in roles else next(iter(roles), None)
        return " ".join(filter(None, [shown.zh if shown else "", person.name if person else "", code]))
