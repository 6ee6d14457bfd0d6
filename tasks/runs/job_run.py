"""The Prefect run of a job: each of its parts a task run, the run's name tells how far it is."""

import time
from collections.abc import Callable
from math import inf
from uuid import UUID

from prefect import Task, get_client
from prefect.cache_policies import NO_CACHE
from prefect.context import FlowRunContext

RETRIES, RETRY_AFTER = 2, 5  # seconds; a chunk that a lost database took down does nothing twice

TELL_EVERY = 1.0  # seconds


def as_task(name: str, work: Callable[[], None]) -> None:
    """Show a chunk as a Prefect task run; what it did, the database remembers."""

    def chunk() -> None:
        work()

    Task(
        chunk,
        name="一批 chunk",
        task_run_name=name,
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=RETRIES,
        retry_delay_seconds=RETRY_AFTER,
    )()


def show_name(name: str) -> None:
    """Name the run, so that a list of runs tells how far it is."""
    with get_client(sync_client=True) as client:
        client.update_flow_run(this_run(), name=name)


def name_by_progress(label: str) -> Callable[[int, int], None]:
    """Give what tells of the rows that are done in the run's name, now and then."""
    told = -inf

    def tell(done: int, rows: int) -> None:
        nonlocal told
        if time.monotonic() - told >= TELL_EVERY:
            told = time.monotonic()
            show_name(f"{label} · {done:,}/{rows:,} 行")

    return tell


def this_run() -> UUID:
    """Give the id of the flow run that we are in."""
    context = FlowRunContext.get()
    assert context is not None, "a job is started by Prefect"
    assert context.flow_run is not None, "a job is known to Prefect"
    return context.flow_run.id
