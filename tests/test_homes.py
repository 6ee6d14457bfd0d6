import subprocess
import sys
from pathlib import Path

import psutil

from tests.homes import end_left, new_home
from tests.waiting import wait_until

A_RUN = """
import time
from deployments.local.postgres import running_database
from deployments.settings import Settings
from tests.homes import new_home
home = new_home("aft-", {folder!r})
with running_database(Settings(home=home, database_url=None, fsync=False)):
    print(home, flush=True)
    time.sleep(600)
"""


def servers(home: Path) -> list[int]:
    """The processes of the PostgreSQL that serves a home."""
    found = []
    for process in psutil.process_iter(["name", "cwd"]):
        if process.info["name"] == "postgres" and process.info["cwd"] == str(home / "postgres"):
            found.append(process.pid)
    return found


def test_what_a_killed_run_left_is_ended_by_the_next_and_nobody_elses(make_home: object) -> None:
    folder = str(make_home())  # type: ignore[operator]
    mine, foreign = new_home("aft-", folder), Path(folder, "aft-foreign")
    foreign.mkdir()
    code = A_RUN.format(folder=folder)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        home = Path(run.stdout.readline().strip())
        try:
            end_left("aft-", folder)
            assert servers(home)
            run.kill()
            run.wait()
            assert servers(home)
        finally:
            run.kill()
            run.wait()
            end_left("aft-", folder)
    wait_until(lambda: servers(home), [])
    assert (home.exists(), mine.exists(), foreign.exists()) == (False, True, True)
