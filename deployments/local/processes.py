"""Start, find and end the child processes of `up`; each in a session of its own, known by a pid file."""

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from deployments.settings import LOGS, PROJECT, RUN, Settings

MAX_LOG = 20 * 1024 * 1024  # bytes; a longer log is put aside
RESTART_PAUSES = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)  # seconds before the first, second, … restart in a row
STEADY = 60.0  # seconds of running after which a death counts as the first again
SAME_START = 2.0  # seconds that two readings of one process's start may differ
log = logging.getLogger("aftersales.up")


@dataclass
class Child:
    """A process that `up` starts, watches and stops: Python with these words and variables."""

    name: str
    words: Sequence[str]
    variables: Mapping[str, str] = field(repr=False)
    settings: Settings = field(repr=False)
    grace: float  # seconds between SIGTERM and SIGKILL
    process: subprocess.Popen[bytes] | None = None
    deaths: int = 0  # in a row
    started: float = 0.0
    restart_at: float | None = None

    @property
    def log_file(self) -> Path:
        """Return where the process writes."""
        return self.settings.home / LOGS / f"{self.name}.log"

    def start(self) -> None:
        """Start the process in its own session, so that Ctrl-C in the terminal does not reach it."""
        self.put_log_aside()
        with self.log_file.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, *self.words],
                env=child_environment(self.variables),
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=0o077,  # what it writes is its owner's alone
            )
        write_pid(pid_file(self.settings, self.name), self.process.pid)
        self.started, self.restart_at = time.monotonic(), None

    def tend(self) -> None:
        """Note the process's death, and start it again when its pause is over."""
        now = time.monotonic()
        if self.process is None or self.alive:
            self.put_log_aside()
            return
        if self.restart_at is None:
            self.deaths = 0 if now - self.started > STEADY else self.deaths
            pause = RESTART_PAUSES[min(self.deaths, len(RESTART_PAUSES) - 1)]
            self.deaths, self.restart_at = self.deaths + 1, now + pause
            ended = self.process.returncode
            log.warning("the %s ended (%s); restart in %.0f s, see %s", self.name, ended, pause, self.log_file)
        if now >= self.restart_at:
            self.start()

    def put_log_aside(self) -> None:
        """Copy a log that has grown long and empty it: the process and its children go on at the end of the same file."""
        with suppress(OSError):  # there is none yet
            if self.log_file.stat().st_size > MAX_LOG:
                try:
                    shutil.copyfile(self.log_file, self.log_file.with_suffix(".log.1"))
                finally:  # where there is no room for two, all the more
                    os.truncate(self.log_file, 0)

    @property
    def alive(self) -> bool:
        """Say if the process runs."""
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """End the process; its pid file goes too."""
        if self.process is not None and self.alive:
            end(psutil.Process(self.process.pid), self.grace)
            self.process.wait()
        pid_file(self.settings, self.name).unlink(missing_ok=True)


def child_environment(additions: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment without foreign Prefect settings, plus `additions`."""
    foreign = ("PREFECT_", "PYTHONDONTWRITEBYTECODE")  # without bytecode each process compiles all again
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)} | dict(additions)


def pid_file(settings: Settings, name: str) -> Path:
    """Return the pid file of the child `name`."""
    return settings.home / RUN / f"{name}.pid"


def write_pid(path: Path, pid: int) -> None:
    """Note the pid, with the process's start, which tells it from a later one of that number, and where this is noted."""
    note = {"pid": pid, "started": psutil.Process(pid).create_time(), "path": str(path)}
    written = path.with_suffix(".new")
    written.write_text(json.dumps(note), "utf-8")
    written.rename(path)  # whole, or not there


def living(path: Path) -> psutil.Process | None:
    """Give the process noted in `path` if that very one still runs; in a copy of a home it is another home's."""
    try:
        note = json.loads(path.read_text("utf-8"))
        process = psutil.Process(note["pid"])
        same = note["path"] == str(path) and abs(process.create_time() - note["started"]) < SAME_START
        return process if same and is_alive(process) else None
    except (OSError, ValueError, KeyError, TypeError, psutil.NoSuchProcess):
        return None


def is_alive(process: psutil.Process) -> bool:
    """Say if it still runs; one that only waits for its parent to look does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def end_orphan(settings: Settings, name: str, grace: float = 12.0) -> None:
    """End the child `name` that an `up` killed by SIGKILL left behind."""
    path = pid_file(settings, name)
    if process := living(path):
        log.warning("ending the %s (pid %d) that an earlier run left behind", name, process.pid)
        end(process, grace)
    path.unlink(missing_ok=True)


def end(process: psutil.Process, grace: float) -> None:
    """End a process with its session: SIGTERM, then SIGKILL after the grace."""
    deadline = time.monotonic() + grace
    with suppress(ProcessLookupError):  # it has ended meanwhile
        os.killpg(process.pid, signal.SIGTERM)
        while is_alive(process):
            if time.monotonic() > deadline:
                log.warning("pid %d did not stop within %.0f s and is killed", process.pid, grace)
                os.killpg(process.pid, signal.SIGKILL)
                return
            time.sleep(0.05)
