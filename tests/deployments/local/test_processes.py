import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from deployments.local import processes
from deployments.local.processes import Child, end_orphan, living, pid_file, write_pid
from deployments.settings import REPORTS, Settings, prepare_home
from tests.waiting import MINUTES, wait_until

DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(600)
"""


@pytest.fixture
def place(make_home: Callable[[], Path]) -> Settings:
    settings = Settings(home=make_home())
    prepare_home(settings)
    return settings


def child(place: Settings, code: str, grace: float = 5.0) -> Child:
    return Child("toy", ["-c", code], {}, place, grace)


def wait_for_word(one: Child) -> None:
    wait_until(lambda: "up" in one.log_file.read_text() or not one.alive)
    assert one.alive


def test_a_child_is_noted_and_stopped(place: Settings) -> None:
    one = child(place, "import time; time.sleep(600)")
    one.start()
    assert one.process is not None
    noted = living(pid_file(place, "toy"))
    assert noted is not None
    assert noted.pid == one.process.pid
    assert os.getsid(one.process.pid) == one.process.pid
    one.stop()
    assert not one.alive
    assert not pid_file(place, "toy").exists()


def test_what_a_child_writes_is_its_owners_alone(place: Settings) -> None:
    reports = place.home / REPORTS
    one = child(place, f"import os; os.mkdir('{reports}/a'); open('{reports}/a/b', 'w'); print('up')")
    one.start()
    assert one.process is not None
    assert one.process.wait(MINUTES) == 0
    made = reports / "a", reports / "a" / "b"
    assert [path.stat().st_mode & 0o777 for path in made] == [0o700, 0o600]


def test_a_log_that_grows_long_while_its_process_runs_is_put_aside(
    place: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "MAX_LOG", 5)
    talk = "import subprocess, sys, time\nprint('up', flush=True)\nwhile True: subprocess.run(['echo', 'more'])"
    one = child(place, talk)
    one.start()
    wait_until(lambda: one.log_file.stat().st_size > 5)
    one.tend()
    aside = one.log_file.with_suffix(".log.1")
    assert aside.read_text().startswith("up\nmore")
    wait_until(lambda: "more" in one.log_file.read_text())
    assert one.log_file.read_text().startswith("more"), "no hole is left where it was"
    one.stop()


def test_where_a_full_disk_has_no_room_for_two_logs_the_long_one_is_emptied(
    place: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(processes, "MAX_LOG", 1)
    monkeypatch.setattr("shutil.copyfile", full)
    one = child(place, "print('up', flush=True); input()")
    one.log_file.write_text("long")
    one.put_log_aside()
    assert one.log_file.read_text() == ""


def test_who_does_not_hear_sigterm_is_killed(place: Settings) -> None:
    one = child(place, DEAF, grace=0.2)
    one.start()
    wait_for_word(one)
    one.stop()
    assert not one.alive


def test_an_orphan_is_found_by_its_pid_file_and_ended(place: Settings) -> None:
    one = child(place, DEAF)
    one.start()
    wait_for_word(one)
    end_orphan(place, "toy", grace=0.2)
    assert one.process is not None
    assert one.process.wait(MINUTES) < 0


def test_a_later_process_of_that_number_is_left_alone(place: Settings) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as stranger:
        path = pid_file(place, "toy")
        write_pid(path, stranger.pid)
        note = json.loads(path.read_text())
        path.write_text(json.dumps(note | {"started": note["started"] - 3600}))
        end_orphan(place, "toy")
        assert stranger.poll() is None
        stranger.kill()


def test_a_process_of_the_home_that_this_is_a_copy_of_is_left_alone(
    place: Settings, make_home: Callable[[], Path]
) -> None:
    copy = Settings(home=make_home())
    prepare_home(copy)
    one = child(place, "import time; time.sleep(600)")
    one.start()
    pid_file(copy, "toy").write_bytes(pid_file(place, "toy").read_bytes())
    end_orphan(copy, "toy", grace=1.0)
    assert one.alive
    one.stop()


def test_a_broken_pid_file_names_nobody(place: Settings) -> None:
    pid_file(place, "toy").write_text("{")
    assert living(pid_file(place, "toy")) is None
