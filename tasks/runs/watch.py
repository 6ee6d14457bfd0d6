"""The watch (law 5): whatever dies or is pressed, within a minute a case waits at the right gate again.

It takes over cases that have work to do and no live lease, and compares the Prefect runs of every open case
with the ledger: a run that is missing, ended, paused by hand, at an old gate, or held by a dead worker is
mended; an application whose leg died before there was a case, and a job that died, are started again. What was
cancelled before there was a case is forgotten (DOMAIN, "Privacy").
"""

import logging
import time
from collections.abc import Sequence
from datetime import timedelta
from math import inf
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowFilter, FlowRunFilter
from prefect.client.schemas.objects import FlowRun, StateType
from sqlalchemy import Engine

from schemas.answers import Turn
from schemas.problems import NotFound
from tasks.durable import clock
from tasks.durable.process import PROCESSES
from tasks.durable.stage import CHUNK, advance_chunk
from tasks.privacy.rules import without_secrets
from tasks.runs.job import JOBS
from tasks.runs.leg import case_of
from tasks.runs.locks import jobs_at_work
from tasks.runs.mending import BATCH, RecoverReport, bring_runs, read_runs
from tasks.runs.parking import forget_typed, prefect_client, start_again
from tasks.runs.queries import cases_behind, ready_cases, shown_cases, unknown_processes
from tasks.runs.standing import BEGUN, is_settled, may_be_starting
from tasks.unit.reading import reading

MOST_BEHIND = 5_000  # cases of a round
COMPARE_EVERY = 15.0  # seconds; the server reads all runs that wait for it
ROUND = 10.0  # seconds that each part of a round may take where thousands are behind
JOB_ENDS_WITHIN = 2.0  # seconds after it gave its lock back
TAKE_OVER_AFTER = timedelta(seconds=3)
CANCELLED = "Cancelled"  # by the button; what was typed is not forgotten yet
# what a leg leaves that died or failed; a job that failed by itself ends under a name of its own
LEFT = {"operator": "or_", "type": {"any_": [*BEGUN, StateType.CRASHED]}, "name": {"any_": ["Failed", CANCELLED]}}
log = logging.getLogger("prefect.aftersales.watch")


def recover(db: Engine) -> RecoverReport:
    """Bring every case on its way and every run to its gate; safe at any time, any number of times."""
    return Watch(db, inf).round()


class Watch:
    """Goes its rounds over all cases; what differs from the ledger is mended, the newest gates first.

    Where thousands are behind, each part of a round ends in time and the next round goes on: nobody who pressed
    a button meanwhile waits for all of them.
    """

    def __init__(self, db: Engine, part: float = ROUND) -> None:
        self.db, self.part = db, part
        self._said = set[str]()  # processes that this program does not know
        self._last = 0  # case that was compared
        self._compare_at = 0.0  # monotonic

    def round(self) -> RecoverReport:
        """Go a round."""
        report = RecoverReport()
        self.take_over(report)
        with prefect_client() as client:
            self._restart_lost(client, report)
            self._show(report)
            if time.monotonic() >= self._compare_at:
                self._compare(client, report)
        return report

    def take_over(self, report: RecoverReport) -> None:
        """Advance cases whose leg died or that were decided outside of Prefect."""
        until = time.monotonic() + self.part
        self._leave_unknown()
        while time.monotonic() < until:
            with reading(self.db) as connection:
                ready = ready_cases(connection, clock.now() - TAKE_OVER_AFTER, CHUNK, skip_locked=True)
            results = advance_chunk(self.db, [Turn(case_id) for case_id in ready])
            faults = [result for result in results if result.fault]
            for result in faults:  # noted on the case, which is tried again later; the others go on
                log.warning("case %s cannot go on: %s", result.number or result.case_id, result.fault)
            report.failed += len(faults)
            report.advanced += len(ready) - len(faults)
            if len(ready) < CHUNK or len(faults) == CHUNK:
                return

    def _leave_unknown(self) -> None:
        """Say once of each process that its cases are left alone."""
        with reading(self.db) as connection:
            new = set(unknown_processes(connection, clock.now())) - self._said
        if new:
            log.warning("cases of processes that this program does not know are left alone: %s", ", ".join(sorted(new)))
        self._said |= new

    def _restart_lost(self, client: SyncPrefectClient, report: RecoverReport) -> None:
        """Schedule again what died without a case: applications and jobs that only Prefect knows of."""
        left = _left(client)
        report.finished += sum(self._forget_cancelled(client, run) for run in left if run.state_name == CANCELLED)
        lost = self._lost(left)
        if lost:
            time.sleep(JOB_ENDS_WITHIN)
            lost = [run for run in self._lost(_left(client)) if run in lost]
        for run in lost:
            start_again(run)
        report.rescheduled += len(lost)

    def _lost(self, left: Sequence[FlowRun]) -> list[UUID]:
        """Choose runs without a case that failed, or began a while ago, and that nobody has in hand."""
        died = [run for run in left if run.state_name != CANCELLED and not may_be_starting(run)]
        old = [run.id for run in died if self._has_no_case(run)]
        working = jobs_at_work(self.db, old) if old else set()
        return [run for run in old if run not in working]

    def _forget_cancelled(self, client: SyncPrefectClient, run: FlowRun) -> bool:
        """Forget an application that was cancelled before there was a case, and a cancelled job's secrets; False else."""
        if client.read_flow(run.flow_id).name in JOBS:
            forget_typed(client, run.id, without_secrets(run.parameters))
        elif self._has_no_case(run):
            forget_typed(client, run.id, {})
        else:
            return False
        return True

    def _has_no_case(self, run: FlowRun) -> bool:
        try:
            return case_of(self.db, run) is None
        except NotFound:  # it was made for another database: nobody can go on with it
            return False

    def _show(self, report: RecoverReport) -> None:
        """Bring runs to where their cases stand by now, for as long as a part of a round may take."""
        until, tried = time.monotonic() + self.part, set[int]()
        while time.monotonic() < until:
            with reading(self.db) as connection:
                found = cases_behind(connection, MOST_BEHIND)
            behind = [case_id for case_id in found if case_id not in tried]
            if not behind:
                return
            report.add(bring_runs(self.db, behind, until))
            tried.update(behind)

    def _compare(self, client: SyncPrefectClient, report: RecoverReport) -> None:
        """Look for runs that were changed or lost, from the case on where the last round ended."""
        until = time.monotonic() + self.part
        while time.monotonic() < until:
            with reading(self.db) as connection:
                cases = shown_cases(connection, self._last, BATCH)
            runs = read_runs(client, cases)
            wrong = [case.row.id for case in cases if not (case.row.leased or is_settled(case, runs))]
            if wrong:
                report.add(bring_runs(self.db, wrong))
            self._last = cases[-1].row.id if len(cases) == BATCH else 0
            if not self._last:
                self._compare_at = time.monotonic() + COMPARE_EVERY
                return


def _left(client: SyncPrefectClient) -> list[FlowRun]:
    """Read the runs of our flows that a dead leg left, or somebody who cancelled them."""
    titles = [*JOBS, *(process.title for process in PROCESSES.values())]
    ours = FlowFilter.model_validate({"name": {"any_": titles}})
    left = FlowRunFilter.model_validate({"state": LEFT})
    return client.read_flow_runs(flow_filter=ours, flow_run_filter=left, limit=BATCH)
