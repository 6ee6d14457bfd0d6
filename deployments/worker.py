"""Run the legs of all flows in this process: each flow is imported once, each leg gets a thread.

Beside them run loops: the watch, the outbox, the pages.
"""

import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from datetime import timedelta
from functools import cache
from inspect import signature
from pkgutil import resolve_name
from typing import Any
from uuid import UUID

import anyio
import anyio.abc
import anyio.to_thread
import httpx
from prefect import Flow, get_client
from prefect.client.schemas.filters import FlowRunFilter, WorkPoolFilter
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import DeploymentResponse, WorkerFlowRunResponse
from prefect.exceptions import Abort, ObjectNotFound, Pause
from prefect.logging.loggers import get_logger
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.workers.base import BaseJobConfiguration, BaseVariables, BaseWorker, BaseWorkerResult
from sqlalchemy import Engine

from deployments.database import reached
from deployments.local.locks import survey_links
from deployments.local.prefect_server import pointed_at
from deployments.loop import Loop, repeated
from deployments.settings import Settings
from flows import load
from tasks.durable import clock
from tasks.outbox.dispatch import dispatch_due
from tasks.runs.engine import KeptClients, run_by_engine
from tasks.runs.mending import RecoverReport
from tasks.runs.publish import PAGES
from tasks.runs.watch import Watch
from tasks.sheets import places
from tasks.surveys import links

POOL = "aftersales"
JOBS_QUEUE, JOBS = "jobs", 2  # the queue of the pool for jobs with a process of their own; so many run at once
BACKGROUND_CONNECTIONS = 8  # of the loops beside the legs; the watch has hands of its own
WATCH_EVERY, OUTBOX_EVERY, PAGES_EVERY = 3.0, 2.0, 15.0  # seconds
ASK_EVERY, BUSY_FOR, POLL_AT_LEAST = 0.5, 10.0, 20.0  # seconds; while people are at work the worker asks at each turn
STOP_GRACE = 8.0  # seconds that legs in hand may take to end after SIGTERM
log = get_logger("workers.aftersales")


class CaseWorker(BaseWorker[BaseJobConfiguration, BaseVariables, BaseWorkerResult]):
    """A worker that runs each leg in a thread of this process; long jobs in a process of their own beside it.

    Until a leg has ended its run counts as in hand: it is not picked up twice when it is resumed before its last leg
    has left, and what finds no free thread stays Scheduled at the server, where a killed worker cannot lose it.
    """

    type = "aftersales"
    job_configuration = BaseJobConfiguration
    _description = "Runs the legs of after-sales cases in its own process."

    def __init__(self, threads: int, clients: KeptClients, **options: Any) -> None:
        super().__init__(limit=threads, **options)
        self.draining = False
        self._threads, self._job_threads = anyio.CapacityLimiter(threads), anyio.CapacityLimiter(JOBS)
        self._jobs = set[UUID]()  # those in hand
        self._deployments: dict[str, DeploymentResponse] = {}
        self._clients = clients
        self._ask_at = self._busy_until = self._poll_at = 0.0  # monotonic

    @property
    def in_hand(self) -> set[UUID]:
        """Return the runs that this worker has taken and not finished."""
        return self._submitting_flow_run_ids

    async def get_and_submit_flow_runs(self) -> list[FlowRun]:
        """Take scheduled runs, none while we drain."""
        return [] if self.draining else await super().get_and_submit_flow_runs()

    async def _get_scheduled_flow_runs(self) -> list[WorkerFlowRunResponse]:
        """Ask for what is due where there is any: to be asked costs the server 36 ms, to count what is due 11.

        Now and then all the same: the UI shows a queue that nobody polls as not ready. Who has pressed one button soon
        presses the next: for some seconds after a leg the question comes more often.
        """
        now = time.monotonic()
        if now < self._ask_at:
            return []
        self._ask_at = now if now < self._busy_until else now + ASK_EVERY
        due = clock.of_machine() + timedelta(seconds=self._prefetch_seconds)
        scheduled = {"state": {"type": {"any_": ["SCHEDULED"]}}, "next_scheduled_start_time": {"before_": due}}
        some = await self.client.count_flow_runs(
            flow_run_filter=FlowRunFilter.model_validate(scheduled),
            work_pool_filter=WorkPoolFilter.model_validate({"name": {"any_": [self._work_pool_name]}}),
        )
        if not some and now < self._poll_at:
            return []
        self._poll_at, found = now + POLL_AT_LEAST, await super()._get_scheduled_flow_runs()
        if any(not one.flow_run.auto_scheduled for one in found):
            self._busy_until = now + BUSY_FOR
        return found

    async def _submit_scheduled_flow_runs(self, flow_run_response: list[WorkerFlowRunResponse]) -> list[FlowRun]:
        """Take what the server has, but no more jobs than have a place: the others stay Scheduled there."""
        self._jobs &= self.in_hand
        taken = list[WorkerFlowRunResponse]()
        for one in flow_run_response:
            if one.flow_run.work_queue_name == JOBS_QUEUE and one.flow_run.id not in self._jobs:
                if len(self._jobs) >= JOBS:
                    continue
                self._jobs.add(one.flow_run.id)
            taken.append(one)
        return await super()._submit_scheduled_flow_runs(taken)

    async def _submit_run(self, flow_run: FlowRun) -> None:
        """Run a leg that was taken; a quarter of the base's requests, whose labels and Submitting nobody looks at."""
        try:
            if await self._propose_pending_state(flow_run):
                result = await self.run(flow_run, BaseJobConfiguration())
                if result.status_code:
                    await self._propose_crashed_state(flow_run, f"the leg broke ({result.status_code})")
        except ObjectNotFound:
            gone = {"message": "没有这个部署了 its deployment is gone"}
            await self._mark_flow_run_as_cancelled(flow_run, state_updates=gone)
        except Exception:
            log.exception("run %s was not run; the watch runs it again", flow_run.id)
        finally:
            self._release_limit_slot(flow_run.id)
            self._submitting_flow_run_ids.remove(flow_run.id)
            if self._cancelling_observer is not None:
                self._cancelling_observer.remove_in_flight_flow_run_id(flow_run.id)

    async def run(
        self,
        flow_run: FlowRun,
        configuration: BaseJobConfiguration,
        task_status: anyio.abc.TaskStatus[int] | None = None,
    ) -> BaseWorkerResult:
        """Run one leg in a thread; the result's status is 1 only if the engine itself broke."""
        known, of = self._deployments, str(flow_run.deployment_id)
        if of not in known:  # it changes only with the code, which is loaded once too
            known[of] = await self.client.read_deployment(of)
        leg, limiter = self._leg, self._threads
        if is_long(known[of].job_variables.get("own_process", False)):
            leg, limiter = run_apart, self._job_threads
            self._release_limit_slot(flow_run.id)  # a job takes no leg's place
        status = await anyio.to_thread.run_sync(leg, flow_run, known[of].entrypoint or "", limiter=limiter)
        return BaseWorkerResult(identifier=str(flow_run.id), status_code=status)

    def _leg(self, flow_run: FlowRun, entrypoint: str) -> int:
        try:
            self._clients.run(run_leg, flow_run, entrypoint)
        except (SystemExit, Exception):  # noqa: BLE001 - it is logged, and one leg's fault must not end the worker
            self.get_flow_run_logger(flow_run).exception("The leg of %s broke", entrypoint)
            return 1
        return 0


def is_long(own_process: bool | str) -> bool:
    """Say whether a job is worth a process of its own, 3 s of work, as prefect.yaml says: where a setting is set, or ever."""
    return bool(os.environ.get(own_process)) if isinstance(own_process, str) else own_process


def run_apart(flow_run: FlowRun, entrypoint: str) -> int:
    """Run a job in a child process, so that it takes no leg's time; the child ends with the worker.

    One that was killed, by the end of `up` too, is still Running for Prefect: the watch runs it again.
    """
    args = [sys.executable, "-m", "deployments.worker", str(flow_run.id), entrypoint, str(os.getpid())]
    return max(0, subprocess.run(args, check=False, stdin=subprocess.DEVNULL).returncode)


def run_leg(flow_run: FlowRun, entrypoint: str) -> None:
    """Run a leg until it ends or suspends. Parameters that the flow does not have are left out.

    They can come from a form that was sent without its schema enforced, and Prefect would not even begin.
    """
    flow = load_flow(entrypoint)
    known = {name: value for name, value in flow_run.parameters.items() if name in signature(flow.fn).parameters}
    with suppress(Pause, Abort):
        run_by_engine(flow, flow_run.model_copy(update={"parameters": known}))


@cache
def load_flow(entrypoint: str) -> Flow[..., Any]:
    """Import the flow of a module-path entrypoint such as `flows.<process>.<function>`."""
    flow = resolve_name(entrypoint)
    if not isinstance(flow, Flow) or flow.isasync:
        raise TypeError(f"{entrypoint} must be a Prefect flow made of a plain function, not {flow!r}")
    return flow


async def serve(worker: CaseWorker) -> None:
    """Run the worker until SIGTERM or SIGINT, then let the legs in hand end."""
    async with anyio.create_task_group() as group:
        group.start_soon(worker.start)
        with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
            async for _ in signals:
                break
            worker.draining = True
            with anyio.move_on_after(STOP_GRACE):
                while worker.in_hand:
                    await anyio.sleep(0.1)
        if worker.in_hand:
            log.warning("%d legs did not end in time and are cut off", len(worker.in_hand))
            sys.stderr.flush()
            os._exit(1)  # their threads cannot be stopped; the watch takes these cases over
        group.cancel_scope.cancel()


@contextmanager
def joined(settings: Settings, threads: int) -> Iterator[Engine]:
    """Let this process work on the cases of an installation, with all its processes, for the time of the block."""
    load()
    places.set_up(settings.places)
    links.set_up(survey_links(settings))
    # A heartbeat's thread makes each leg last whole seconds, and nobody listens: our leases decide.
    with (
        reached(str(settings.database_url), threads) as db,
        pointed_at(settings),
        temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),
    ):
        yield db


def background_loops(db: Engine, clients: KeptClients) -> list[Loop]:
    """Return what runs beside the legs of an operations database."""
    client, watch = httpx.Client(), Watch(db)

    def publish() -> None:
        PAGES.publish_inboxes(db)
        PAGES.publish_start_page(db)

    return [
        Loop("watch", WATCH_EVERY, lambda: note(clients.run(watch.round))),
        Loop("outbox", OUTBOX_EVERY, lambda: dispatch_due(db, client)),
        Loop("pages", PAGES_EVERY, lambda: clients.run(publish)),
    ]


def note(report: RecoverReport) -> None:
    """Log a round of the watch that found something to do."""
    if done := ", ".join(f"{name} {count}" for name, count in vars(report).items() if count):
        log.info("watch: %s", done)


def main() -> None:
    """Run the worker of this installation with its background loops."""
    settings, name = Settings(), f"{POOL}-{socket.gethostname()}"
    threads = settings.worker_threads
    with (
        joined(settings, threads + BACKGROUND_CONNECTIONS) as db,
        KeptClients() as clients,
        repeated(*background_loops(db, clients)),
    ):
        anyio.run(serve, CaseWorker(threads, clients, work_pool_name=POOL, name=name))


def run_job(run_id: str, entrypoint: str, worker: str) -> None:
    """Run one job in this process, a child of the worker; its state in Prefect says how it went."""
    threading.Thread(target=_end_with, args=(int(worker),), daemon=True).start()
    settings = Settings()
    limit_memory(settings.job_memory)
    with joined(settings, BACKGROUND_CONNECTIONS):
        with get_client(sync_client=True) as client:
            run = client.read_flow_run(UUID(run_id))
        leg = threading.Thread(target=copy_context().run, args=(run_leg, run, entrypoint))
        leg.start()  # not in the main thread, where Prefect would catch SIGTERM and call the job crashed
        leg.join()


def limit_memory(most: int) -> None:
    """Let this process and those that help it take so many MiB each: a file that wants more fails, not the machine.

    Addresses that are only reserved are none: what draws charts reserves 64 GiB of them. What computes would take 80 MiB
    for each core, and wait for ever where it gets none.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with suppress(OSError, ValueError):  # a system that knows no such limit, or allows less already
        resource.setrlimit(resource.RLIMIT_DATA, (most << 20, most << 20))


def _end_with(worker: int) -> None:
    """End at once when the worker is gone: its successor runs the job again, and nothing is done twice."""
    while os.getppid() == worker:
        time.sleep(0.5)
    os._exit(1)


if __name__ == "__main__":
    run_job(*sys.argv[1:]) if sys.argv[1:] else main()
