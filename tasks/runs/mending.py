"""Bring the Prefect runs of cases to what the ledger says, through the API: no leg runs (parking).

A few groups of cases at once, each under its leases and noted together. A case that cannot be shown holds up no other.
"""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from math import inf
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import DeploymentResponse
from sqlalchemy import Engine

from schemas.forms.base import contact_fields
from schemas.problems import Unavailable
from schemas.words import ItemState
from tasks.desk.links import case_key
from tasks.desk.queries import case_view
from tasks.desk.rules import run_name, run_tags
from tasks.desk.views import CaseView, ItemView
from tasks.durable.lease import seized
from tasks.durable.process import PROCESSES
from tasks.privacy.rules import blanked, in_texts, mask_text
from tasks.runs import parking
from tasks.runs.gate import gate_input
from tasks.runs.parking import waits_at
from tasks.runs.publish import PAGES
from tasks.runs.queries import Shown, cases_again, note_runs, was_judged
from tasks.runs.rules import TAKEN_OVER, ItemRun, tags_when_over
from tasks.runs.standing import Runs, Standing, gate_key, is_draft, is_settled, item_of, may_be_starting
from tasks.unit.reading import reading

BATCH = 200
GROUP = 10  # cases that are held at a time: whoever resumes one of them waits until all are at their gates
HANDS = 3  # at once; that keeps the server busy
log = logging.getLogger("prefect.aftersales.watch")


@dataclass
class RecoverReport:
    """What was done: cases advanced, runs parked, created, rescheduled and finished, cases that failed."""

    advanced: int = 0
    parked: int = 0
    created: int = 0
    rescheduled: int = 0
    finished: int = 0
    failed: int = 0

    def add(self, other: "RecoverReport") -> None:
        """Add what was done elsewhere."""
        for name, count in vars(other).items():
            setattr(self, name, getattr(self, name) + count)


def bring_runs(db: Engine, case_ids: Sequence[int], until: float = inf) -> RecoverReport:
    """Bring the runs of these cases to where the cases stand; begins no group after `until` (monotonic).

    Raises Unavailable where a process has no deployment, and httpx's TransportError where no server answers.
    """
    report, deployment = RecoverReport(), cache(parking.deployment_of)
    groups = [case_ids[start : start + GROUP] for start in range(0, len(case_ids), GROUP)]

    def bring(group: Sequence[int]) -> RecoverReport:
        return _bring_group(db, group, deployment) if time.monotonic() < until else RecoverReport()

    with ThreadPoolExecutor(HANDS, thread_name_prefix="runs") as hands:
        for done in hands.map(bring, groups) if len(groups) > 1 else map(bring, groups):
            report.add(done)
    return report


def read_runs(client: SyncPrefectClient, cases: Sequence[Standing]) -> Runs:
    """Read the runs that show these cases."""
    ids = [run_id for case in cases for run_id in case.run_ids]
    found = dict[UUID | None, FlowRun]()
    for start in range(0, len(ids), BATCH):
        wanted = FlowRunFilter.model_validate({"id": {"any_": ids[start : start + BATCH]}})
        found |= {run.id: run for run in client.read_flow_runs(flow_run_filter=wanted, limit=BATCH)}
    return found


def _bring_group(db: Engine, case_ids: Sequence[int], deployment: Callable[[str], DeploymentResponse]) -> RecoverReport:
    """Mend the runs of those cases that no leg and no other watch has in hand, where they still need it."""
    report, shown = RecoverReport(), list[Shown]()
    with parking.prefect_client() as client, seized(db, case_ids) as ours:
        with reading(db) as connection:
            cases = cases_again(connection, sorted(ours))
        runs = read_runs(client, cases)
        wrong = [case for case in cases if not is_settled(case, runs)]
        PAGES.learn(client, [case_key(case.row.number) for case in wrong])
        for case in wrong:
            try:
                with reading(db) as connection:
                    view = case_view(connection, case.row.id)
                if view.case.seq == case.row.seq:  # else it moved again
                    shown.append(_Mending(db, client, deployment, case, view, runs, report).mend())
            except (Unavailable, httpx.TransportError):
                raise
            except Exception as fault:  # noqa: BLE001  whatever it is, it is one case's
                log.warning("the runs of %s cannot be mended: %r", case.row.number, fault)
                report.failed += 1
        if shown:
            with db.begin() as connection:
                note_runs(connection, shown)
    return report


@dataclass
class _Mending:
    """The runs of one case: its own, those of the items beside, and those that must end.

    `busy` says that a leg is on its way, so the case is looked at again.
    """

    db: Engine
    client: SyncPrefectClient
    deployment: Callable[[str], DeploymentResponse]  # by the title of the process
    case: Standing
    view: CaseView
    runs: Runs
    report: RecoverReport
    busy: bool = False

    def mend(self) -> Shown:
        """Bring all runs to where the case stands, and its sheet; gives what is shown then."""
        row, waiting = self.case.row, {item.key: item for item in self.view.items}
        self.generation: int = row.run_generation
        run_id, shows = row.run_id, row.run_item
        if row.closed_at is not None:
            self._end_own()
        elif self.case.own is not None:
            shows = self.case.own.key
            run_id = self._show(waiting[shows], run_id, own=True)
        beside = {item.key: self._show(waiting[item.key], item.run_id) for item in self.case.beside}
        ended = {item.key: self._end(item) for item in self.case.over}
        if run_id and (row.closed_at is None or run_id in self.runs):
            shown = {shows: run_id, **beside}
            items = [item._replace(run_id=shown.get(item.key)) for item in self.view.items]
            PAGES.publish_case(replace(self.view, items=items), run_id, learned=True)
        seq = row.run_seq if self.busy else row.seq
        return Shown(row.id, run_id, shows, self.generation, seq, beside | ended)

    def _show(self, item: ItemView, run_id: UUID | None, own: bool = False) -> UUID:
        """Let a run wait at its item's gate; gives the run."""
        run = self.runs.get(run_id)
        if run is None:
            return self._create(item, own)
        if may_be_starting(run):
            self.busy = True
        elif waits_at(run, gate_key(item)):
            self.report.parked += parking.rename(run, run_name(self.view, item), run_tags(self.view, item))
        elif self._unheard(run) or not self._park_again(run, item):
            self._start_again(run)
        return run.id

    def _unheard(self, run: FlowRun) -> bool:
        """Say whether a leg that is over left an answer that nobody recorded or refused."""
        if run.state_name == "Suspended" or run.state_type is StateType.COMPLETED:
            return False
        gate = parking.last_gate(self.client, run.id)
        given = parking.held_answer(self.client, run.id, gate) if gate and not is_draft(gate) else None
        if given is None:
            return False
        with reading(self.db) as connection:
            return not was_judged(connection, self.case.row.id, item_of(gate), given)

    def _start_again(self, run: FlowRun) -> None:
        parking.start_again(run.id)
        self.report.rescheduled += 1
        self.busy = True

    def _create(self, item: ItemView, own: bool) -> UUID:
        row, process = self.case.row, PROCESSES[self.case.row.process]
        form, given = gate_input(self.view, item), process.request.model_validate(row.request).as_form()
        self.generation += own
        run_id = parking.park_new(
            deployment=self.deployment(process.title),
            name=run_name(self.view, item),
            parameters={process.parameter: given if own else blanked(given, contact_fields())},
            idempotency_key=f"{row.number}/{self.generation if own else f'{item.key}/{self.generation}'}",
            labels={"case_no": row.number} if own else {"case_no": row.number, "item": item.key},
            tags=run_tags(self.view, item),
            gate_key=form.key,
            form=form,
        )
        self.report.created += 1
        return run_id

    def _park_again(self, run: FlowRun, item: ItemView) -> bool:
        """Move a run to its item's gate; False where an answer to that is held, by a run that was elsewhere since."""
        form = gate_input(self.view, item)
        parked = parking.park_again(run.id, form.key, form, run_name(self.view, item), run_tags(self.view, item))
        self.report.parked += parked
        return parked

    def _end_own(self) -> None:
        """End the run of a closed case by the name of its ending, and those that a watch was killed before it noted."""
        own, ending, number = self.runs.get(self.case.row.run_id), self.view.case.ending, self.case.row.number
        if own is None or ending is None:
            return
        if self._unheard(own):
            self._start_again(own)
            return
        waiting = FlowRunFilter.model_validate({"name": {"like_": number}, "state": {"type": {"any_": ["PAUSED"]}}})
        for run in (own, *self.client.read_flow_runs(flow_run_filter=waiting)):
            ours = (run.idempotency_key or "").startswith(f"{number}/") and run.id not in self.case.run_ids
            if run is own or ours:
                self._finish(run, ending.zh, run_name(self.view), run_tags(self.view))

    def _end(self, item: ItemRun) -> UUID | None:
        """End the run of an item that is over, by the word for that; gives it where a leg of it is still on its way."""
        run = self.runs.get(item.run_id)
        if run and may_be_starting(run):
            self.busy = True
            return run.id
        if run and self._unheard(run):
            self._start_again(run)
            return run.id
        if run:
            word = TAKEN_OVER if item.state is ItemState.OPEN else item.state.zh
            self._finish(run, word, run.name, tags_when_over(run.tags, word))
        return None

    def _finish(self, run: FlowRun, word: str, name: str, tags: Sequence[str]) -> None:
        """End a run by a word and clear what Prefect stores of it of contact data (DOMAIN, "Privacy")."""
        if run.state_type is not StateType.COMPLETED:
            parking.finish(run.id, word)
        parking.rename(run, name, tags)
        parameters = in_texts(blanked(run.parameters, contact_fields()), self._masked)
        if parameters != run.parameters:
            self.client.update_flow_run(run.id, parameters=parameters)
        parking.forget_texts(self.client, run.id, lambda kept: self._masked(kept) != kept)
        self.report.finished += 1

    def _masked(self, text: str) -> str:
        return mask_text(text, self.view.case)
