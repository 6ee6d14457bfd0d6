"""The demo's two ways: what breaks in one is told, and neither takes the other with it."""

import os
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing import active_children, get_context
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from deployments.cli.output import unseen_console
from deployments.demo import main
from deployments.demo.end import End
from deployments.demo.screen import Screen
from deployments.settings import POSTGRES
from schemas.problems import UpError
from tests.waiting import wait_until

ENDED = End({}, {"SY-01 决定 decisions": "4"}, Counter({("PA", "delivered"): 1}), [])


def _ended(home: Path, screen: Screen) -> End:
    screen.stage(f"在 in {home.name}")
    return ENDED


def _refused(home: Path, screen: Screen) -> End:
    raise UpError("端口被占用 the port is taken")


def _broken(home: Path, screen: Screen) -> End:
    raise ZeroDivisionError(home)


def _sheets_end(theirs: Connection, width: int) -> None:
    theirs.send((main.Played(ENDED, ["账目不平"]), "\x1b[1m 64 轮\x1b[0m\n"))


def _sheets_die(theirs: Connection, width: int) -> None:
    os._exit(1)


def _sheets_lose_what_they_are_told(theirs: Connection, width: int) -> None:
    told = list[int]()
    signal.signal(signal.SIGTERM, lambda *_: told.append(1))
    theirs.send("ready")
    while len(told) < 2:
        time.sleep(0.01)


def _sheets_go_on(theirs: Connection, width: int) -> None:
    time.sleep(10_000)


def test_a_way_that_ends_is_shown_and_its_home_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    screen = Screen(unseen_console(100))
    assert main.played(_ended, screen) == main.Played(ENDED, [])
    assert "in aftersales-demo-" in screen.console.export_text()
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(("way", "told"), [(_refused, "端口被占用 the port is taken"), (_broken, "ZeroDivisionError")])
def test_a_way_that_breaks_is_told_and_has_no_end(way: object, told: str) -> None:
    screen = Screen(unseen_console(100))
    played = main.played(way, screen)  # type: ignore[arg-type]
    assert played.end is None
    assert told in "".join(played.problems)
    assert ("Traceback" in screen.console.export_text()) == (way is _broken)


def test_a_process_that_dies_is_told_and_what_was_clicked_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "by_clicks", _ended)
    monkeypatch.setattr(main, "_sheets_unseen", _sheets_die)
    both = main._both_ways(Screen(unseen_console(100)))
    assert both[main.CLICKS] == main.Played(ENDED, [])
    assert both[main.SHEETS] == main.Played(None, ["表格演示中断 the demo through sheets broke off"])


def test_where_the_clicks_break_nobody_waits_for_the_sheets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "by_clicks", _refused)
    monkeypatch.setattr(main, "_sheets_unseen", _sheets_go_on)
    assert [*main._both_ways(Screen(unseen_console(100)))] == [main.CLICKS]


def test_sheets_that_lose_what_they_are_told_are_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "by_clicks", _ended)
    monkeypatch.setattr(main, "_sheets_unseen", _sheets_lose_what_they_are_told)
    monkeypatch.setattr(main, "ENDS_WITHIN", 0.2)
    with pytest.raises(ValueError, match="too many values"):
        main._both_ways(Screen(unseen_console(100)))
    assert not active_children()


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for temporary files whose path leaves room for that of a socket."""
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        yield Path(folder)


def test_sheets_that_are_interrupted_stop_what_they_started(short: Path) -> None:
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    beside = context.Process(target=main._sheets_unseen, args=(theirs, 100))
    beside.start()
    theirs.close()
    wait_until(lambda: any("ready" in pid.read_text() for pid in short.glob(f"*/{POSTGRES}/postmaster.pid")))
    assert beside.pid
    for told_to_all in (signal.SIGINT, signal.SIGHUP):
        os.kill(beside.pid, told_to_all)
    beside.join(0.5)
    assert beside.is_alive()
    beside.terminate()
    beside.join()
    with pytest.raises(EOFError):
        ours.recv()
    assert not [*short.glob("aftersales-demo-*")]


def test_both_ways_are_shown_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "by_clicks", _ended)
    monkeypatch.setattr(main, "_sheets_unseen", _sheets_end)
    screen = Screen(unseen_console(100))
    assert main._both_ways(screen) == {
        main.CLICKS: main.Played(ENDED, []),
        main.SHEETS: main.Played(ENDED, ["账目不平"]),
    }
    clicks, _, sheets = screen.console.export_text().partition("只用表格再办了一遍")
    assert "aftersales-demo-" in clicks
    assert " 64 轮\n" in sheets
