"""Our worker, and the processes of its jobs, in the business time of the file that is named first."""

import os
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

from prefect.client.schemas.objects import FlowRun

from deployments import worker
from tests.year.business_time import BusinessTime


def run_apart(flow_run: FlowRun, entrypoint: str) -> int:
    """Run a job in a child process, as the worker does, in the same business time."""
    words = ["-m", "tests.bench.timed_worker", sys.argv[1], str(flow_run.id), entrypoint, str(os.getpid())]
    return max(0, subprocess.run([sys.executable, *words], check=False, stdin=subprocess.DEVNULL).returncode)


if __name__ == "__main__":
    _, file, *job = sys.argv
    with BusinessTime(Path(file)).counted(), patch.object(worker, "run_apart", run_apart):
        worker.run_job(*job) if job else worker.main()
