"""Whatever dies, is pressed or is lost: the watch brings every case back to its gate (law 5)."""

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect.client.base import PrefectHttpxSyncClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed, Crashed, Failed, Paused, Pending
from psycopg.errors import AdminShutdown, DiskFull
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from deployments.deploy import apply_deployments
from deployments.local.postgres import Databases, create_database
from deployments.local.prefect_server import wait_healthy, worker_env
from deployments.local.processes import Child
from deployments.settings import Settings
from deployments.worker import WATCH_EVERY, run_leg
from schemas.problems import ProcessChanged
from schemas.tables import service_case, work_item
from schemas.words import Channel, Role
from tasks.durable import lease
from tasks.durable.opening import open_case
from tasks.durable.process import PROCESSES, Case, Closing
from tasks.runs import leg, parking
from tasks.runs import standing as runs
from tasks.runs import watch as recover
from tasks.runs.job import JOBS, Ended
from tasks.runs.mending import RecoverReport
from tests.databases import Server
from tests.play import LINES
from tests.tasks.runs.people import PARAMETER, PRESSED, Desk, changed_process, right
from tests.waiting import wait_until

NOTHING = RecoverReport()
ORDER = {"客户姓名": "凌霄", "客户电话": "13800009999", "客户地址": "松涛里9栋"}  # of no sales record


class Killed(BaseException):
    """A leg's process dies here."""


def runs_of(desk: Desk, case: int) -> list[UUID]:
    """Find all runs that bear a case's number."""
    name = FlowRunFilterName(like_=desk.play.case(case).number)
    return [run.id for run in desk.client.read_flow_runs(flow_run_filter=FlowRunFilter(name=name))]


# decided elsewhere


def test_a_case_without_a_run_gets_one_with_its_application(desk: Desk) -> None:
    case = desk.play.apply(office="BJ", 备注="电话申报")
    assert desk.watch().created == 1
    assert right(desk, case) == "review-1-0"
    row, run = desk.play.case(case), desk.run(run_id := desk.run_of(case))
    assert (run.idempotency_key, run.labels["case_no"]) == (f"{row.number}/1", row.number)
    assert run.parameters[PARAMETER] | {"备注": ""} == desk.form() | {
        "订单号": row.order_no,
        "客户姓名": "",
        "客户电话": "",
        "客户地址": "",
    }
    assert run.parameters[PARAMETER]["备注"] == "电话申报"
    assert desk.decide(run_id) == "plan-1-0"
    assert right(desk, case) == "plan-1-0"
    assert desk.watch() == NOTHING


def test_a_case_that_was_decided_elsewhere_is_parked_at_its_new_gate_without_a_leg(desk: Desk) -> None:
    case = desk.case(run_id := desk.apply())
    legs = desk.run(run_id).run_count
    desk.play.decide(case, "review-1")
    assert desk.gate(run_id) == "review-1-0"
    assert desk.watch() == RecoverReport(parked=1)
    assert right(desk, case) == "plan-1-0"
    assert desk.run(run_id).run_count == legs
    assert desk.watch() == NOTHING
    assert desk.decide(run_id).startswith("produce-")


def test_a_refusal_elsewhere_is_shown_at_the_gate(desk: Desk) -> None:
    case = desk.case(run_id := desk.apply())
    desk.play.refused(case, "review-1", "E1049")
    assert desk.watch() == RecoverReport(parked=1)
    assert right(desk, case) == "review-1-1"
    assert "E1049" in desk.dialog(run_id)[1]


def test_a_case_that_was_closed_elsewhere_ends_its_run(desk: Desk) -> None:
    case = desk.case(run_id := desk.apply(客户姓名="欧阳雪", 客户电话="13912345678"))
    assert desk.play.withdraw(case, desk.play.case(case).applicant).accepted
    assert desk.watch() == RecoverReport(finished=1)
    run = desk.run(run_id)
    assert run.state is not None
    assert (run.state.type.value, run.state.name) == ("COMPLETED", "已撤回")
    assert run.name.endswith("· 已撤回")
    assert "13912345678" not in str(run.parameters)
    assert desk.watch() == NOTHING


def test_a_case_that_is_overdue_is_tagged_so(desk: Desk) -> None:
    case = desk.case(run_id := desk.apply())
    desk.play.run("UPDATE work_item SET due_at = due_at - interval '30 days'")
    assert desk.watch() == RecoverReport(parked=1)
    assert "逾期" in desk.run(run_id).tags
    assert right(desk, case) == "review-1-0"
    assert desk.watch() == NOTHING
    assert desk.decide(run_id) == "plan-1-0"
    assert "逾期" not in desk.run(run_id).tags


# pressed in the UI


@pytest.mark.parametrize("button", PRESSED)
def test_after_any_button_the_case_waits_at_its_gate_again(desk: Desk, button: str) -> None:
    case = desk.case(run_id := desk.apply())
    PRESSED[button](desk, run_id)
    done = desk.watch()
    assert done.parked + done.created == 1
    assert right(desk, case) == "review-1-0"
    assert desk.watch() == NOTHING
    assert desk.decide(desk.run_of(case)) == "plan-1-0"
    assert right(desk, case) == "plan-1-0"


def test_a_run_that_is_deleted_again_and_again_is_made_again(desk: Desk) -> None:
    case = desk.case(desk.apply())
    for generation in (1, 2, 3):
        desk.delete(desk.run_of(case))
        assert desk.watch() == RecoverReport(created=1)
        assert right(desk, case) == "review-1-0"
        assert desk.run(desk.run_of(case)).idempotency_key == f"{desk.play.case(case).number}/{generation}"
    assert len(runs_of(desk, case)) == 1


@pytest.mark.parametrize("end", [Desk.cancel, lambda desk, run: desk.force(run, Failed())])
def test_retry_of_an_ended_run_asks_again(desk: Desk, end: Callable[[Desk, UUID], None]) -> None:
    case = desk.case(run_id := desk.apply())
    assert desk.decide(run_id) == "plan-1-0"
    end(desk, run_id)
    desk.retry(run_id)
    assert desk.watch() == NOTHING  # its leg is on the way
    assert desk.leg(run_id) == "plan-1-0"
    assert right(desk, case) == "plan-1-0"
    assert desk.watch() == NOTHING
    assert desk.decide(run_id).startswith("produce-")


def test_pause_is_no_button_for_a_run_that_waits(desk: Desk) -> None:
    case = desk.case(run_id := desk.apply())
    desk.pause(run_id)
    assert right(desk, case) == "review-1-0"


# legs that die


def test_an_answer_that_a_dead_leg_did_not_record_is_not_lost(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    case = desk.case(run_id := desk.apply())
    assert desk.resume(run_id, desk.answer(run_id, 原因="只说一次")) == ""
    desk.begin(run_id)
    assert desk.watch() == NOTHING  # it may live: it is young
    monkeypatch.setattr(runs, "LEG_STARTS_WITHIN", timedelta(0))
    assert desk.watch() == RecoverReport(rescheduled=1)
    assert desk.watch() == NOTHING
    assert desk.leg(run_id) == "plan-1-0"
    [decided] = [entry for entry in desk.play.timeline(case) if entry.step_key == "review-1"]
    assert decided.output["reason"] == "只说一次"
    assert right(desk, case) == "plan-1-0"


def test_a_leg_that_died_before_it_ran_keeps_its_answer(desk: Desk, hasty: None) -> None:
    run_id = desk.apply()
    assert desk.resume(run_id, desk.answer(run_id)) == ""
    desk.force(run_id, Pending())
    assert desk.watch() == RecoverReport(rescheduled=1)
    assert desk.leg(run_id) == "plan-1-0"


def test_an_answer_that_prefect_lost_is_asked_again(desk: Desk, hasty: None) -> None:
    case = desk.case(run_id := desk.apply())
    assert desk.resume(run_id, desk.answer(run_id)) == ""
    desk.begin(run_id)
    desk.client.delete_flow_run_input(run_id, "suspended-review-1-0-response")
    assert desk.watch() == RecoverReport(parked=1)
    assert right(desk, case) == "review-1-0"
    assert "review-1" not in desk.play.keys(case)
    assert desk.decide(run_id) == "plan-1-0"


LEFT: dict[str, Callable[[Desk, UUID], None]] = {  # how a leg ends that had an answer in hand
    "Failed": lambda desk, run: desk.force(run, Failed()),
    "Crashed": lambda desk, run: desk.force(run, Crashed()),
    "Cancelled": lambda desk, run: desk.force(run, Cancelled()),
    "Paused": lambda desk, run: desk.force(run, Paused(timeout_seconds=300)),
    "Retried": lambda desk, run: (desk.force(run, Failed()), desk.retry(run)),
}


@pytest.mark.parametrize("left", LEFT)
def test_what_somebody_decided_is_not_lost_however_its_leg_ended(desk: Desk, left: str) -> None:
    case = desk.case(run_id := desk.apply())
    assert desk.resume(run_id, desk.answer(run_id, 原因="只说一次")) == ""
    LEFT[left](desk, run_id)
    assert desk.watch() == (NOTHING if left == "Retried" else RecoverReport(rescheduled=1))
    assert desk.watch() == NOTHING
    assert desk.leg(run_id) == "plan-1-0"
    [decided] = [entry for entry in desk.play.timeline(case) if entry.step_key == "review-1"]
    assert decided.output["reason"] == "只说一次"
    assert right(desk, case) == "plan-1-0"


def test_a_leg_that_fails_again_and_again_is_started_later_and_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = desk.apply()
    assert desk.resume(run_id, desk.answer(run_id)) == ""
    waits = list[float]()
    for _ in range(8):
        desk.force(run_id, Failed())
        assert desk.watch() == RecoverReport(rescheduled=1)
        state = desk.run(run_id).state
        assert state is not None
        assert state.state_details.scheduled_time is not None
        waits.append(round((state.state_details.scheduled_time - state.timestamp).total_seconds()))
    assert waits == [0, 5, 10, 20, 40, 60, 60, 60]
    monkeypatch.setattr(parking, "LONGEST_PAUSE", timedelta(0))
    desk.force(run_id, Failed())
    desk.watch()
    assert desk.leg(run_id) == "plan-1-0"
    assert desk.resume(run_id, desk.answer(run_id)) == ""
    desk.force(run_id, Failed())
    monkeypatch.undo()
    desk.watch()
    assert desk.leg(run_id).startswith("produce-")  # at once: the gate between was a new beginning


def test_an_answer_to_what_was_decided_elsewhere_is_refused_though_its_leg_died(desk: Desk, hasty: None) -> None:
    case = desk.case(run_id := desk.apply())
    assert desk.resume(run_id, desk.answer(run_id, 原因="第二个人")) == ""
    desk.begin(run_id)
    desk.play.decide(case, "review-1", 原因="第一个人")
    assert desk.watch() == RecoverReport(rescheduled=1)
    assert desk.leg(run_id) == "plan-1-0"
    [late] = desk.play.rows("SELECT * FROM decision WHERE case_id = :case AND NOT accepted", case=case)
    assert late.form["原因"] == "第二个人"
    assert "already decided by" in late.reason
    assert right(desk, case) == "plan-1-0"
    desk.begin(run_id)  # and is told so once
    assert desk.watch() == RecoverReport(parked=1)


def test_an_answer_to_a_case_that_was_closed_elsewhere_is_refused_though_its_leg_died(desk: Desk, hasty: None) -> None:
    case = desk.case(run_id := desk.apply())
    assert desk.resume(run_id, desk.answer(run_id, 原因="第二个人")) == ""
    desk.begin(run_id)
    assert desk.play.withdraw(case, desk.play.case(case).applicant).accepted
    assert desk.watch() == RecoverReport(rescheduled=1)
    assert desk.leg(run_id) == "已撤回"
    assert desk.watch() == RecoverReport(finished=1)
    [late] = desk.play.rows("SELECT * FROM decision WHERE case_id = :case AND NOT accepted", case=case)
    assert late.form["原因"] == "第二个人"
    assert desk.watch() == NOTHING


def test_an_answer_waits_for_the_engineer_who_is_done_elsewhere(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    case = desk.case(run_id := desk.apply())
    desk.play.grant(desk.play.holders(Role.PLANNER)[0], Role.ENGINEER)
    with monkeypatch.context() as patch:
        patch.setitem(PROCESSES, "PA", replace(PROCESSES["PA"], function=changed_process))
        assert desk.decide(run_id, 原因="只说一次") == "engineer-1-0"
    desk.play.decide(case, "engineer-1")
    assert desk.watch() == RecoverReport(rescheduled=1)
    assert desk.leg(run_id) == "plan-1-0"
    [decided] = [entry for entry in desk.play.timeline(case) if entry.step_key == "review-1"]
    assert decided.output["reason"] == "只说一次"


def test_a_leg_that_died_after_its_first_commit_is_taken_over(
    desk: Desk, hasty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = desk.case(run_id := desk.apply())
    assert desk.resume(run_id, desk.answer(run_id)) == ""

    def die(title: str, act: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(leg, "as_step", die)
        with pytest.raises(Killed):
            desk.leg(run_id)
    desk.begin(run_id)  # nobody was left to say that it crashed
    assert desk.play.keys(case)[-1] == "review-1"
    holding = "INSERT INTO lease (case_id, holder, expires_at) VALUES (:case, 'dead', now() + interval :left)"
    desk.play.run(holding.replace(":left", "'10 seconds'"), case=case)
    assert desk.watch() == NOTHING
    desk.play.run("UPDATE lease SET expires_at = now() - interval '1 second'")
    assert desk.watch() == RecoverReport(advanced=1, parked=1)
    assert right(desk, case) == "plan-1-0"
    assert desk.decide(run_id).startswith("produce-")


def test_a_leg_that_died_as_it_suspended_waits_with_its_dialog(
    desk: Desk, hasty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    suspend, seen = leg.suspend_flow_run, []

    def look_then_suspend(**given: Any) -> Any:
        seen.append(desk.kept(run_id, f"suspended-{given['key']}-schema"))
        return suspend(**given)

    run_id = desk.send({PARAMETER: desk.form()})
    monkeypatch.setattr(leg, "suspend_flow_run", look_then_suspend)
    assert desk.leg(run_id) == "review-1-0"
    assert "审核结论" in seen[0]  # nobody can meet the gate without its dialog
    assert desk.watch() == NOTHING


def test_an_application_whose_leg_died_before_there_was_a_case_is_started_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.begin(run_id := desk.send({PARAMETER: desk.form()}))
    assert desk.watch() == NOTHING
    monkeypatch.setattr(runs, "LEG_STARTS_WITHIN", timedelta(0))
    assert desk.watch() == RecoverReport(rescheduled=1)
    assert desk.leg(run_id) == "review-1-0"
    assert desk.watch() == NOTHING


@pytest.mark.parametrize("end", [Failed(), Crashed()], ids=["failed", "crashed"])
def test_an_application_whose_leg_ended_before_there_was_a_case_is_started_again(desk: Desk, end: State[Any]) -> None:
    desk.force(run_id := desk.send({PARAMETER: desk.form()}), end)
    assert desk.watch() == RecoverReport(rescheduled=1)
    assert desk.watch() == NOTHING
    assert desk.leg(run_id) == "review-1-0"
    assert desk.watch() == NOTHING


def test_an_application_for_which_the_disk_was_full_is_opened_when_there_is_room(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = desk.send({PARAMETER: desk.form() | {"申报人工号": "E9999"}})
    assert desk.leg(run_id) == "draft-1"
    assert desk.correct(run_id, 申报人工号=desk.form()["申报人工号"]) == ""

    def full(*_: object) -> None:
        raise OperationalError("INSERT", {}, DiskFull("could not extend file"))

    with monkeypatch.context() as patch:
        patch.setattr(leg, "open_case", full)
        assert desk.leg(run_id) == "Failed"
        assert desk.watch() == RecoverReport(rescheduled=1)
    assert desk.leg(run_id) == "review-1-0"  # with what was corrected


def test_a_job_that_the_house_took_down_is_started_again_and_one_with_a_fault_is_not(
    desk: Desk, deployments: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    form = {"单号": desk.play.case(desk.play.apply()).number, "经办人工号": "E1040", "撤回原因": "客户取消"}
    desk.watch()
    run_id = desk.client.create_flow_run_from_deployment(deployments["withdraw"], parameters={"撤回单": form}).id

    def broken(fault: Exception) -> str:
        def work(*_: object) -> Ended:
            raise fault

        with monkeypatch.context() as patch:
            patch.setattr(JOBS["撤回申报"], "function", work)
            run_leg(desk.run(run_id), "flows.jobs.withdraw.withdraw")
        return desk.gate(run_id)

    assert broken(OperationalError("SELECT", {}, AdminShutdown("terminating connection"))) == "Failed"
    assert desk.watch() == RecoverReport(rescheduled=1)
    assert broken(ZeroDivisionError("a bug")) == "故障"
    assert desk.watch() == NOTHING


def test_a_withdrawal_that_died_with_its_worker_is_started_again(
    desk: Desk, deployments: dict[str, UUID], hasty: None
) -> None:
    form = {"单号": "PA-2026-000001", "经办人工号": "E1040", "撤回原因": "客户取消"}
    run = desk.client.create_flow_run_from_deployment(deployments["withdraw"], parameters={"撤回单": form})
    desk.begin(run.id)
    assert desk.watch() == RecoverReport(rescheduled=1)
    assert desk.run(run.id).state.is_scheduled()
    desk.force(run.id, Completed())


def test_a_draft_whose_leg_died_goes_on_with_what_was_corrected(desk: Desk, hasty: None) -> None:
    form = desk.form()
    run_id = desk.send({PARAMETER: form | {"申报人工号": "E9999"}})
    assert desk.leg(run_id) == "draft-1"
    assert desk.correct(run_id, 申报人工号=form["申报人工号"]) == ""
    desk.begin(run_id)
    assert desk.watch() == RecoverReport(rescheduled=1)
    assert desk.leg(run_id) == "review-1-0"


def test_a_leg_that_died_as_soon_as_there_was_a_case_goes_on_in_its_run(desk: Desk, hasty: None) -> None:
    desk.begin(run_id := desk.send({PARAMETER: (form := desk.form())}))
    case = open_case(desk.db, "PA", form, f"run:{run_id}", Channel.PREFECT, run_id=run_id).case_id
    assert desk.watch() == RecoverReport(advanced=1, parked=1)
    assert desk.run_of(case) == run_id
    assert right(desk, case) == "review-1-0"
    assert desk.decide(run_id) == "plan-1-0"


# one case's fault is no other's


def test_a_case_that_cannot_be_shown_holds_up_no_other(desk: Desk) -> None:
    broken, fine = desk.play.apply(), desk.play.apply()
    desk.play.run("UPDATE work_item SET form = 'schemas.forms.applications:Gone' WHERE case_id = :case", case=broken)
    assert desk.watch() == RecoverReport(created=1, failed=1)
    assert right(desk, fine) == "review-1-0"


def test_a_case_whose_step_is_broken_holds_up_no_other(
    desk: Desk, hasty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [open_case(desk.db, "PA", desk.play.form(), f"cli:{uuid4()}", Channel.CLI).case_id for _ in "12"]
    process = PROCESSES["PA"]

    def broken(case: Case) -> Closing:
        return 1 // 0 if case.id == cases[0] else process.function(case)  # type: ignore[return-value]

    with monkeypatch.context() as patch:
        patch.setitem(PROCESSES, "PA", replace(process, function=broken))
        assert desk.watch() == RecoverReport(advanced=1, created=1, failed=1)
    assert right(desk, cases[1]) == "review-1-0"
    assert "ZeroDivisionError" in desk.play.case(cases[0]).fault
    assert desk.watch() == NOTHING  # it is tried again after a minute
    desk.play.run("UPDATE service_case SET ready_at = now() WHERE id = :case", case=cases[0])
    assert desk.watch() == RecoverReport(advanced=1, created=1)
    assert right(desk, cases[0]) == "review-1-0"


def test_a_case_waits_for_its_engineer_wherever_it_was_decided(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    case = desk.case(run_id := desk.apply())
    desk.play.grant(desk.play.holders(Role.PLANNER)[0], Role.ENGINEER)
    with monkeypatch.context() as patch:
        patch.setitem(PROCESSES, "PA", replace(PROCESSES["PA"], function=changed_process))
        with pytest.raises(ProcessChanged):
            desk.play.decide(case, "review-1")
        assert desk.watch() == RecoverReport(parked=1)
        assert right(desk, case) == "engineer-1-0"
        assert desk.watch() == NOTHING
    assert desk.decide(run_id) == "review-1-0"
    assert desk.decide(run_id) == "plan-1-0"


# many at once


def test_two_watches_at_once_make_one_run_a_case(desk: Desk) -> None:
    cases = [desk.play.apply() for _ in range(3)]
    with ThreadPoolExecutor(4) as watches:
        reports = list(watches.map(lambda _: desk.watch(), range(4)))
    desk.watch()
    assert [right(desk, case) for case in cases] == ["review-1-0"] * 3
    assert [len(runs_of(desk, case)) for case in cases] == [1, 1, 1]
    assert [desk.play.case(case).run_generation for case in cases] == [1, 1, 1]
    assert sum(report.failed for report in reports) == 0


def test_a_watch_that_was_killed_before_it_noted_a_run_finds_it_again(desk: Desk) -> None:
    case = desk.play.apply()
    desk.watch()
    desk.play.run("UPDATE service_case SET run_id = NULL, run_generation = 0, run_seq = -1")
    assert desk.watch() == RecoverReport(created=1)
    assert len(runs_of(desk, case)) == 1
    assert right(desk, case) == "review-1-0"


def test_a_watch_and_legs_at_once_do_no_harm(desk: Desk, hasty: None) -> None:
    case = desk.case(run_id := desk.apply())
    with ThreadPoolExecutor(2) as hands:
        for _ in range(3):
            assert desk.resume(run_id, desk.answer(run_id)) == ""
            watches = [hands.submit(desk.watch) for _ in range(2)]
            desk.leg(run_id)
            assert [watch.result().failed for watch in watches] == [0, 0]
            settle(desk, run_id)
            right(desk, case)
    keys = desk.play.keys(case)
    assert len(keys) == len(set(keys))
    assert "plan-1" in keys


def settle(desk: Desk, run_id: UUID) -> None:
    """Run what was scheduled, until the watch has nothing to do."""
    for _ in range(5):
        if desk.gate(run_id) == "Scheduled":
            desk.leg(run_id)
        if desk.watch() == NOTHING and desk.gate(run_id) != "Scheduled":
            return
    raise AssertionError(f"never settled: {desk.gate(run_id)}")


def test_two_hundred_cases_that_wait_cost_two_requests(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    case = desk.case(desk.apply())
    alike = ", ".join(column.name for column in service_case.c if column.name not in {"id", "number", "origin"})
    desk.play.run(
        f"INSERT INTO service_case (number, origin, {alike}) SELECT 'PA-2025-' || n, 'cli:' || n, {alike} "
        "FROM service_case, generate_series(1, 199) n"
    )
    alike = ", ".join(column.name for column in work_item.c if column.name != "case_id")
    desk.play.run(
        f"INSERT INTO work_item (case_id, {alike}) SELECT id, {alike} FROM "
        "(SELECT id FROM service_case WHERE id <> :case) others, work_item",
        case=case,
    )
    sent, send = [], PrefectHttpxSyncClient.send

    def count(client: Any, request: Any, **more: Any) -> Any:
        sent.extend([request.url.path] if "csrf" not in request.url.path else [])
        return send(client, request, **more)

    monkeypatch.setattr(PrefectHttpxSyncClient, "send", count)
    assert desk.watch() == NOTHING
    assert len(desk.play.rows("SELECT id FROM service_case WHERE closed_at IS NULL")) == 200
    assert sent == ["/api/flow_runs/filter", "/api/flow_runs/filter"]


# the real worker and its loops


@contextmanager
def blocked(desk: Desk, case: int) -> Iterator[None]:
    """Hold a case's lease as another leg would: a leg that begins reads its answer and waits."""
    row = "(:case, 'test', now() + interval '1 hour')"
    take = text(f"INSERT INTO lease (case_id, holder, expires_at) VALUES {row} ON CONFLICT DO NOTHING")

    def taken() -> int:
        with desk.db.begin() as connection:
            return connection.execute(take, {"case": case}).rowcount

    wait_until(taken, 1)  # a leg that has parked its run gives its lease back a moment later
    yield
    desk.play.run("DELETE FROM lease WHERE holder = 'test' AND case_id = :case", case=case)


@pytest.fixture
def worker(desk: Desk, settings: Settings, databases: Databases) -> Iterator[Child]:
    ours = Databases(desk.db.url.render_as_string(hide_password=False), databases.prefect)
    words = ["-m", "tests.tasks.runs.run_worker"]
    child = Child("desk-worker", words, worker_env(settings, ours), settings, 12.0)
    child.start()
    yield child
    child.stop()


def test_what_is_waited_for_before_all_is_as_it_should_be_is_less_than_a_minute() -> None:
    dead = max(runs.LEG_STARTS_WITHIN, lease.VOID_AFTER + recover.TAKE_OVER_AFTER)
    rounds = 2 * timedelta(seconds=WATCH_EVERY) + timedelta(seconds=recover.JOB_ENDS_WITHIN)
    assert dead + rounds < timedelta(minutes=1)


def test_by_itself_all_is_as_it_should_be(desk: Desk, worker: Child) -> None:
    names = ("cut off", "half done", "cancelled", "deleted", "retried", "paused", "completed")
    run = {name: desk.send({PARAMETER: desk.form(**ORDER, 订单号=f"T-{name}")}) for name in names}
    wait_until(lambda: {desk.gate(run_id) for run_id in run.values()}, {"review-1-0"})
    case = {name: desk.case(run_id) for name, run_id in run.items()}

    with blocked(desk, case["paused"]):
        for name in ("retried", "paused"):
            desk.force(run[name], Failed())
            desk.retry(run[name])
        wait_until(lambda: desk.gate(run["paused"]), "Running")
        desk.pause(run["paused"])
    with desk.db.connect() as locking, blocked(desk, case["cut off"]):
        answer = desk.answer(run["cut off"], 原因="只说一次")
        assert desk.resume(run["cut off"], answer) == ""
        wait_until(lambda: desk.gate(run["cut off"]), "Running")
        # a step after the answer cannot write
        locking.execute(text("SET idle_in_transaction_session_timeout = 0"))
        locking.execute(text("LOCK TABLE outbox IN EXCLUSIVE MODE"))
        assert desk.resume(run["half done"], desk.answer(run["half done"])) == ""
        wait_until(lambda: "review-1" in desk.play.keys(case["half done"]))
        assert worker.process is not None
        worker.process.send_signal(signal.SIGKILL)
        worker.process.wait()
        locking.rollback()
    desk.cancel(run["cancelled"])
    desk.delete(run["deleted"])
    desk.force(run["completed"], Completed())
    worker.start()  # as `up` does

    answered = {"cut off", "half done"}
    gates = {name: "plan-1-0" if name in answered else "review-1-0" for name in names}
    wait_until(lambda: {name: desk.gate(desk.run_of(case[name])) for name in names}, gates)
    wait_until(lambda: all(desk.play.case(one).run_seq == desk.play.case(one).seq for one in case.values()))
    assert {name: right(desk, one) for name, one in case.items()} == gates
    [decided] = [entry for entry in desk.play.timeline(case["cut off"]) if entry.step_key == "review-1"]
    assert (decided.output["reason"], decided.actor) == ("只说一次", answer["经办人工号"])

    run = {name: desk.run_of(one) for name, one in case.items()}
    for run_id in run.values():
        assert desk.resume(run_id, desk.answer(run_id)) == ""
    going = {"Resuming", "Scheduled", "Submitting", "Pending", "Running"}
    wait_until(lambda: [name for name in names if desk.gate(run[name]) in {gates[name], *going}], [])
    assert {desk.gate(run[name]) for name in set(names) - answered} == {"plan-1-0"}


# Prefect's database is lost; the last test, because it takes all other deployments with it


def test_prefect_may_forget_everything(
    desk: Desk,
    settings: Settings,
    databases: Databases,
    prefect_server: Child,
    deployments: dict[str, UUID],
    desk_yaml: Path,
) -> None:
    waiting, recorded, unrecorded, elsewhere, closed = (desk.case(desk.apply()) for _ in range(5))
    units = desk.case(desk.apply(lines=LINES[1:3]))
    for gate in ("plan-1-0", "produce-1-panel-1-0"):
        assert desk.decide(desk.run_of(units)) == gate
    desk.watch()
    assert list(desk.beside(units)) == ["produce-1-paint-1"]
    assert desk.decide(desk.run_of(recorded)) == "plan-1-0"
    assert desk.resume(desk.run_of(unrecorded), desk.answer(desk.run_of(unrecorded))) == ""
    desk.play.decide(elsewhere, "review-1")
    assert desk.decide(desk.run_of(closed), 审核结论="驳回", 原因="超出保修") == "已驳回"
    histories = {case: desk.play.keys(case) for case in (waiting, recorded, unrecorded, elsewhere, closed, units)}

    prefect_server.stop()
    with closing(Server(databases.ours)) as server:
        server.drop(databases.prefect)
    create_database(make_url(databases.ours), str(make_url(databases.prefect).database))
    prefect_server.start()
    wait_healthy(prefect_server, threading.Event())
    deployments |= apply_deployments(desk_yaml)

    assert desk.watch() == RecoverReport(created=6)
    gates = {waiting: "review-1-0", recorded: "plan-1-0", unrecorded: "review-1-0", elsewhere: "plan-1-0"}
    gates |= {units: "produce-1-panel-1-0"}
    assert {case: right(desk, case) for case in gates} == gates
    assert {case: desk.play.keys(case) for case in histories} == histories
    assert [len(runs_of(desk, case)) for case in histories] == [1, 1, 1, 1, 0, 2]  # closed cases stay closed
    assert desk.watch() == NOTHING
    assert {case: desk.decide(desk.run_of(case)) for case in (waiting, unrecorded)} == {
        waiting: "plan-1-0",
        unrecorded: "plan-1-0",
    }
    assert desk.decide(desk.run_of(recorded)).startswith("produce-")
    assert desk.decide(desk.run_of(elsewhere)).startswith("produce-")
    assert desk.decide(desk.beside(units)["produce-1-paint-1"]) == "已办"
