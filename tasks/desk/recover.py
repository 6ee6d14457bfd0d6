"""The watch (law 5): whatever dies or is pressed, within a minute a case waits at the right gate again.

It takes over cases that have work to do and no live lease, and compares the Prefect run of every open case with
the ledger: a run that is missing, ended, paused by hand, at an old gate, or held by a dead worker is mended.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from prefect import get_client
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowFilter, FlowFilterName, FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.exceptions import PrefectHTTPStatusError
from prefect.states import Scheduled
from sqlalchemy import Engine

from schemas.problems import AftersalesError, Unavailable
from tasks.desk import parking
from tasks.desk.gate_form import gate_input
from tasks.desk.privacy import clear_contact
from tasks.desk.publish import publish_case
from tasks.desk.queries import CaseView, case_view
from tasks.desk.rules import run_name, run_tags
from tasks.durable import clock, queries
from tasks.durable.engine import PROCESSES, advance

BATCH = 200
LEG_STARTS_WITHIN = timedelta(seconds=30)  # a run that is Running or Pending longer, without a lease, is dead
TAKE_OVER_AFTER = timedelta(seconds=3)


@dataclass
class RecoverReport:
    """What a round of the watch did."""

    advanced: int = 0
    parked: int = 0
    created: int = 0
    rescheduled: int = 0
    finished: int = 0


def recover(db: Engine, on_case: Callable[[str], None] = lambda number: None) -> RecoverReport:
    """Bring every case on its way and every open case's run to its gate; safe at any time, any number of times."""
    report = RecoverReport()
    take_over(db, report)
    last = 0
    while batch := _unsettled(db, last):
        sync_runs(db, batch, report, on_case)
        last = batch[-1].id
    return report


def take_over(db: Engine, report: RecoverReport) -> None:
    """Advance cases whose leg died or that were decided outside of Prefect."""
    with db.connect() as connection:
        ready = queries.ready_cases(connection, clock.now() - TAKE_OVER_AFTER, BATCH)
    for case_id in ready:
        with suppress(AftersalesError):  # noted on the case by advance; the others go on
            advance(db, case_id)
            report.advanced += 1


def _unsettled(db: Engine, after: int) -> Sequence[Any]:
    with db.connect() as connection:
        return queries.cases_to_show(connection, after, BATCH, clock.now())


def sync_runs(
    db: Engine, cases: Sequence[Any], report: RecoverReport, on_case: Callable[[str], None] = lambda number: None
) -> None:
    """Compare the runs of some cases with the ledger and mend those that differ."""
    with get_client(sync_client=True) as client:
        ids = [case.run_id for case in cases if case.run_id]
        found = (
            client.read_flow_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=ids)), limit=BATCH) if ids else []
        )
        runs = {run.id: run for run in found}
        deployments = cache(lambda code: _deployment(client, code))
        for case in cases:
            _mend(db, client, case, runs.get(case.run_id), deployments, report)
            on_case(case.number)


def _mend(
    db: Engine,
    client: SyncPrefectClient,
    case: Any,
    run: FlowRun | None,
    deployments: Callable[[str], UUID],
    report: RecoverReport,
) -> None:
    if case.leased or (case.gate_key is None and case.closed_at is None):
        return
    if case.closed_at is not None:
        if run is not None and _may_be_starting(run):
            return
        if run is not None:
            _finish(client, _view(db, case.id), run)
            report.finished += 1
        _note(db, case.id, case.run_id, case.run_generation, case.seq)
    elif run is None:
        _create(db, case, deployments(case.process))
        report.created += 1
    elif (_is_right(run, case.gate_key) and case.run_seq == case.seq) or _may_be_starting(run):
        return
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
    publish_case(view, run.id)
    _note(db, case.id, run.id, case.run_generation, case.seq)


def _view(db: Engine, case_id: int) -> CaseView:
    with db.connect() as connection:
        return case_view(connection, case_id)


def _finish(client: SyncPrefectClient, view: CaseView, run: FlowRun) -> None:
    if view.case.ending and not (run.state and run.state.is_completed()):
        parking.finish(run.id, view.case.ending.zh)
    client.update_flow_run(run.id, name=run_name(view), tags=run_tags(view))
    publish_case(view, run.id)
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
    return state.type in {StateType.RUNNING, StateType.PENDING} and clock.now() - begun < LEG_STARTS_WITHIN


def _answer_is_held(client: SyncPrefectClient, run: FlowRun, gate_key: str) -> bool:
    """Say whether a dead leg of this run had an accepted answer to the present gate that nobody recorded yet."""
    if run.state is None or run.state.type not in {StateType.RUNNING, StateType.PENDING}:
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
