"""The watch (law 5): whatever dies or is pressed, within a minute a case waits at the right gate again.

It takes over cases that have work to do and no live lease, and compares the Prefect run of every open case
with the ledger: a run that is missing, ended, paused by hand, at an old gate, or held by a dead worker is
mended, and an application whose leg died before there was a case is started again. A case that cannot be
mended holds up no other.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from prefect import get_client
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Scheduled
from sqlalchemy import Engine

from schemas.problems import Unavailable
from tasks.desk import parking
from tasks.desk.case_run import case_of
from tasks.desk.gate_form import gate_input
from tasks.desk.privacy import clear_contact
from tasks.desk.publish import publish_case
from tasks.desk.queries import CaseView, case_view
from tasks.desk.rules import OVERDUE, run_name, run_tags
from tasks.durable import clock, queries
from tasks.durable.engine import PROCESSES, advance
from tasks.durable.lease import seized

BATCH = 200
BEGUN = frozenset({StateType.RUNNING, StateType.PENDING})
JOBS = ("撤回申报",)  # does nothing twice: one that a worker took down with it runs again
LEG_STARTS_WITHIN = timedelta(seconds=30)  # a run that is Running or Pending longer, without a lease, is dead
TAKE_OVER_AFTER = timedelta(seconds=3)
log = logging.getLogger("prefect.aftersales.watch")


@dataclass
class RecoverReport:
    """What a round of the watch did."""

    advanced: int = 0
    parked: int = 0
    created: int = 0
    rescheduled: int = 0
    finished: int = 0
    failed: int = 0


def recover(db: Engine, on_case: Callable[[str], None] = lambda number: None) -> RecoverReport:
    """Bring every case on its way and every run to its gate; safe at any time, any number of times."""
    report = RecoverReport()
    take_over(db, report)
    with get_client(sync_client=True) as client:
        watch, last = Watch(db, client, report), 0
        watch.restart_lost()
        while batch := watch.cases(last, BATCH):
            watch.look_at(batch, on_case)
            last = batch[-1].id
    return report


def take_over(db: Engine, report: RecoverReport) -> None:
    """Advance cases whose leg died or that were decided outside of Prefect."""
    with db.connect() as connection:
        ready = queries.ready_cases(connection, clock.now() - TAKE_OVER_AFTER, BATCH)
    for case_id in ready:
        try:
            advance(db, case_id)
            report.advanced += 1
        except Exception as fault:  # noqa: BLE001  noted on the case by advance; the others go on
            log.warning("case %s cannot go on: %r", case_id, fault)
            report.failed += 1


@dataclass
class Watch:
    """One round over the runs of all cases: what differs from the ledger is mended."""

    db: Engine
    client: SyncPrefectClient
    report: RecoverReport

    def restart_lost(self) -> None:
        """Schedule again what died without a case: applications and jobs that only Prefect knows of."""
        titles = FlowFilterName(any_=[*JOBS, *(process.title for process in PROCESSES.values())])
        begun = FlowRunFilterState(type=FlowRunFilterStateType(any_=list(BEGUN)))
        for run in self.client.read_flow_runs(
            flow_filter=FlowFilter(name=titles), flow_run_filter=FlowRunFilter(state=begun), limit=BATCH
        ):
            if not _may_be_starting(run) and case_of(self.db, run) is None:
                self._reschedule(run)

    def cases(self, after: int, limit: int) -> Sequence[Any]:
        """Find the next cases whose run should show something."""
        with self.db.connect() as connection:
            return queries.cases_to_show(connection, after, limit, clock.now())

    def look_at(self, cases: Sequence[Any], on_case: Callable[[str], None]) -> None:
        """Mend the runs of these cases where that is needed; a case's fault is reported, the others go on."""
        runs = self._runs([case.run_id for case in cases if case.run_id])
        for case in cases:
            try:
                if not (case.leased or _is_settled(case, runs.get(case.run_id))):
                    self._look_again(case)
            except Unavailable:
                raise
            except Exception as fault:  # noqa: BLE001  whatever it is, it is one case's
                log.warning("the run of %s cannot be mended: %r", case.number, fault)
                self.report.failed += 1
            on_case(case.number)

    def _runs(self, ids: Sequence[UUID]) -> dict[UUID, FlowRun]:
        wanted = FlowRunFilter(id=FlowRunFilterId(any_=list(ids)))
        found = self.client.read_flow_runs(flow_run_filter=wanted, limit=BATCH) if ids else []
        return {run.id: run for run in found}

    def _look_again(self, seen: Any) -> None:
        """Mend a run under its case's lease, when no leg and no other watch is at it, if it still needs it."""
        with seized(self.db, seen.id) as ours:
            case = next((case for case in self.cases(seen.id - 1, 1) if case.id == seen.id), None)
            if ours and case is not None:
                run = self._runs([case.run_id]).get(case.run_id) if case.run_id else None
                if not _is_settled(case, run):
                    self._mend(case, run)

    def _mend(self, case: Any, run: FlowRun | None) -> None:
        if case.closed_at is not None:
            self._finish(case, run)
        elif run is None:
            self._create(case)
        elif self._answer_is_held(run, case.gate_key):
            self._reschedule(run)
        else:
            self._park_again(case, run)

    def _reschedule(self, run: FlowRun) -> None:
        self.client.set_flow_run_state(run.id, Scheduled(), force=True)
        self.report.rescheduled += 1

    def _create(self, case: Any) -> None:
        view, process, generation = self._view(case), PROCESSES[case.process], case.run_generation + 1
        form, request = gate_input(view), process.request.model_validate(case.request)
        run_id = parking.park_new(
            deployment_id=self._deployment(process.title),
            name=run_name(view),
            parameters={process.parameter: request.as_form()},
            idempotency_key=f"{case.number}/{generation}",
            labels={"case_no": case.number},
            tags=run_tags(view),
            gate_key=form.key,
            form=form,
        )
        publish_case(view, run_id, self.client)
        self._note(case, run_id, generation)
        self.report.created += 1

    def _park_again(self, case: Any, run: FlowRun) -> None:
        view = self._view(case)
        if _is_right(run, case.gate_key):
            self.client.update_flow_run(run.id, name=run_name(view), tags=run_tags(view))
        else:
            form = gate_input(view)
            parking.park_again(run.id, form.key, form, run_name(view), run_tags(view))
        publish_case(view, run.id, self.client)
        self._note(case, run.id, case.run_generation)
        self.report.parked += 1

    def _finish(self, case: Any, run: FlowRun | None) -> None:
        if run is not None:
            view = self._view(case)
            if view.case.ending and not (run.state and run.state.is_completed()):
                parking.finish(run.id, view.case.ending.zh)
            self.client.update_flow_run(run.id, name=run_name(view), tags=run_tags(view))
            publish_case(view, run.id, self.client)
            clear_contact(self.client, run)
            self.report.finished += 1
        self._note(case, case.run_id, case.run_generation)

    def _view(self, case: Any) -> CaseView:
        with self.db.connect() as connection:
            return case_view(connection, case.id)

    def _note(self, case: Any, run_id: UUID | None, generation: int) -> None:
        with self.db.begin() as connection:
            queries.note_run(connection, case.id, run_id, generation, case.seq)

    def _answer_is_held(self, run: FlowRun, gate_key: str) -> bool:
        """Say whether a dead leg had an accepted answer to the present gate that nobody recorded yet."""
        if run.state is None or run.state.type not in BEGUN:
            return False
        key = f"suspended-{gate_key}-response"
        return bool(self.client.filter_flow_run_input(run.id, key, limit=1, exclude_keys=set()))

    def _deployment(self, title: str) -> UUID:
        found = self.client.read_deployments(
            flow_filter=FlowFilter(name=FlowFilterName(any_=[title])), limit=1
        )
        if not found:
            missing = f"Prefect 中没有“{title}”的部署 has no deployment of {title}"
            raise Unavailable(f"{missing}: start `aftersales up` once")
        return found[0].id


def _is_settled(case: Any, run: FlowRun | None) -> bool:
    """Say whether a run shows its case as it stands, or a leg is on its way that will see to it."""
    if case.closed_at is None and case.gate_key is None:
        return True  # there is work to do first
    if run is None or _may_be_starting(run):
        return run is not None
    shown = case.run_seq == case.seq and (OVERDUE in run.tags) == case.overdue
    return case.closed_at is None and shown and _is_right(run, case.gate_key)


def _is_right(run: FlowRun, gate_key: str) -> bool:
    state = run.state
    return state is not None and state.name == "Suspended" and state.state_details.pause_key == gate_key


def _may_be_starting(run: FlowRun) -> bool:
    """Say whether a leg of this run may be on its way: scheduled, or begun a moment ago."""
    state = run.state
    if state is None or state.type == StateType.SCHEDULED:
        return True
    begun: datetime = state.timestamp
    return state.type in BEGUN and clock.now() - begun < LEG_STARTS_WITHIN
