"""Bring the Prefect runs of cases to what the ledger says, through the API: no leg runs (PREFECT.md, "Parking").

A few groups of cases at once, each under its leases and noted together. A case that cannot be shown holds up no other.
"""

import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from math import inf
from typing import Any
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowFilter, FlowFilterName, FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.context import SyncClientContext
from prefect.states import Scheduled
from sqlalchemy import Engine

from schemas.problems import Unavailable
from tasks.desk.publish import learn_cases, publish_case
from tasks.desk.queries import CaseView, case_view
from tasks.desk.rules import OVERDUE, run_name, run_tags
from tasks.durable import clock
from tasks.durable.lease import seized
from tasks.durable.process import PROCESSES
from tasks.runs import parking
from tasks.runs.gate import gate_input
from tasks.runs.privacy import clear_contact
from tasks.runs.queries import Shown, cases_again, note_runs

BATCH = 200
GROUP = 10  # cases that are held at a time: whoever resumes one of them waits until all are at their gates
HANDS = 3  # at once; that keeps the server busy
BEGUN = frozenset({StateType.RUNNING, StateType.PENDING})
LEG_STARTS_WITHIN = timedelta(seconds=30)  # a run that is Running or Pending longer, without a lease, is dead
log = logging.getLogger("prefect.aftersales.watch")


@dataclass
class RecoverReport:
    """What was done, in cases."""

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
                done = _Runs(db, context.client, deployments).bring(group)
                with turn:
                    report.add(done)

    if len(case_ids) <= GROUP:
        hand()
    else:
        with ThreadPoolExecutor(HANDS, thread_name_prefix="runs") as hands:
            for work in [hands.submit(hand) for _ in range(HANDS)]:
                work.result()
    return report


def read_runs(client: SyncPrefectClient, cases: Sequence[Any]) -> dict[UUID, FlowRun]:
    """Read the runs that show these cases, by id; those that are gone are missing."""
    ids = [case.run_id for case in cases if case.run_id]
    wanted = FlowRunFilter(id=FlowRunFilterId(any_=ids))
    return {run.id: run for run in client.read_flow_runs(flow_run_filter=wanted, limit=BATCH)} if ids else {}


def is_settled(case: Any, runs: Mapping[UUID, FlowRun]) -> bool:
    """Say whether a case's run shows it as it stands, or a leg is on its way that will see to it."""
    run = runs.get(case.run_id)
    if run is not None and may_be_starting(run):
        return True
    shown = case.run_seq == case.seq
    if case.closed_at is not None:
        return bool(shown)
    if case.gate_key is None:
        return True  # there is work to do first
    late = run is not None and (OVERDUE in run.tags) == case.overdue
    return bool(shown and late) and _is_right(run, case.gate_key)


def may_be_starting(run: FlowRun) -> bool:
    """Say whether a leg of this run may be on its way: scheduled, or begun a moment ago."""
    state = run.state
    if state is None or state.type == StateType.SCHEDULED:
        return True
    begun: datetime = state.timestamp
    return state.type in BEGUN and clock.now() - begun < LEG_STARTS_WITHIN


class _Runs:
    """The runs of one group of cases."""

    def __init__(self, db: Engine, client: SyncPrefectClient, deployments: dict[str, DeploymentResponse]) -> None:
        self.db, self.client, self.report = db, client, RecoverReport()
        self._deployments = deployments  # known ones, by the title of their process

    def bring(self, case_ids: Sequence[int]) -> RecoverReport:
        """Mend the runs of those cases that no leg and no other watch has in hand, where they still need it."""
        with seized(self.db, case_ids) as ours:
            with self.db.connect() as connection:
                cases = cases_again(connection, sorted(ours), clock.now())
            runs = read_runs(self.client, cases)
            wrong = [case for case in cases if not is_settled(case, runs)]
            learn_cases(self.client, [case.number for case in wrong])
            shown = [one for case in wrong for one in self._try(case, runs.get(case.run_id))]
            if shown:
                with self.db.begin() as connection:
                    note_runs(connection, shown)
        return self.report

    def _try(self, case: Any, run: FlowRun | None) -> Iterator[Shown]:
        try:
            shown = self._mend(case, run)
        except (Unavailable, httpx.TransportError):
            raise
        except Exception as fault:  # noqa: BLE001  whatever it is, it is one case's
            log.warning("the run of %s cannot be mended: %r", case.number, fault)
            self.report.failed += 1
        else:
            if shown:
                yield shown

    def _mend(self, case: Any, run: FlowRun | None) -> Shown | None:
        if case.closed_at is not None:
            return self._finish(case, run)
        if run is None:
            return self._create(case)
        if self._answer_is_held(run, case.gate_key):
            self.client.set_flow_run_state(run.id, Scheduled(), force=True)
            self.report.rescheduled += 1
            return None
        return self._park_again(case, run)

    def _create(self, case: Any) -> Shown:
        view, process, generation = self._view(case), PROCESSES[case.process], case.run_generation + 1
        form, request = gate_input(view), process.request.model_validate(case.request)
        run_id = parking.park_new(
            deployment=self._deployment(process.title),
            name=run_name(view),
            parameters={process.parameter: request.as_form()},
            idempotency_key=f"{case.number}/{generation}",
            labels={"case_no": case.number},
            tags=run_tags(view),
            gate_key=form.key,
            form=form,
        )
        publish_case(view, run_id, learned=True)
        self.report.created += 1
        return Shown(case.id, run_id, generation, case.seq)

    def _park_again(self, case: Any, run: FlowRun) -> Shown:
        view = self._view(case)
        if _is_right(run, case.gate_key):
            self.client.update_flow_run(run.id, name=run_name(view), tags=run_tags(view))
        else:
            form = gate_input(view)
            parking.park_again(run.id, form.key, form, run_name(view), run_tags(view))
        publish_case(view, run.id, learned=True)
        self.report.parked += 1
        return Shown(case.id, run.id, case.run_generation, case.seq)

    def _finish(self, case: Any, run: FlowRun | None) -> Shown:
        if run is not None:
            view = self._view(case)
            if view.case.ending and not (run.state and run.state.is_completed()):
                parking.finish(run.id, view.case.ending.zh)
            self.client.update_flow_run(run.id, name=run_name(view), tags=run_tags(view))
            publish_case(view, run.id, learned=True)
            clear_contact(self.client, run)
            self.report.finished += 1
        return Shown(case.id, case.run_id, case.run_generation, case.seq)

    def _view(self, case: Any) -> CaseView:
        with self.db.connect() as connection:
            return case_view(connection, case.id)

    def _answer_is_held(self, run: FlowRun, gate_key: str) -> bool:
        """Say whether a dead leg had an accepted answer to the present gate that nobody recorded yet."""
        if run.state is None or run.state.type not in BEGUN:
            return False
        key = f"suspended-{gate_key}-response"
        return bool(self.client.filter_flow_run_input(run.id, key, limit=1, exclude_keys=set()))

    def _deployment(self, title: str) -> DeploymentResponse:
        if title not in self._deployments:
            named = FlowFilter(name=FlowFilterName(any_=[title]))
            found = self.client.read_deployments(flow_filter=named, limit=1)
            if not found:
                missing = f"Prefect 中没有“{title}”的部署 has no deployment of {title}"
                raise Unavailable(f"{missing}: start `aftersales up` once")
            self._deployments[title] = found[0]
        return self._deployments[title]


def _is_right(run: FlowRun | None, gate_key: str) -> bool:
    state = run.state if run else None
    return state is not None and state.name == "Suspended" and state.state_details.pause_key == gate_key
