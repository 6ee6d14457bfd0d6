import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import psutil
import pytest
from prefect import get_client
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
from prefect.client.schemas.objects import StateType

from deployments.deploy import read_deployments
from deployments.local.processes import Child
from deployments.worker import JOBS, is_long, load_flow
from tasks.outbox.steps import address_name
from tasks.runs.parking import park_again
from tests.deployments.desk import Desk
from tests.deployments.toy import ToyDecision
from tests.waiting import MINUTES, wait_until

ANSWER = {"审核结论": "通过", "备注": "好"}


def test_a_run_waits_at_its_gate_and_ends_after_the_answer(toys: Desk, toy_worker: Child) -> None:
    run_id = toys.start()
    waiting = toys.wait(run_id, "Suspended")
    assert waiting.state is not None
    assert waiting.state.state_details.pause_key == "review-1-1"
    toys.answer(run_id, **ANSWER)
    ended = toys.wait(run_id, "Completed")
    assert ended.infrastructure_pid is None  # so the server cancels it at once when asked to


def test_the_server_is_told_of_faults_and_not_of_suspensions(toys: Desk, toy_worker: Child) -> None:
    waiting = toys.start()
    toys.wait(waiting, "Suspended")
    broken = toys.start("broken")
    with pytest.raises(AssertionError, match="broken on purpose"):
        toys.wait(broken, "Completed")
    with get_client(sync_client=True) as client:

        def levels(run_id: UUID) -> set[int]:
            wanted = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run_id]))
            return {log.level for log in client.read_logs(wanted)}

        wait_until(lambda: levels(broken), {40})  # what is said is sent in order
        assert levels(waiting) == set()


def test_ten_at_once_each_resumed_as_soon_as_it_waits(toys: Desk, toy_worker: Child) -> None:
    def case(_: int) -> None:
        run_id = toys.start()
        toys.wait(run_id, "Suspended")
        toys.answer(run_id, **ANSWER)
        toys.wait(run_id, "Completed")

    with ThreadPoolExecutor(10) as people:
        list(people.map(case, range(10)))
    assert toy_worker.alive


def test_a_flow_that_raises_fails_and_the_worker_goes_on(toys: Desk, toy_worker: Child) -> None:
    run_id = toys.start("broken")
    with pytest.raises(AssertionError, match="broken on purpose"):
        toys.wait(run_id, "Completed")
    assert toy_worker.alive


def test_sigterm_lets_legs_end_and_takes_no_more(toys: Desk, toy_worker: Child, tmp_path: Path) -> None:
    toys.wait(toys.start(), "Suspended")  # the worker is warm
    slow = toys.start(等到=str(done := tmp_path / "done"))
    toys.wait(slow, "Running")
    assert toy_worker.process is not None
    toy_worker.process.send_signal(signal.SIGTERM)
    time.sleep(0.5)  # it has heard that while the leg was at work
    done.touch()
    toy_worker.stop()
    assert toys.read(slow).state_name == "Suspended"
    later = toys.start()
    time.sleep(1.5)
    assert toys.read(later).state_type == StateType.SCHEDULED
    toy_worker.start()
    toys.wait(later, "Suspended")


def test_a_killed_worker_loses_no_waiting_case(toys: Desk, toy_worker: Child, tmp_path: Path) -> None:
    waiting, cut = toys.start(), toys.start(等到=str(done := tmp_path / "done"))
    toys.wait(waiting, "Suspended")
    toys.wait(cut, "Running")
    assert toy_worker.process is not None
    toy_worker.process.send_signal(signal.SIGKILL)
    toy_worker.process.wait()
    toys.answer(waiting, **ANSWER)
    toy_worker.start()
    toys.wait(waiting, "Completed")
    assert toys.read(cut).state_name == "Running"  # an orphan, which only the recovery watch can know
    done.touch()
    park_again(cut, "review-1-1", ToyDecision, "toy again", [])
    toys.answer(cut, **ANSWER)
    toys.wait(cut, "Completed")


def test_a_long_job_runs_in_a_process_of_its_own_that_ends_with_the_worker(
    toys: Desk, toy_worker: Child, tmp_path: Path
) -> None:
    assert toy_worker.process is not None
    done = toys.wait(toys.start("apart"), "Completed")
    own, _, parent = done.name.partition(" of ")
    assert (int(parent), own != parent) == (toy_worker.process.pid, True)
    killed, cut = apart(toys, tmp_path), apart(toys, tmp_path)
    stopped = job_of(toys, killed)
    stopped.terminate()
    psutil.wait_procs([stopped], MINUTES)
    time.sleep(1)
    assert toys.read(killed).state_name == "Running"  # so that the watch runs it again
    job = job_of(toys, cut)
    toy_worker.process.send_signal(signal.SIGKILL)
    toy_worker.process.wait()
    assert psutil.wait_procs([job], MINUTES)[1] == []  # it would have run longer
    toy_worker.start()


def apart(toys: Desk, folder: Path) -> UUID:
    """Start a job that does not end by itself, and wait until it is at work."""
    run_id = toys.start("apart", until=str(folder / "never"))
    wait_until(lambda: " of " in toys.wait(run_id, "Running").name)
    return run_id


def job_of(toys: Desk, run_id: UUID) -> psutil.Process:
    return psutil.Process(int(toys.read(run_id).name.partition(" ")[0]))


def test_more_runs_than_threads_stay_scheduled_at_the_server(toys: Desk, toy_worker: Child, tmp_path: Path) -> None:
    done = tmp_path / "done"
    runs: list[UUID] = [toys.start(等到=str(done)) for _ in range(12)]
    wait_until(
        lambda: Counter(toys.read(run).state_type for run in runs), {StateType.RUNNING: 8, StateType.SCHEDULED: 4}
    )
    done.touch()
    for run in runs:
        toys.wait(run, "Suspended")


def test_jobs_have_places_of_their_own_and_legs_never_wait_for_them(
    toys: Desk, toy_worker: Child, tmp_path: Path
) -> None:
    jobs = [toys.start("apart", until=str(tmp_path / "end")) for _ in range(JOBS + 2)]

    def at_work(runs: list[UUID]) -> Counter[StateType | None]:
        return Counter(toys.read(run).state_type for run in runs)

    wait_until(lambda: at_work(jobs), {StateType.RUNNING: JOBS, StateType.SCHEDULED: 2})
    legs: list[UUID] = [toys.start(等到=str(tmp_path / "go")) for _ in range(8)]
    wait_until(lambda: at_work(legs), {StateType.RUNNING: 8})
    assert at_work(jobs) == {StateType.RUNNING: JOBS, StateType.SCHEDULED: 2}
    for sign in ("end", "go"):
        (tmp_path / sign).touch()
    for run in jobs:
        toys.wait(run, "Completed")
    for run in legs:
        toys.wait(run, "Suspended")


def test_a_job_may_not_take_all_memory_of_the_machine() -> None:
    code = "from deployments.worker import limit_memory\nlimit_memory(1024)\nbytearray(1 << 30)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == "MemoryError"


def test_a_job_may_draw_the_charts_of_its_report() -> None:
    """What draws reserves 64 GiB of addresses of which it uses little: only what can be written to counts."""
    code = "from deployments.worker import limit_memory\nlimit_memory(1024)\nimport vl_convert\n"
    code += "print(vl_convert.vega_to_svg({'width': 10, 'height': 10}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout[:4]) == (0, "<svg"), done.stderr


def test_what_computes_takes_no_memory_for_each_core_of_the_machine() -> None:
    """Each of its threads reserves 40 MiB, twice; where the limit is too low for them it waits for memory for ever."""
    code = "from deployments.worker import limit_memory\nlimit_memory(1024)\nfrom scipy import linalg\n"
    code += "import os\nprint(len(os.listdir('/proc/self/task')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"


def test_a_job_that_needs_a_setting_takes_a_process_of_its_own_only_where_that_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    [wanted] = [one.job_variables["own_process"] for one in read_deployments() if one.name == "take-in-sales"]
    assert wanted == address_name("order")
    monkeypatch.delenv(wanted, raising=False)
    assert not is_long(wanted)
    monkeypatch.setenv(wanted, "http://orders")
    assert is_long(wanted)
    assert (is_long(True), is_long(False)) == (True, False)


def test_only_plain_flows_are_loaded() -> None:
    assert load_flow("tests.deployments.toy.toy_case").name == "toy-case"
    assert load_flow("tests.deployments.toy.toy_case") is load_flow("tests.deployments.toy.toy_case")
    with pytest.raises(TypeError, match="plain function"):
        load_flow("tests.deployments.toy.ToyRequest")
