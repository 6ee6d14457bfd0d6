"""Folders that a test run keeps databases in; what a killed run left in its own is ended by the next one."""

import os
import shutil
import signal
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil

from deployments.local.processes import living, write_pid

OWNER = "test-run.pid"  # whose home it is; who did not note that is none of ours


def new_home(prefix: str, folder: str | None = None) -> Path:
    """Make a home of this process."""
    home = Path(tempfile.mkdtemp(prefix=prefix, dir=folder))
    write_pid(home / OWNER, os.getpid())
    return home


def end_left(prefix: str, folder: str | None = None) -> None:
    """End what runs in homes of this user whose process is gone, and remove them."""
    for home in Path(folder or tempfile.gettempdir()).glob(f"{prefix}*"):
        with suppress(OSError):  # another run removes it, too
            owner = home / OWNER
            if owner.stat().st_uid != os.geteuid() or living(owner):
                continue
            for process in psutil.process_iter():
                with suppress(psutil.Error):
                    if process.name() == "postgres" and Path(process.cwd()) == home / "postgres":
                        process.send_signal(signal.SIGQUIT)
            for note in home.glob("run/*.pid"):
                if child := living(note):
                    child.kill()
            shutil.rmtree(home, ignore_errors=True)
