"""Helpers take chunks side by side, do what one process does, and end with their leader."""

import os
import signal
import subprocess
import sys
import threading
from functools import partial
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import psutil
import pytest
from sqlalchemy import Engine, text

from deployments.database import join
from schemas.sheet_kinds import sheet_kind
from tasks.durable import database
from tasks.sheets import crew as crews
from tasks.sheets import importing
from tasks.sheets.apply import apply_forms
from tasks.sheets.crew import WORTH_A_HELPER, apart, crew
from tasks.sheets.forms import forms_of
from tasks.sheets.outcome import Became
from tests.bench.load import application_rows
from tests.books import books_balance
from tests.tasks.sheets.workbooks import rows_of
from tests.waiting import MINUTES, wait_until

APPLICATIONS = sheet_kind("applications")

LEADER = """
import os, sys, time
from functools import partial
from pathlib import Path
from deployments.database import connect
from deployments.database import join
from tasks.durable import database
from tasks.sheets import crew as crews
from tests.tasks.sheets.test_crew import who_and_where

if __name__ == "__main__":
    crews.os.cpu_count = lambda: 2
    db = connect(sys.argv[1])
    database.use(db, partial(join, sys.argv[1]))
    with crews.crew(db, 2 * crews.WORTH_A_HELPER) as helpers:
        print(*{pid for pid, _, _ in helpers.map(who_and_where, [(Path(sys.argv[2]), 2, n) for n in range(8)])}, flush=True)
        time.sleep(600)
"""


def who_and_where(db: Engine, folder: Path, many: int, n: int) -> tuple[int, int, str]:
    """Wait until so many helpers are at work, so that one cannot do it all; say who works where."""
    (folder / str(os.getpid())).touch()
    wait_until(lambda: len(list(folder.iterdir())) >= many)
    with db.connect() as connection:
        return os.getpid(), n, connection.execute(text("SELECT current_database()")).scalar_one()


@pytest.fixture
def shared(db: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setattr(crews.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(database, "_ours", [])
    database.use(db, partial(join, db.url.render_as_string(hide_password=False)))
    return db


def test_two_helpers_work_on_the_same_database_and_answer_in_order(shared: Engine, tmp_path: Path) -> None:
    with crew(shared, 2 * WORTH_A_HELPER) as helpers:
        told = helpers.map(who_and_where, [(tmp_path, 2, n) for n in range(8)])
    assert len({pid for pid, _, _ in told} - {os.getpid()}) == 2
    assert [n for _, n, _ in told] == list(range(8))
    assert {name for _, _, name in told} == {shared.url.database}


@pytest.mark.parametrize(("chunks", "known"), [(2 * WORTH_A_HELPER - 1, True), (100, False)])
def test_few_chunks_or_nobody_who_can_connect_are_done_alone(
    shared: Engine, tmp_path: Path, chunks: int, known: bool
) -> None:
    if not known:
        database.use(shared)
    with crew(shared, chunks) as helpers:
        assert helpers.at_once == 1
        assert helpers.map(who_and_where, [(tmp_path, 1, 7)])[0][:2] == (os.getpid(), 7)


def test_a_sheet_comes_out_as_one_process_would_bring_it_in(shared: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "CHUNK", 4)
    cells = [row for n in range(40) for row in application_rows(n)]
    rows = rows_of(APPLICATIONS, *cells, cells[0] | {"数量": "many"})
    chunks = importing.form_chunks(forms_of(APPLICATIONS, rows))
    for expected in (Became.ACCEPTED, Became.UNCHANGED):
        with crew(shared, len(chunks)) as helpers:
            assert helpers.at_once == 2 * crews.AT_ONCE
            found = helpers.map(apply_forms, [(APPLICATIONS, chunk) for chunk in chunks])
        outcomes = [outcome for of_chunk in found for outcome in of_chunk]
        assert sorted(outcome.no for outcome in outcomes) == [row.no for row in rows]
        wrong = [outcome for outcome in outcomes if outcome.became is Became.REJECTED]
        assert {outcome.number for outcome in outcomes if outcome.became is expected} == {
            f"PA-2026-{n:06d}" for n in range(1, 40)
        }
        assert len(wrong) == len(application_rows(0)) + 1  # the whole application goes back
    books_balance(shared)


def die_as_helper(_db: Engine, leader: int, n: int) -> int:
    if os.getpid() != leader:
        os.kill(os.getpid(), signal.SIGKILL)
    return n


def test_what_a_killed_helper_had_in_hand_the_leader_does_itself(shared: Engine, tmp_path: Path) -> None:
    with crew(shared, 2 * WORTH_A_HELPER) as helpers:
        assert helpers.map(die_as_helper, [(os.getpid(), n) for n in range(3)]) == [0, 1, 2]
        assert helpers.map(who_and_where, [(tmp_path, 1, 7)])[0][:2] == (os.getpid(), 7)


def who(leader: int, dies: bool) -> int:
    if dies and os.getpid() != leader:
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def test_what_is_done_apart_takes_its_memory_along_when_its_block_ends(shared: Engine) -> None:
    with apart(who, os.getpid, True) as there:
        pid = there(os.getpid(), False)
        assert pid != os.getpid()
        assert psutil.pid_exists(pid)
    assert not psutil.pid_exists(pid)


def test_nobody_waits_for_helpers_to_come(shared: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    let_in, kept_waiting = threading.Event(), list[bool]()
    spawn = ForkServerProcess.start

    def at_the_door(process: ForkServerProcess) -> None:
        kept_waiting.append(not let_in.wait(MINUTES))
        spawn(process)

    monkeypatch.setattr(ForkServerProcess, "start", at_the_door)
    with apart(who, os.getpid, True) as there:
        let_in.set()
        assert there(os.getpid(), False) != os.getpid()
    assert kept_waiting == [False]


@pytest.mark.parametrize(
    ("worth_it", "known", "dies"), [(False, True, False), (True, False, False), (True, True, True)]
)
def test_what_is_not_worth_it_or_was_killed_is_done_here(
    shared: Engine, worth_it: bool, known: bool, dies: bool
) -> None:
    if not known:
        database.use(shared)
    with apart(who, os.getpid, worth_it) as there:
        assert there(os.getpid(), dies) == os.getpid()


def test_helpers_end_with_a_leader_that_was_killed(db: Engine, tmp_path: Path) -> None:
    url = db.url.render_as_string(hide_password=False)
    leader = subprocess.Popen([sys.executable, "-c", LEADER, url, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert leader.stdout is not None
    pids = [int(pid) for pid in leader.stdout.readline().split()]
    assert len(pids) == 2
    helpers = [psutil.Process(pid) for pid in pids]
    os.kill(leader.pid, signal.SIGKILL)
    leader.wait()
    leader.stdout.close()
    _, alive = psutil.wait_procs(helpers, timeout=MINUTES)
    assert not alive
