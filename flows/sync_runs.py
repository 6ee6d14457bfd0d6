"""Bringing the runs of cases that moved elsewhere to their gates 同步运行."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

import flows.parts_application  # noqa: F401  the processes' forms are shown, so they must be known
from tasks.runs.case_jobs import run_sync


@flow(name="同步运行", retries=0, persist_result=False)
def sync_runs() -> State[Any]:
    """同步运行 Park the runs of cases that moved in bulk at their new gates, the newest first."""
    return run_sync()
