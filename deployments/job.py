"""Run one job in this process, as a child of the worker: `python -m deployments.job RUN ENTRYPOINT WORKER`."""

import os
import sys
import threading
import time
from contextvars import copy_context
from uuid import UUID

from prefect import get_client

from deployments.settings import Settings
from deployments.worker import BACKGROUND_CONNECTIONS, joined, run_leg


def main(run_id: str, entrypoint: str, worker: str) -> None:
    """Run the job to its end; its state in Prefect says how it went."""
    threading.Thread(target=_end_with, args=(int(worker),), daemon=True).start()
    with joined(Settings(), BACKGROUND_CONNECTIONS):
        with get_client(sync_client=True) as client:
            run = client.read_flow_run(UUID(run_id))
        leg = threading.Thread(target=copy_context().run, args=(run_leg, run, entrypoint))
        leg.start()  # not in the main thread, where Prefect would catch SIGTERM and call the job crashed
        leg.join()


def _end_with(worker: int) -> None:
    """End at once when the worker is gone: its successor runs the job again, and nothing is done twice."""
    while os.getppid() == worker:
        time.sleep(0.5)
    os._exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
