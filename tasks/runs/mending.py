"""Bring the Prefect runs of cases to what the ledger says, through the API: no leg runs (parking).

A few groups of cases at once, each under its leases and noted together. A case that cannot be shown holds up no other.
"""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from math import inf
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowFilter, FlowFilterName, FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import DeploymentResponse
from prefect.context import SyncClientContext
from prefect.states import Scheduled
from sqlalchemy import Engine

from schemas.problems import Unavailable
from tasks.desk.queries import case_view
from tasks.desk.rules import run_name, run_tags
from tasks.durable import clock
from tasks.durable.lease import seized
from tasks.durable.process import PROCESSES
from tasks.runs import parking
from tasks.runs.gate import gate_input
from tasks.runs.privacy import clear_contact, without_contact
from tasks.runs.publish import PAGES
from tasks.runs.queries import Shown, cases_again, note_runs
from tasks.runs.rules import TAKEN_OVER, tags_when_over
from tasks.runs.standing import BEGUN, ItemRun, Standing, is_settled, may_be_starting, waits_at

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
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


def bring_runs(db: Engine, case_ids: Sequence[int], until: float = inf) -> RecoverReport:
    """Bring the runs of these cases to where the cases stand; begins no group after `until` (monotonic).

    Raises Unavailable where a process has no deployment, and httpx's TransportError where no server answers.
    """
    report, turn = RecoverReport(), threading.Lock()
    deployments: dict[str, DeploymentResponse] = {}
    groups = iter([case_ids[start : start + GROUP] for start in range(0, len(case_ids), GROUP)])

    def take() -> Sequence[int] | None:
        with turn:
            return next(groups, None) if time.monotonic() < until else None

    def hand() -> None:
        with SyncClientContext.get_or_create() as context:
            while group := take():
                done = _bring_group(db, context.client, deployments, group)
                with turn:
                    report.add(done)

    if len(case_ids) <= GROUP:
        hand()
    else:
        with ThreadPoolExecutor(HANDS, thread_name_prefix="runs") as hands:
            for work in [hands.submit(hand) for _ in range(HANDS)]:
                work.result()
    return report


def read_runs(client: SyncPrefectClient, cases: Sequence[Standing]) -> dict[UUID, FlowRun]:
    """Read the runs that show these cases, by id; those that are gone are missing."""
    ids, found = [run_id for case in cases for run_id in case.run_ids], dict[UUID, FlowRun]()
    for start in range(0, len(ids), BATCH):
        wanted = FlowRunFilter(id=FlowRunFilterId(any_=ids[start : start + BATCH]))
        found |= {run.id: run for run in client.read_flow_runs(flow_run_filter=wanted, limit=BATCH)}
    return found


def _bring_group(
    db: Engine, client: SyncPrefectClient, deployments: dict[str, DeploymentResponse], case_ids: Sequence[int]
) -> RecoverReport:
    """Mend the runs of those cases that no leg and no other watch has in hand, where they still need it."""
    report, shown = RecoverReport(), list[Shown]()
    with seized(db, case_ids) as ours:
        with db.connect() as connection:
            cases = cases_again(connection, sorted(ours), clock.now())
        runs = read_runs(client, cases)
        wrong = [case for case in cases if not is_settled(case, runs)]
        PAGES.learn_cases(client, [case.row.number for case in wrong])
        for case in wrong:
            try:
                done = _Mending(db, client, deployments, case, runs, report).mend()
            except (Unavailable, httpx.TransportError):
                raise
            except Exception as fault:  # noqa: BLE001  whatever it is, it is one case's
                log.warning("the runs of %s cannot be mended: %r", case.row.number, fault)
                report.failed += 1
            else:
                shown += [done] if done else []
        if shown:
            with db.begin() as connection:
                note_runs(connection, shown)
    return report


class _Mending:
    """The runs of one case: its own, those of the items beside, and those that must end."""

    def __init__(
        self,
        db: Engine,
        client: SyncPrefectClient,
        deployments: dict[str, DeploymentResponse],  # known ones, by the title of their process
        case: Standing,
        runs: Mapping[UUID, FlowRun],
        report: RecoverReport,
    ) -> None:
        self.client, self.case, self.runs, self.report = client, case, runs, report
        self._deployments = deployments
        self.generation: int = case.row.run_generation
        self.busy = False  # a leg is on its way, so the case is looked at again
        with db.connect() as connection:
            self.view = case_view(connection, case.row.id)
        self.waiting = {item.key: item for item in self.view.items}

    def mend(self) -> Shown | None:
        """Bring all runs to where the case stands, and its sheet; gives what is shown then, None if it moved again."""
        row, own = self.case.row, self.case.own
        run_id, shows = row.run_id, row.run_item
        if not {item.key for item in filter(None, [own, *self.case.beside])} <= self.waiting.keys():
            return None
        if row.closed_at is not None:
            self._end_own()
        elif own is not None:
            run_id, shows = self._show(own, run_id, own=True), own.key
        beside: dict[str, UUID | None] = {item.key: self._show(item, item.run_id) for item in self.case.beside}
        ended = {item.key: item.run_id if self._end(item) else None for item in self.case.over}
        if run_id and (row.closed_at is None or run_id in self.runs):
            shown = {str(shows): run_id, **beside}
            items = [item._replace(run_id=shown.get(item.key)) for item in self.view.items]
            PAGES.publish_case(replace(self.view, items=items), run_id, learned=True)
        seq = row.run_seq if self.busy else row.seq
        return Shown(row.id, run_id, shows, self.generation, seq, beside | ended)

    def _show(self, item: ItemRun, run_id: UUID | None, own: bool = False) -> UUID:
        """Let a run wait at its item's gate; gives the run."""
        run = self.runs.get(run_id) if run_id else None
        if run is None:
            return self._create(item, own)
        if may_be_starting(run):
            self.busy = True
        elif self._answer_is_held(run, item):
            self.client.set_flow_run_state(run.id, Scheduled(), force=True)
            self.report.rescheduled += 1
            self.busy = True
        else:
            self._park_again(run, item)
        return run.id

    def _create(self, item: ItemRun, own: bool) -> UUID:
        row, process = self.case.row, PROCESSES[self.case.row.process]
        waiting = self.waiting[item.key]
        form, given = gate_input(self.view, waiting), process.request.model_validate(row.request).as_form()
        self.generation += 1 if own else 0
        run_id = parking.park_new(
            deployment=self._deployment(process.title),
            name=run_name(self.view, waiting),
            parameters={process.parameter: given if own else without_contact(given)},
            idempotency_key=f"{row.number}/{self.generation if own else f'{item.key}/{self.generation}'}",
            labels={"case_no": row.number} if own else {"case_no": row.number, "item": item.key},
            tags=run_tags(self.view, waiting),
            gate_key=form.key,
            form=form,
        )
        self.report.created += 1
        return run_id

    def _park_again(self, run: FlowRun, item: ItemRun) -> None:
        waiting = self.waiting[item.key]
        name, tags = run_name(self.view, waiting), run_tags(self.view, waiting)
        if not waits_at(run, item.gate_key):
            form = gate_input(self.view, waiting)
            parking.park_again(run.id, form.key, form, name, tags)
        elif (run.name, set(run.tags)) != (name, set(tags)):
            self.client.update_flow_run(run.id, name=name, tags=tags)
        else:
            return
        self.report.parked += 1

    def _end_own(self) -> None:
        """End the run of a closed case by the name of its ending."""
        run, ending = self.runs.get(self.case.row.run_id), self.view.case.ending
        if run is None or ending is None:
            return
        if not (run.state and run.state.is_completed()):
            parking.finish(run.id, ending.zh)
        self.client.update_flow_run(run.id, name=run_name(self.view), tags=run_tags(self.view))
        clear_contact(self.client, run)
        self.report.finished += 1

    def _end(self, item: ItemRun) -> bool:
        """End the run of an item that is over, by the word for that; True where a leg of it is still on its way."""
        run = self.runs.get(item.run_id) if item.run_id else None
        if run is None:
            return False
        if may_be_starting(run):
            self.busy = True
            return True
        word = TAKEN_OVER if item == self.case.own else item.state.zh
        if not (run.state and run.state.is_completed()):
            parking.finish(run.id, word)
        self.client.update_flow_run(run.id, tags=tags_when_over(run.tags, word))
        clear_contact(self.client, run)
        self.report.finished += 1
        return False

    def _answer_is_held(self, run: FlowRun, item: ItemRun) -> bool:
        """Say whether a dead leg had an accepted answer to the present gate that nobody recorded yet."""
        begun = run.state is not None and run.state.type in BEGUN
        return begun and parking.held_answer(self.client, run.id, item.gate_key) is not None

    def _deployment(self, title: str) -> DeploymentResponse:
        if title not in self._deployments:
            named = FlowFilter(name=FlowFilterName(any_=[title]))
            found = self.client.read_deployments(flow_filter=named, limit=1)
            if not found:
                missing = f"Prefect 中没有“{title}”的部署 has no deployment of {title}"
                raise Unavailable(f"{missing}: start `aftersales up` once")
            self._deployments[title] = found[0]
        return self._deployments[title]
