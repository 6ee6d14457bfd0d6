"""Start all of an installation, keep it running, and leave nothing behind."""

import fcntl
import importlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from deployments.local.postgres import Databases, running_database
from deployments.local.prefect_server import (
    check_port,
    child_environment,
    pointed_at,
    server_child,
    wait_healthy,
    worker_env,
)
from deployments.local.processes import Child, end_orphan
from deployments.local.report_server import report_child
from deployments.settings import Settings, UpError, prepare_home

WORKER_GRACE = 12.0  # seconds; the worker's own grace for its legs is shorter
RESTART_PAUSES = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)  # seconds before the first, second, … restart in a row
STEADY = 60.0  # seconds of running after which a death counts as the first again
log = logging.getLogger("aftersales.up")


@dataclass
class Context:
    """What runs, for those who act when all is ready; setting `stopping` ends it."""

    settings: Settings
    databases: Databases
    stopping: threading.Event
    deployments: dict[str, UUID] = field(default_factory=dict)
    worker: Child | None = None
    server: Child | None = None
    reports: Child | None = None


def migrate_ours(url: str) -> None:
    """Bring our database to the newest schema."""
    importlib.import_module("deployments.database").migrate(url)


def up(
    settings: Settings,
    on_ready: Callable[[Context], None],
    migrate: Callable[[str], None] = migrate_ours,
    prefect_yaml: Path | None = None,
) -> None:
    """Run everything until Ctrl-C, SIGTERM or `Context.stopping`; must be called in the main thread.

    Order: PostgreSQL, migration, Prefect server, deployments, worker; then `on_ready` in a thread of its own
    while the children are watched. A fault of `on_ready` stops everything and is raised here. UpError is a
    clear line for people.
    """
    stopping = threading.Event()
    with ExitStack() as stack:
        stack.enter_context(_signals(stopping))
        stack.enter_context(_only_one(settings))
        for name in ("worker", "server", "reports"):
            end_orphan(settings, name)
        check_port(settings.port, "AFTERSALES_PORT")
        check_port(settings.reports_at, "AFTERSALES_REPORTS_PORT")
        context = Context(settings, stack.enter_context(running_database(settings)), stopping)
        migrate(context.databases.ours)
        if _start(context, stack, prefect_yaml):
            ready = _Ready(on_ready, context)
            _watch(context)
            ready.finish()


def _start(context: Context, stack: ExitStack, prefect_yaml: Path | None) -> bool:
    """Start the servers, the deployments and the worker; False if we are to stop meanwhile."""
    settings, databases = context.settings, context.databases
    context.server = server_child(settings, databases)
    stack.callback(context.server.stop)
    context.server.start()
    context.reports = report_child(settings)
    stack.callback(context.reports.stop)
    context.reports.start()
    stack.enter_context(pointed_at(settings))
    from deployments import deploy  # Prefect is imported while its server starts

    if not wait_healthy(context.server, context.stopping):
        return False
    context.deployments = deploy.apply_deployments(prefect_yaml or deploy.PREFECT_YAML)
    args = [sys.executable, "-m", "deployments.worker"]
    env = child_environment(worker_env(settings, databases))
    context.worker = Child("worker", args, env, settings, WORKER_GRACE)
    stack.callback(context.worker.stop)
    context.worker.start()
    return not context.stopping.is_set()


def _watch(context: Context) -> None:
    """Restart a child that died, at growing intervals if it keeps dying, until we are to stop."""
    children = (context.server, context.reports, context.worker)
    watches = [_Watch(child) for child in children if child is not None]
    while not context.stopping.wait(0.3):
        for watch in watches:
            watch.look()


class _Watch:
    """Restarts one child."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.deaths = 0
        self.started = time.monotonic()
        self.restart_at: float | None = None

    def look(self) -> None:
        """Note a death, and start the child again when its pause is over."""
        now = time.monotonic()
        if self.child.alive:
            return
        if self.restart_at is None:
            self.deaths = 0 if now - self.started > STEADY else self.deaths
            pause = RESTART_PAUSES[min(self.deaths, len(RESTART_PAUSES) - 1)]
            self.deaths += 1
            self.restart_at = now + pause
            code = self.child.process.returncode if self.child.process else None
            log.warning(
                "the %s ended (%s); restart in %.0f s, see %s", self.child.name, code, pause, self.child.log_file
            )
        if now >= self.restart_at:
            self.child.start()
            self.started, self.restart_at = now, None


class _Ready:
    """Runs `on_ready` beside the watch."""

    def __init__(self, work: Callable[[Context], None], context: Context) -> None:
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(work, context), name="ready", daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[Context], None], context: Context) -> None:
        try:
            work(context)
        except BaseException as fault:  # noqa: BLE001 - handed to the main thread, which raises it
            self._fault = fault
            context.stopping.set()

    def finish(self) -> None:
        """Wait a moment for the thread and raise its fault, if any."""
        self._thread.join(5)
        if self._fault is not None:
            raise self._fault


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
    with (settings.run / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            pid = lock.read().strip() or "?"
            raise UpError(
                f"已在运行 / already running for {settings.home} (pid {pid}); stop it or set AFTERSALES_HOME"
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield
