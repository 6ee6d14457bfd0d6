import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import psutil
import pytest
from prefect import get_client
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId

from deployments.local.processes import Child
from deployments.worker import load_flow
from tasks.runs.parking import park_again
from tests.deployments.desk import Desk
from tests.deployments.toy import ToyDecision
from tests.waiting import MINUTES, wait_until

ANSWER = {"审核结论": "通过", "备注": "好"}


def test_a_run_waits_at_its_gate_and_ends_after_the_answer(desk: Desk, worker: Child) -> None:
    run_id = desk.start()
    waiting = desk.wait(run_id, "Suspended")
    assert waiting.state is not None
    assert waiting.state.state_details.pause_key == "review-1-1"
    desk.answer(run_id, **ANSWER)
    ended = desk.wait(run_id, "Completed")
    assert ended.infrastructure_pid is None  # so the server cancels it at once when asked to


def test_nothing_red_is_logged_for_a_suspension(desk: Desk, worker: Child) -> None:
    run_id = desk.start()
    desk.wait(run_id, "Suspended")
    wanted = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run_id]))
    with get_client(sync_client=True) as client:
        wait_until(lambda: any("Finished" in log.message for log in client.read_logs(wanted)))
        logs = client.read_logs(wanted)
    assert {log.level for log in logs} == {20}


def test_ten_at_once_each_resumed_as_soon_as_it_waits(desk: Desk, worker: Child) -> None:
    def case(_: int) -> None:
        run_id = desk.start()
        desk.wait(run_id, "Suspended")
        desk.answer(run_id, **ANSWER)
        desk.wait(run_id, "Completed")

    with ThreadPoolExecutor(10) as people:
        list(people.map(case, range(10)))
    assert worker.alive


def test_a_flow_that_raises_fails_and_the_worker_goes_on(desk: Desk, worker: Child) -> None:
    run_id = desk.start("broken")
    with pytest.raises(AssertionError, match="broken on purpose"):
        desk.wait(run_id, "Completed")
    assert worker.alive


def test_sigterm_lets_legs_end_and_takes_no_more(desk: Desk, worker: Child, tmp_path: Path) -> None:
    desk.wait(desk.start(), "Suspended")  # the worker is warm
    slow = desk.start(等到=str(done := tmp_path / "done"))
    desk.wait(slow, "Running")
    assert worker.process is not None
    worker.process.send_signal(signal.SIGTERM)
    time.sleep(0.5)  # it has heard that while the leg was at work
    done.touch()
    worker.stop()
    assert desk.read(slow).state_name == "Suspended"
    later = desk.start()
    time.sleep(1.5)
    assert desk.read(later).state_name == "Scheduled"
    worker.start()
    desk.wait(later, "Suspended")


def test_a_killed_worker_loses_no_waiting_case(desk: Desk, worker: Child, tmp_path: Path) -> None:
    waiting, cut = desk.start(), desk.start(等到=str(done := tmp_path / "done"))
    desk.wait(waiting, "Suspended")
    desk.wait(cut, "Running")
    assert worker.process is not None
    worker.process.send_signal(signal.SIGKILL)
    worker.process.wait()
    desk.answer(waiting, **ANSWER)
    worker.start()
    desk.wait(waiting, "Completed")
    assert desk.read(cut).state_name == "Running"  # an orphan, which only the recovery watch can know
    done.touch()
    park_again(cut, "review-1-1", ToyDecision, "toy again", [])
    desk.answer(cut, **ANSWER)
    desk.wait(cut, "Completed")


def test_a_long_job_runs_in_a_process_of_its_own_that_ends_with_the_worker(
    desk: Desk, worker: Child, tmp_path: Path
) -> None:
    assert worker.process is not None
    done = desk.wait(desk.start("apart"), "Completed")
    own, _, parent = done.name.partition(" of ")
    assert (int(parent), own != parent) == (worker.process.pid, True)
    killed, cut = apart(desk, tmp_path), apart(desk, tmp_path)
    stopped = job_of(desk, killed)
    stopped.terminate()
    psutil.wait_procs([stopped], MINUTES)
    time.sleep(1)
    assert desk.read(killed).state_name == "Running"  # so that the watch runs it again
    job = job_of(desk, cut)
    worker.process.send_signal(signal.SIGKILL)
    worker.process.wait()
    assert psutil.wait_procs([job], MINUTES)[1] == []  # it would have run longer
    worker.start()


def apart(desk: Desk, folder: Path) -> UUID:
    """Start a job that does not end by itself, and wait until it is at work."""
    run_id = desk.start("apart", until=str(folder / "never"))
    wait_until(lambda: " of " in desk.wait(run_id, "Running").name)
    return run_id


def job_of(desk: Desk, run_id: UUID) -> psutil.Process:
    return psutil.Process(int(desk.read(run_id).name.partition(" ")[0]))


def test_more_runs_than_threads_stay_scheduled_at_the_server(desk: Desk, worker: Child, tmp_path: Path) -> None:
    done = tmp_path / "done"
    runs: list[UUID] = [desk.start(等到=str(done)) for _ in range(12)]
    wait_until(lambda: sorted(str(desk.read(run).state_name) for run in runs), ["Running"] * 8 + ["Scheduled"] * 4)
    done.touch()
    for run in runs:
        desk.wait(run, "Suspended")


def test_only_plain_flows_are_loaded() -> None:
    assert load_flow("tests.deployments.toy.toy_case").name == "toy-case"
    assert load_flow("tests.deployments.toy.toy_case") is load_flow("tests.deployments.toy.toy_case")
    with pytest.raises(TypeError, match="plain function"):
        load_flow("tests.deployments.toy.ToyRequest")
