"""Cases that moved in bulk: their runs wait at the new gates, one a case, whatever is killed or clicked."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from uuid import UUID

import pytest
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import Abort, Pause
from sqlalchemy import Engine

from deployments.local.postgres import Databases
from deployments.local.prefect_server import worker_env
from deployments.local.processes import child_environment
from deployments.settings import PROJECT, Settings
from deployments.worker import run_leg
from flows.jobs import sync_runs
from schemas.answers import Turn
from schemas.problems import BadInput
from schemas.words import Channel
from tasks.durable.opening import open_chunk
from tasks.durable.stage import advance_chunk
from tasks.runs import standing as runs
from tasks.runs import watch as recover
from tasks.runs.mending import RecoverReport, bring_runs
from tasks.runs.queries import cases_behind
from tasks.runs.watch import Watch
from tests.bench.load import answer, application
from tests.tasks.runs.people import Desk
from tests.waiting import wait_until

FLOW = "flows.jobs.sync_runs.sync_runs"


def bulk(desk: Desk, many: int, gates: Sequence[str] = ()) -> list[int]:
    """Open cases in bulk, and decide them so."""
    opened = open_chunk(desk.db, "PA", Channel.SHEET, [application(n) for n in range(many)])
    ids = [one.case_id for one in opened if not isinstance(one, BadInput)]
    for turn in [(), *([gate] for gate in gates)]:
        turns = [Turn(case, [answer(n, gate) for gate in turn]) for n, case in enumerate(ids)]
        assert all(reply.accepted for result in advance_chunk(desk.db, turns) for reply in result.replies)
    return ids


def behind(desk: Desk) -> list[int]:
    with desk.db.connect() as connection:
        return list(cases_behind(connection, 1000))


def runs_of(desk: Desk, case: int) -> list[FlowRun]:
    """Find all runs that bear a case's number."""
    name = FlowRunFilterName(like_=desk.play.case(case).number)
    return desk.client.read_flow_runs(flow_run_filter=FlowRunFilter(name=name))


def sync(desk: Desk, deployments: dict[str, UUID]) -> FlowRun:
    """Start the flow sync-runs and let the worker run it."""
    run = desk.client.create_flow_run_from_deployment(deployments["sync-runs"])
    with suppress(Pause, Abort):
        run_leg(desk.run(run.id), FLOW)
    return desk.run(run.id)


def test_what_moved_in_bulk_waits_at_its_new_gate_without_a_leg(desk: Desk, deployments: dict[str, UUID]) -> None:
    ids = bulk(desk, 12)
    done = sync(desk, deployments)
    assert done.state is not None
    assert (done.state.name, "created 12" in str(done.state.message)) == ("已同步", True)
    assert done.name == "同步 12/12"
    assert {desk.gate(desk.run_of(case)) for case in ids} == {"review-1-0"}
    advance_chunk(desk.db, [Turn(case, [answer(n, "review")]) for n, case in enumerate(ids)])
    assert "moved 12" in str(sync(desk, deployments).state)
    assert {desk.gate(desk.run_of(case)) for case in ids} == {"plan-1-0"}
    assert {desk.run(desk.run_of(case)).run_count for case in ids} == {0}
    assert [len(runs_of(desk, case)) for case in ids] == [1] * 12
    assert behind(desk) == []
    assert desk.watch() == RecoverReport()
    assert desk.decide(desk.run_of(ids[3])).startswith("produce-1-")
    assert desk.play.case(ids[3]).number in desk.sheet(desk.play.case(ids[3]).number)


def test_runs_of_closed_cases_end_and_cases_that_wait_for_nobody_get_none(desk: Desk) -> None:
    waiting, closed, system = bulk(desk, 3)
    assert bring_runs(desk.db, [waiting, closed]) == RecoverReport(created=2)
    assert desk.play.withdraw(closed, desk.play.case(closed).applicant).accepted
    desk.play.run("UPDATE work_item SET role = 'SYSTEM' WHERE case_id = :case", case=system)
    assert desk.watch() == RecoverReport(finished=1)
    assert desk.gate(desk.run_of(closed)) == "已撤回"
    assert runs_of(desk, system) == []
    assert desk.watch() == RecoverReport()


def test_the_newest_gates_come_first_and_closed_cases_last(desk: Desk) -> None:
    old, new, closed = bulk(desk, 3)
    bring_runs(desk.db, [closed])
    assert desk.play.withdraw(closed, desk.play.case(closed).applicant).accepted
    desk.play.run("UPDATE work_item SET opened_at = opened_at - interval '1 day' WHERE case_id = :old", old=old)
    assert behind(desk) == [new, old, closed]


def test_a_round_of_the_watch_ends_in_time_and_the_next_goes_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recover, "MOST_BEHIND", 4)
    ids = bulk(desk, 12)
    watch, created = Watch(desk.db, part=0.05), []
    for _ in range(30):
        created.append(watch.round().created)
        if sum(created) == 12:
            break
    assert sum(created) == 12
    assert len([one for one in created if one]) > 1
    assert {desk.gate(desk.run_of(case)) for case in ids} == {"review-1-0"}


@contextmanager
def job(desk: Desk, settings: Settings, databases: Databases, run_id: UUID) -> Iterator[subprocess.Popen[bytes]]:
    """Run sync-runs in a process of its own, as the worker does."""
    ours = Databases(desk.db.url.render_as_string(hide_password=False), databases.prefect)
    code = (
        "import os, sys; from deployments.worker import run_job; run_job(sys.argv[1], sys.argv[2], str(os.getppid()))"
    )
    args = [sys.executable, "-c", code, str(run_id), FLOW]
    child = subprocess.Popen(args, env=child_environment(worker_env(settings, ours)), cwd=PROJECT)
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def test_killed_in_the_middle_and_run_again_there_is_one_run_a_case(
    desk: Desk, settings: Settings, databases: Databases, deployments: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = bulk(desk, 16)
    run = desk.client.create_flow_run_from_deployment(deployments["sync-runs"])
    with job(desk, settings, databases, run.id) as child:
        wait_until(lambda: len(behind(desk)) < 16 or child.poll() is not None)
        assert child.poll() is None
    assert desk.gate(run.id) == "Running"  # nobody was left to say that it crashed
    desk.play.run("UPDATE lease SET expires_at = now() - interval '1 second'")
    monkeypatch.setattr(runs, "LEG_STARTS_WITHIN", timedelta(0))
    assert Watch(desk.db, part=0).round().rescheduled == 1
    run_leg(desk.run(run.id), FLOW)
    assert desk.gate(run.id) == "已同步"
    assert [len(runs_of(desk, case)) for case in ids] == [1] * 16
    assert {desk.gate(desk.run_of(case)) for case in ids} == {"review-1-0"}
    for case in ids:
        assert desk.dialog(desk.run_of(case))[1]
        assert desk.sheet(desk.play.case(case).number)
    assert desk.watch() == RecoverReport()


def test_a_job_at_work_is_not_taken_for_dead(
    desk: Desk, settings: Settings, databases: Databases, deployments: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "LEG_STARTS_WITHIN", timedelta(0))
    bulk(desk, 16)
    run = desk.client.create_flow_run_from_deployment(deployments["sync-runs"])
    with job(desk, settings, databases, run.id) as child:
        wait_until(lambda: len(behind(desk)) < 16 or child.poll() is not None)
        assert child.poll() is None
        watch = Watch(desk.db, part=0)
        while child.poll() is None:
            assert watch.round().rescheduled == 0
    assert desk.gate(run.id) == "已同步"


def test_a_job_that_loses_its_lock_ends_and_is_run_again(
    desk: Desk, deployments: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    bulk(desk, 2)
    run = desk.client.create_flow_run_from_deployment(deployments["sync-runs"])
    real = sync_runs.bring_runs
    end_holders = "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON pg_database.oid = database "
    end_holders += "WHERE locktype = 'advisory' AND datname = current_database()"

    def lose_the_lock(db: Engine, cases: Sequence[int]) -> RecoverReport:
        assert len(desk.play.rows(end_holders)) == 1
        return real(db, cases)

    with monkeypatch.context() as patch:
        patch.setattr(sync_runs, "bring_runs", lose_the_lock)
        run_leg(desk.run(run.id), FLOW)
    assert (desk.gate(run.id), desk.run(run.id).name) == ("Running", run.name)  # it says nothing any more
    monkeypatch.setattr(runs, "LEG_STARTS_WITHIN", timedelta(0))
    assert Watch(desk.db, part=0).round().rescheduled == 1
    run_leg(desk.run(run.id), FLOW)
    assert desk.gate(run.id) == "已同步"


def test_clicked_and_synced_at_once_each_case_waits_where_it_stands(desk: Desk) -> None:
    ids = bulk(desk, 20)
    bring_runs(desk.db, ids)
    clicked, decided = ids[:4], ids[4:]
    with ThreadPoolExecutor(3) as hands:

        def click(case: int) -> str:
            run_id = desk.run_of(case)
            return desk.resume(run_id, desk.answer(run_id)) or desk.leg(run_id)

        turns = [Turn(case, [answer(n, "review")]) for n, case in enumerate(ids, 0) if case in decided]
        clicks = [hands.submit(click, case) for case in clicked]
        advance_chunk(desk.db, turns)
        syncs = [hands.submit(bring_runs, desk.db, ids) for _ in range(2)]
        assert [one.result().failed for one in syncs] == [0, 0]
        [one.result() for one in clicks]
    for _ in range(3):
        desk.watch()
    assert {desk.gate(desk.run_of(case)) for case in ids} == {"plan-1-0"}
    assert [len(runs_of(desk, case)) for case in ids] == [1] * 20
    for case in ids:
        assert desk.play.keys(case).count("review-1") == 1
