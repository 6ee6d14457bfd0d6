"""SIGKILL in the middle of an import, and two at one sheet: every row takes effect once, none is lost."""

import random
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine

from deployments.database import connect
from schemas.sheet_kinds import sheet_kind
from tasks.sheets import importing
from tasks.sheets.importing import import_file
from tests.forks import forks
from tests.play import Play, books_balance, line
from tests.tasks.sheets.workbooks import save

GOODS_IN = sheet_kind("goods-in")
CASES, CHUNK, KILLS = 10, 2, 8
NOW = "2026-11-18T10:00:00+08:00"


class Child:
    """A process that takes in a sheet and tells of each chunk that it begins."""

    def __init__(self, url: str, path: Path) -> None:
        self.heard, parent = forks.Pipe(duplex=False)
        self.process = forks.Process(target=_import, args=(url, path, parent))
        self.process.start()
        parent.close()

    def begins(self) -> None:
        """Wait for its first chunk."""
        self.heard.recv()

    def kill(self) -> None:
        self.process.kill()
        self.process.join()

    def end(self) -> str:
        """Wait for its end; gives its report, nothing if it died."""
        said = ""
        with suppress(EOFError):
            while True:
                said = self.heard.recv()
        self.process.join()
        return said


def _import(url: str, path: Path, parent: Connection) -> None:
    importing.CHUNK = CHUNK

    def chunk(name: str, work: Callable[[], None]) -> None:
        parent.send(name)
        work()

    with time_machine.travel(NOW, tick=False):
        parent.send(import_file(connect(url), path, run_chunk=chunk).line)


@pytest.fixture
def sheet(db: Engine, tmp_path: Path) -> Path:
    """A journal of cases whose panels and doors are made; a row in the middle is wrong."""
    play, rows = Play(db), list[dict[str, Any]]()
    with time_machine.travel(NOW, tick=False):
        for _ in range(CASES):
            case = play.apply([line("P-PB-001", 10, "缺件")])
            play.run_to(case, "goods-in-1-1")
            rows.append(
                {"单号": play.case(case).number, "日期": "2026-11-17", "经办人工号": "E1016", "行号": 1, "实收数量": 10}
            )
    rows.insert(CASES // 2, rows[0] | {"单号": "PA-2026-999999"})
    return save(tmp_path / "入库.xlsx", GOODS_IN, *rows)


def url_of(db: Engine) -> str:
    return db.url.render_as_string(hide_password=False)


def everything_once(db: Engine) -> None:
    play = Play(db)
    assert play.rows("SELECT count(*) AS n FROM document WHERE kind = 'RK'")[0].n == CASES
    assert play.rows("SELECT count(*) AS n FROM sheet_row")[0].n == CASES
    accepted = "SELECT count(*) AS n FROM decision WHERE accepted AND step_key LIKE 'goods-in-%'"
    assert play.rows(accepted)[0].n == CASES
    books_balance(db)


def test_an_import_that_is_killed_again_and_again_takes_effect_once(db: Engine, sheet: Path) -> None:
    chance = random.Random(20261118)
    for _ in range(KILLS):
        child = Child(url_of(db), sheet)
        child.begins()
        time.sleep(chance.uniform(0, 0.3))
        child.kill()
    last = Child(url_of(db), sheet).end()
    assert "退回 sent back 1" in last
    everything_once(db)


def test_two_at_the_same_sheet_one_of_them_killed(db: Engine, sheet: Path) -> None:
    first, second = Child(url_of(db), sheet), Child(url_of(db), sheet)
    first.begins()
    first.kill()
    assert "退回 sent back 1" in second.end()
    everything_once(db)
