import time

from sqlalchemy import Engine

from deployments.loop import Loop, repeated
from deployments.worker import background_loops
from tasks.runs.engine import KeptClients
from tests.waiting import wait_until


def test_a_loop_survives_its_faults_and_stops() -> None:
    turns: list[float] = []

    def work() -> None:
        turns.append(time.monotonic())
        raise ValueError("broken on purpose")

    with repeated(Loop("broken", 0.01, work)) as threads:
        wait_until(lambda: len(turns) >= 3)
    wait_until(lambda: not threads[0].is_alive())
    count = len(turns)
    time.sleep(0.05)
    assert len(turns) == count


def test_stopping_does_not_wait_for_the_interval() -> None:
    turns: list[float] = []
    with repeated(Loop("rare", 3600, lambda: turns.append(0.0))) as threads:
        wait_until(lambda: len(turns), 1)
    wait_until(lambda: not threads[0].is_alive())  # within minutes, not an hour


def test_the_worker_runs_the_watch_the_outbox_and_the_pages(db: Engine) -> None:
    assert [loop.name for loop in background_loops(db, KeptClients())] == ["watch", "outbox", "pages"]
