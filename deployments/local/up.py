"""Start all of an installation, keep it running, and leave nothing behind."""

import fcntl
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import UUID

from deployments import database
from deployments.local.postgres import Databases, running_database, tend_server
from deployments.local.prefect_server import check_port, pointed_at, server_child, wait_healthy, worker_child
from deployments.local.processes import Child, end_orphan
from deployments.local.report_server import report_child
from deployments.local.survey_server import survey_child
from deployments.loop import Loop, repeated
from deployments.settings import RUN, Settings, prepare_home
from schemas.problems import UpError

TEND_EVERY = 0.3  # seconds


@dataclass
class Context:
    """What runs; `stopping` is set when it is to end."""

    settings: Settings
    databases: Databases
    stopping: threading.Event
    deployments: dict[str, UUID] = field(default_factory=dict)
    children: dict[str, Child] = field(default_factory=dict)


@contextmanager
def up(
    settings: Settings, prepare: Callable[[str], None] = database.prepare, prefect_yaml: Path | None = None
) -> Iterator[Context]:
    """Run everything for the time of the block, which should end when Ctrl-C or SIGTERM sets `stopping`.

    It may be set already when the block begins: then not all has been started. Must be called in the main thread.
    Order: PostgreSQL, schema and reference data, Prefect server, deployments, worker. UpError is a clear line for people.
    """
    stopping = threading.Event()
    with ExitStack() as stack:
        stack.enter_context(_signals(stopping))
        stack.enter_context(_only_one(settings))
        for name in ("worker", "server", "reports", "surveys"):
            end_orphan(settings, name)
        check_port(settings.port, "AFTERSALES_PORT")
        check_port(settings.reports_port, "AFTERSALES_REPORTS_PORT")
        check_port(settings.survey_port, "AFTERSALES_SURVEY_PORT")
        context = Context(settings, stack.enter_context(running_database(settings)), stopping)
        prepare(context.databases.ours)
        _start(context, stack, prefect_yaml)
        tended = {child.name: child.tend for child in context.children.values()}
        tended["postgres"] = partial(tend_server, settings)
        with repeated(*(Loop(name, TEND_EVERY, tend) for name, tend in tended.items())):
            yield context


def _start(context: Context, stack: ExitStack, prefect_yaml: Path | None) -> None:
    """Start the servers, the deployments and the worker, unless we are to stop meanwhile."""

    def start(child: Child) -> Child:
        context.children[child.name] = child
        stack.callback(child.stop)
        child.start()
        return child

    server = start(server_child(context.settings, context.databases))
    start(report_child(context.settings))
    start(survey_child(context.settings, context.databases))
    stack.enter_context(pointed_at(context.settings))
    from deployments import deploy  # Prefect is imported while its server starts

    if wait_healthy(server, context.stopping):
        context.deployments = deploy.apply_deployments(prefect_yaml or deploy.PREFECT_YAML)
        start(worker_child(context.settings, context.databases))


@contextmanager
def _signals(stopping: threading.Event) -> Iterator[None]:
    """Turn Ctrl-C, SIGTERM and a closed terminal into `stopping`; a second one changes nothing."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, lambda *_: stopping.set()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _only_one(settings: Settings) -> Iterator[None]:
    """Hold the home folder for this `up`; the lock goes with the process, however that ends."""
    prepare_home(settings)
    with (settings.home / RUN / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            pid = lock.read().strip() or "?"
            raise UpError(
                f"已在运行 already running for {settings.home} (pid {pid}): stop it or set AFTERSALES_HOME"
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield
