"""An installation to measure: the embedded PostgreSQL, a Prefect server, the deployments; its worker where wanted."""

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil
from sqlalchemy import Engine

from deployments import database
from deployments.local.postgres import Databases, running_database
from deployments.local.prefect_server import free_port, pointed_at, server_child, wait_healthy
from deployments.local.processes import Child
from deployments.settings import Settings
from tasks.durable.database import use


class Installation(NamedTuple):
    """What runs: this process is pointed at it."""

    db: Engine
    settings: Settings
    databases: Databases
    server: Child


@contextmanager
def installation() -> Iterator[Installation]:
    """Run an installation without a worker; as everywhere in tests, it need not survive a power cut."""
    with tempfile.TemporaryDirectory(prefix="aft-", ignore_cleanup_errors=True) as home:
        settings = Settings(home=Path(home), port=free_port(), database_url=None, fsync=False)
        with running_database(settings) as urls, pointed_at(settings):
            database.migrate(urls.ours)
            db, server = database.connect(urls.ours), server_child(settings, urls)
            database.load_reference(db)
            use(db)
            server.start()
            try:
                wait_healthy(server, threading.Event())
                from deployments.deploy import apply_deployments

                apply_deployments()
                yield Installation(db, settings, urls, server)
            finally:
                server.stop()
                db.dispose()


def cpu_seconds(child: Child) -> float:
    """Give the CPU time of a child and of those that it started, dead ones too."""
    assert child.process is not None
    first = psutil.Process(child.process.pid)
    return sum(sum(process.cpu_times()[:4]) for process in [first, *first.children(recursive=True)])
