import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]
import pytest

from deployments.local.prefect_server import free_port, is_healthy
from deployments.local.processes import child_environment, living, pid_file
from deployments.local.up import up
from deployments.settings import HOST, POSTGRES, PROJECT, RUN, Settings
from schemas.problems import UpError
from tests.deployments.local.test_postgres import server_pid
from tests.waiting import MINUTES, wait_until


class Up:
    """An `up` of its own home, run as a process."""

    def __init__(self, home: Path) -> None:
        self.settings = Settings(home=home, port=free_port(), fsync=False, worker_threads=2)
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *words: str, **extra: str) -> subprocess.Popen[str]:
        env = {
            "AFTERSALES_HOME": str(self.settings.home),
            "AFTERSALES_PORT": str(self.settings.port),
            "AFTERSALES_FSYNC": "off",
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.deployments.local.run_up", *words],
            cwd=PROJECT,
            env=child_environment(env | extra),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(process)
        return process

    def ready(self, process: subprocess.Popen[str]) -> str:
        """Read what it says until it is ready."""
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if "READY" in line:
                return said
        raise AssertionError(f"never ready: {said}")

    def children(self) -> dict[str, int | None]:
        found = {name: living(pid_file(self.settings, name)) for name in ("server", "reports", "surveys", "worker")}
        pids = {name: process.pid if process else None for name, process in found.items()}
        return pids | {"postgres": server_pid(self.settings)}

    def left(self) -> list[str]:
        """Return the command lines of processes that still belong to this home."""
        lines = []
        for process in psutil.process_iter(["cmdline"]):
            line = " ".join(process.info["cmdline"] or [])
            if str(self.settings.home / POSTGRES) in line or f"--port {self.settings.port}" in line:
                lines.append(line)
        return lines

    def end(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(MINUTES)
            if process.stdout is not None:
                process.stdout.close()


@pytest.fixture(scope="module")
def home(make_home: Callable[[], Path]) -> Path:
    """The home of all tests here: who comes first makes its databases."""
    return make_home()


@pytest.fixture
def installation(home: Path) -> Iterator[Up]:
    up = Up(home)
    yield up
    up.end()


def test_the_life_of_an_installation(installation: Up) -> None:
    """Started, children and database killed, refused twice, killed itself, started again, stopped by Ctrl-C."""
    first = installation.start()
    assert "['apart', 'broken', 'toy']" in installation.ready(first)
    before = installation.children()
    assert None not in before.values()

    for name in ("worker", "server"):
        os.kill(before[name] or 0, signal.SIGKILL)
    wait_until(lambda: None not in (now := installation.children()).values() and now["server"] != before["server"])
    wait_until(lambda: is_healthy(installation.settings))
    now = installation.children()
    assert now["worker"] != before["worker"]
    assert now["postgres"] == before["postgres"]

    os.kill(now["postgres"] or 0, signal.SIGKILL)
    wait_until(lambda: installation.children()["postgres"] not in {None, now["postgres"]})
    wait_until(lambda: httpx.get(f"{installation.settings.api_url}/ready").status_code, 200)  # it asks its database
    now |= {"postgres": installation.children()["postgres"]}
    assert installation.children() == now

    second = installation.start()
    said, _ = second.communicate(timeout=MINUTES)
    assert second.returncode == 1
    assert f"already running for {installation.settings.home} (pid {first.pid})" in said
    assert "Traceback" not in said

    first.kill()
    first.wait()
    assert installation.children() == now  # orphans

    third = installation.start()
    said = installation.ready(third)
    assert f"ending the worker (pid {now['worker']})" in said
    assert f"ending the server (pid {now['server']})" in said
    third.send_signal(signal.SIGINT)
    assert third.wait(MINUTES) == 0
    assert installation.left() == []
    assert list((installation.settings.home / RUN).glob("*.pid")) == []


def test_a_fault_of_the_one_who_waits_for_ready_stops_all(installation: Up) -> None:
    process = installation.start("fault")
    said, _ = process.communicate(timeout=MINUTES)
    assert process.returncode == 1
    assert "LookupError: broken on purpose" in said
    assert installation.left() == []


def test_ctrl_c_while_starting_leaves_nothing(installation: Up) -> None:
    process = installation.start()
    wait_until(lambda: living(pid_file(installation.settings, "server")) is not None)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=MINUTES)
    assert process.returncode == 0
    assert "READY" not in said
    assert installation.left() == []


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"home": Path("/dev/null/home")}, "set AFTERSALES_HOME"),
        ({"database_url": "postgresql://127.0.0.1:1/x"}, "cannot reach the database"),
    ],
)
def test_what_cannot_work_is_one_clear_line(
    make_home: Callable[[], Path], capfd: pytest.CaptureFixture[str], wrong: dict[str, Any], says: str
) -> None:
    settings = Settings(**{"home": make_home(), "port": free_port(), "fsync": False} | wrong)
    refused(settings, says, capfd)


def test_a_taken_port_is_one_clear_line(make_home: Callable[[], Path], capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused(Settings(home=make_home(), port=port, fsync=False), f"port {port} is not free", capfd)


def refused(settings: Settings, says: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Assert that `up` refuses in one line, says nothing else and leaves signals as they were."""
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(UpError, match=says) as wrong, up(settings):
        pytest.fail("it is not ready")
    assert len(str(wrong.value).splitlines()) == 1
    assert capfd.readouterr() == ("", "")
    assert signal.getsignal(signal.SIGINT) is before
