"""Run one job in this process, as a child of the worker: `python -m deployments.job RUN ENTRYPOINT WORKER`."""

import os
import sys
import threading
import time
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from uuid import UUID

from prefect import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import Abort, Pause
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

from deployments.database import connect
from deployments.helper import join
from deployments.local.prefect_server import pointed_at
from deployments.settings import Settings
from deployments.worker import BACKGROUND_CONNECTIONS, run_leg
from flows import load
from tasks.durable.database import use
from tasks.sheets import places


def main(run_id: str, entrypoint: str, worker: str) -> None:
    """Run the job to its end; its state in Prefect says how it went."""
    threading.Thread(target=_end_with, args=(int(worker),), daemon=True).start()
    settings = Settings()
    load()
    url = str(settings.database_url)
    use(connect(url, threads=BACKGROUND_CONNECTIONS), partial(join, url))
    places.use(settings.places)
    with pointed_at(settings), temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        with get_client(sync_client=True) as client:
            run = client.read_flow_run(UUID(run_id))
        leg = threading.Thread(target=copy_context().run, args=(_run, run, entrypoint))
        leg.start()  # not in the main thread, where Prefect would catch SIGTERM and call the job crashed
        leg.join()


def _run(run: FlowRun, entrypoint: str) -> None:
    with suppress(Pause, Abort):
        run_leg(run, entrypoint)


def _end_with(worker: int) -> None:
    """End at once when the worker is gone: its successor runs the job again, and nothing is done twice."""
    while os.getppid() == worker:
        time.sleep(0.5)
    os._exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
