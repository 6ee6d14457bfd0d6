"""`aftersales history import` and `aftersales report`: the past comes in, machines read stable keys."""

import json
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine
from typer.testing import CliRunner

from deployments.cli.app import app

HISTORY = """case_no,started_at,promised_at,finished_at,unit,mark
A-1,2019-08-01,2019-08-09,2019-08-09,一车间,5
A-2,2019-08-01,2019-08-09,2019-08-10,一车间,2
A-3,2019-08-01,2019-08-09,,二车间,
A-4,when?,2019-08-09,,二车间,
"""
AUGUST = ["--from", "2019-08-01", "--to", "2019-08-31"]


@pytest.fixture
def run(db: Engine, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command on the database of this test."""
    monkeypatch.setenv("AFTERSALES_DATABASE_URL", db.url.render_as_string(hide_password=False))
    with time_machine.travel("2026-11-18T10:00:00+08:00", tick=False):
        yield lambda *words: CliRunner().invoke(app, list(words))


def test_the_past_comes_in_and_reports_begin_with_it(run: Any, tmp_path: Path) -> None:
    """Issue G 8: the keys of `report cycle` and `report satisfaction`."""
    (tmp_path / "past.csv").write_text(HISTORY, "utf-8")
    taken = run("history", "import", str(tmp_path / "past.csv"), "--json")
    assert taken.exit_code == 1
    assert json.loads(taken.stdout)["counts"] == {"accepted": 3, "rejected": 1}
    cycle = json.loads(run("report", "cycle", *AUGUST, "--by", "unit", "--convention", "timestamp", "--json").stdout)
    assert {name: value for name, value in cycle.items() if name not in ("total", "rows")} == {
        "convention": "timestamp",
        "from": "2019-08-01",
        "to": "2019-08-31",
    }
    assert cycle["total"] == {"lines": 3, "on_time": 1, "late": 1, "open": 1, "on_time_rate": 0.5}
    assert [row["group"] for row in cycle["rows"]] == ["一车间", "二车间"]
    marks = json.loads(run("report", "satisfaction", *AUGUST, "--json").stdout)
    assert marks["total"] == {"returned": 2, "satisfied": 1, "rate": 0.5}


def test_an_empty_month_has_no_rate_and_a_period_the_wrong_way_round_is_refused(run: Any) -> None:
    """Issue G, "Bad input": a period the wrong way round, a report on an empty month."""
    empty = json.loads(run("report", "cycle", *AUGUST, "--json").stdout)
    assert empty["total"] == {"lines": 0, "on_time": 0, "late": 0, "open": 0, "on_time_rate": None}
    assert "结束前完成即为按期" in run("report", "cycle", *AUGUST).stdout
    wrong = run("report", "cycle", "--from", "2019-08-31", "--to", "2019-08-01")
    assert (wrong.exit_code, "不能早于" in wrong.stderr) == (1, True)


def test_a_report_is_written_as_page_and_workbook(run: Any, tmp_path: Path) -> None:
    page, book = tmp_path / "周期.html", tmp_path / "周期.xlsx"
    words = ["report", "cycle", *AUGUST, "--page", str(page), "--workbook", str(book)]
    assert run(*words).exit_code == 0
    assert "2019-08-01 – 2019-08-31" in page.read_text("utf-8")
    assert "未公示" in page.read_text("utf-8")
    assert book.read_bytes().startswith(b"PK")
    again = run(*words)
    assert (again.exit_code, "--force" in again.stderr) == (1, True)
    moment = run("report", "cycle", *AUGUST, "--convention", "timestamp", "--page", str(tmp_path / "x.html"))
    assert (moment.exit_code, "--convention" in moment.stderr) == (1, True)
    nowhere = run("report", "satisfaction", *AUGUST, "--page", str(tmp_path / "none" / "x.html"))
    assert (nowhere.exit_code, "无法写入" in nowhere.stderr) == (1, True)


def test_a_report_is_published_and_corrected_by_command(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFTERSALES_HOME", str(tmp_path))
    (tmp_path / "past.csv").write_text(HISTORY, "utf-8")
    first = json.loads(run("report", "publish", "cycle", *AUGUST, "--json").stdout)
    assert (first["edition"], Path(first["file"]).exists()) == (1, True)
    twice = run("report", "publish", "cycle", *AUGUST)
    assert (twice.exit_code, "已公示第 1 版" in twice.stderr) == (1, True)
    run("history", "import", str(tmp_path / "past.csv"))
    again = ("report", "publish", "cycle", *AUGUST, "--reason", "补录", "--json")
    assert "经办人工号" in run(*again).stderr
    second = json.loads(run(*again, "--as", "E1042").stdout)
    assert (second["edition"], "补录" in Path(second["file"]).read_text("utf-8")) == (2, True)


def test_days_in_the_future_are_refused(run: Any, tmp_path: Path) -> None:
    """Issue G, "Bad input": a period in the future."""
    december = ("--from", "2026-12-01", "--to", "2026-12-31")
    for words in (("publish", "cycle", *december), ("cycle", *december, "--page", str(tmp_path / "x.html"))):
        refused = run("report", *words)
        assert (refused.exit_code, "2026-11-18" in refused.stderr) == (1, True)
    assert run("report", "publish", "nonsense", *december).exit_code == 1
