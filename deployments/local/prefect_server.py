"""Run a Prefect server of our own on 127.0.0.1, and tell clients where it is."""

import os
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx

from deployments.local.locks import auth_string, chosen, server_locks
from deployments.local.postgres import Databases
from deployments.local.processes import Child
from deployments.settings import HOST, PREFECT, Settings, prepare_home
from schemas.problems import UpError

HEALTH_WAIT = 90.0  # seconds; the first start migrates Prefect's database
STOP_GRACE = 10.0
WORKER_GRACE = 12.0  # the worker's own grace for its legs is shorter


def client_env(settings: Settings) -> dict[str, str]:
    """Return the variables that point Prefect's clients, worker and flows at our server."""
    return {
        "PREFECT_HOME": str(settings.home / PREFECT),
        "PREFECT_PROFILES_PATH": str(settings.home / PREFECT / "profiles.toml"),
        "PREFECT_API_URL": settings.api_url,
        "PREFECT_API_AUTH_STRING": auth_string(settings),
        "PREFECT_UI_URL": settings.ui_url,
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
        "PREFECT_WORKER_QUERY_SECONDS": "0.1",  # a turn of the worker, which asks the server less often
        "PREFECT_LOGGING_LEVEL": "INFO",
        "PREFECT_LOGGING_COLORS": "false",
        # what a leg or the worker says while all is well goes to the worker's log alone, not to the server too
        "PREFECT_LOGGING_HANDLERS_API_LEVEL": "WARNING",
        "PREFECT_LOGGING_HANDLERS_WORKER_API_LEVEL": "WARNING",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        # no proxy serves our host
        **{name: ",".join(filter(None, [os.environ.get(name), HOST])) for name in ("NO_PROXY", "no_proxy")},
    }


@contextmanager
def pointed_at(settings: Settings) -> Iterator[None]:
    """Point Prefect's client in this process at our server for the time of the block."""
    prepare_home(settings)
    before = dict(os.environ)
    os.environ.update(client_env(settings))
    from prefect.context import refresh_global_settings_context

    refresh_global_settings_context()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        refresh_global_settings_context()


def worker_env(settings: Settings, databases: Databases) -> dict[str, str]:
    """Return the variables of a child that works on cases: it holds no handle but knows our database."""
    return client_env(settings) | chosen() | settings.variables | {"AFTERSALES_DATABASE_URL": databases.ours}


def server_env(settings: Settings, databases: Databases) -> dict[str, str]:
    """Return the variables of the server itself."""
    ours = {
        "PREFECT_API_DATABASE_CONNECTION_URL": databases.prefect,
        "PREFECT_UI_API_URL": settings.api_url,  # the name of the two that gives way
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        # Our gates have no time-out of Prefect's; its watch would load all suspended runs every 5 s.
        "PREFECT_SERVER_SERVICES_PAUSE_EXPIRATIONS_ENABLED": "false",
        # Nothing of ours is an automation, and each event is held against all triggers.
        "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": os.environ.get("PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED", "false"),
    }
    return client_env(settings) | ours | server_locks(settings)


def server_child(settings: Settings, databases: Databases) -> Child:
    """Return the server as a child of `up`, not started yet."""
    words = ["-m", "prefect", "server", "start", "--host", HOST, "--port", str(settings.port)]
    return Child("server", words, server_env(settings, databases), settings, STOP_GRACE)


def worker_child(settings: Settings, databases: Databases) -> Child:
    """Return the worker as a child of `up`, not started yet."""
    return Child("worker", ["-m", "deployments.worker"], worker_env(settings, databases), settings, WORKER_GRACE)


def free_port() -> int:
    """Find a port that nobody uses, nor the next two; the system gives higher ones to whoever connects somewhere."""
    for port in random.sample(range(20_000, 32_000, 3), 100):
        with suppress(UpError):
            for one in range(port, port + 3):
                check_port(one, "")
            return port
    raise UpError("没有空闲端口 no port is free from 20000 to 32000: end what listens there")


def check_port(port: int, variable: str) -> None:
    """Raise UpError if another program listens on a port of ours; `variable` chooses another one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise UpError(
                f"端口 {port} 不可用 port {port} is not free ({error.strerror}): set {variable} to a free port"
            ) from error


def wait_healthy(child: Child, stopping: threading.Event) -> bool:
    """Wait until the server answers; False if we are to stop, UpError if it died or never answered."""
    deadline = time.monotonic() + HEALTH_WAIT
    while not stopping.wait(0.2):
        if is_healthy(child.settings):
            return True
        if not child.alive or time.monotonic() > deadline:
            raise UpError(f"Prefect 服务未能启动 the Prefect server did not start, see {child.log_file}")
    return False


def is_healthy(settings: Settings) -> bool:
    """Say if the server answers."""
    try:
        return httpx.get(f"{settings.api_url}/health", timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False
