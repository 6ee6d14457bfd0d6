"""The watch (law 5): whatever dies or is pressed, within a minute a case waits at the right gate again.

It takes over cases that have work to do and no live lease, and compares the Prefect run of every open case
with the ledger: a run that is missing, ended, paused by hand, at an old gate, or held by a dead worker is
mended, and an application whose leg died before there was a case is started again. A case that cannot be mended
holds up no other.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
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
from prefect.exceptions import PrefectHTTPStatusError
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
    """Bring every case on its way and every open case's run to its gate; safe at any time, any number of times."""
    report = RecoverReport()
    take_over(db, report)
    restart_lost(db, report)
    last = 0
    while batch := _unsettled(db, last, BATCH):
        sync_runs(db, batch, report, on_case)
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


def restart_lost(db: Engine, report: RecoverReport) -> None:
    """Schedule applications again whose leg died before there was a case: only Prefect knows of them."""
    titles = FlowFilterName(any_=[process.title for process in PROCESSES.values()])
    begun = FlowRunFilterState(type=FlowRunFilterStateType(any_=list(BEGUN)))
    with get_client(sync_client=True) as client:
        for run in client.read_flow_runs(
            flow_filter=FlowFilter(name=titles), flow_run_filter=FlowRunFilter(state=begun), limit=BATCH
        ):
            if not _may_be_starting(run) and case_of(db, run) is None:
                client.set_flow_run_state(run.id, Scheduled(), force=True)
                report.rescheduled += 1


def _unsettled(db: Engine, after: int, limit: int) -> Sequence[Any]:
    with db.connect() as connection:
        return queries.cases_to_show(connection, after, limit, clock.now())


def sync_runs(
    db: Engine, cases: Sequence[Any], report: RecoverReport, on_case: Callable[[str], None] = lambda number: None
) -> None:
    """Compare the runs of some cases with the ledger and mend those that differ."""
    with get_client(sync_client=True) as client:
        runs = _runs(client, [case.run_id for case in cases if case.run_id])
        deployments = cache(lambda code: _deployment(client, code))
        for case in cases:
            if not (case.leased or _is_settled(case, runs.get(case.run_id))):
                _look_again(db, client, case, deployments, report)
            on_case(case.number)


def _runs(client: SyncPrefectClient, ids: Sequence[UUID]) -> dict[UUID, FlowRun]:
    wanted = FlowRunFilter(id=FlowRunFilterId(any_=list(ids)))
    return {run.id: run for run in client.read_flow_runs(flow_run_filter=wanted, limit=BATCH)} if ids else {}


def _look_again(
    db: Engine, client: SyncPrefectClient, case: Any, deployments: Callable[[str], UUID], report: RecoverReport
) -> None:
    """Mend a run under its case's lease, so that no leg and no other watch is at it, if it still needs that."""
    with seized(db, case.id) as ours:
        if not ours:
            return
        now = next((row for row in _unsettled(db, case.id - 1, 1) if row.id == case.id), None)
        run = _runs(client, [now.run_id]).get(now.run_id) if now and now.run_id else None
        if now is None or _is_settled(now, run):
            return
        try:
            _mend(db, client, now, run, deployments, report)
        except Unavailable:
            raise
        except Exception as fault:  # noqa: BLE001  one case's fault; the others are mended
            log.warning("the run of %s cannot be mended: %r", case.number, fault)
            report.failed += 1


def _is_settled(case: Any, run: FlowRun | None) -> bool:
    """Say whether a run shows its case as it stands, or a leg is on its way that will see to it."""
    if case.closed_at is None and case.gate_key is None:
        return True  # there is work to do first
    if run is None or _may_be_starting(run):
        return run is not None
    shown = case.run_seq == case.seq and (OVERDUE in run.tags) == case.overdue
    return case.closed_at is None and shown and _is_right(run, case.gate_key)


def _mend(
    db: Engine,
    client: SyncPrefectClient,
    case: Any,
    run: FlowRun | None,
    deployments: Callable[[str], UUID],
    report: RecoverReport,
) -> None:
    if case.closed_at is not None:
        if run is not None:
            _finish(client, _view(db, case.id), run)
            report.finished += 1
        _note(db, case.id, case.run_id, case.run_generation, case.seq)
    elif run is None:
        _create(db, case, deployments(case.process))
        report.created += 1
    elif _answer_is_held(client, run, case.gate_key):
        client.set_flow_run_state(run.id, Scheduled(), force=True)
        report.rescheduled += 1
    else:
        _park_again(db, client, case, run)
        report.parked += 1


def _create(db: Engine, case: Any, deployment: UUID) -> None:
    view = _view(db, case.id)
    form = gate_input(view)
    process, generation = PROCESSES[case.process], case.run_generation + 1
    request = process.request.model_validate(case.request)
    run_id = parking.park_new(
        deployment_id=deployment,
        name=run_name(view),
        parameters={process.parameter: request.as_form()},
        idempotency_key=f"{case.number}/{generation}",
        labels={"case_no": case.number},
        tags=run_tags(view),
        gate_key=form.key,
        form=form,
    )
    publish_case(view, run_id)
    _note(db, case.id, run_id, generation, case.seq)


def _park_again(db: Engine, client: SyncPrefectClient, case: Any, run: FlowRun) -> None:
    view = _view(db, case.id)
    if _is_right(run, case.gate_key):
        client.update_flow_run(run.id, name=run_name(view), tags=run_tags(view))
    else:
        form = gate_input(view)
        parking.park_again(run.id, form.key, form, run_name(view), run_tags(view))
    publish_case(view, run.id, client)
    _note(db, case.id, run.id, case.run_generation, case.seq)


def _view(db: Engine, case_id: int) -> CaseView:
    with db.connect() as connection:
        return case_view(connection, case_id)


def _finish(client: SyncPrefectClient, view: CaseView, run: FlowRun) -> None:
    if view.case.ending and not (run.state and run.state.is_completed()):
        parking.finish(run.id, view.case.ending.zh)
    client.update_flow_run(run.id, name=run_name(view), tags=run_tags(view))
    publish_case(view, run.id, client)
    clear_contact(client, run)


def _note(db: Engine, case_id: int, run_id: UUID | None, generation: int, seq: int) -> None:
    with db.begin() as connection:
        queries.note_run(connection, case_id, run_id, generation, seq)


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


def _answer_is_held(client: SyncPrefectClient, run: FlowRun, gate_key: str) -> bool:
    """Say whether a dead leg of this run had an accepted answer to the present gate that nobody recorded yet."""
    if run.state is None or run.state.type not in BEGUN:
        return False
    try:
        return bool(client.read_flow_run_input(run.id, f"suspended-{gate_key}-response"))
    except PrefectHTTPStatusError as error:
        if error.response.status_code == 404:
            return False
        raise


def _deployment(client: SyncPrefectClient, code: str) -> UUID:
    title = PROCESSES[code].title
    found = client.read_deployments(flow_filter=FlowFilter(name=FlowFilterName(any_=[title])), limit=1)
    if not found:
        raise Unavailable(f"Prefect 中没有“{title}”的部署 has no deployment of {title}: start `aftersales up` once")
    return found[0].id
