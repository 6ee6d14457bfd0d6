"""Scheduled reports as plain functions: published once, shown as pages, corrected by whom the policy names."""

from pathlib import Path

import pytest
import time_machine
from sqlalchemy import Engine, text

from flows.jobs.correct_report import correct_report
from flows.jobs.cycle_report import cycle_report
from flows.jobs.satisfaction_report import satisfaction_report
from tasks.desk.links import Links
from tasks.desk.pages import start_page
from tasks.desk.reports.publishing import index_address
from tasks.sheets import places
from tasks.sheets.places import Places

OCTOBER = "published/cycle/2026-10-01_2026-10-31"


@pytest.fixture(autouse=True)
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, today: time_machine.Traveller) -> Path:
    """The folder of the reports of this process."""
    monkeypatch.setattr(
        places, "_places", [Places(tmp_path / "reports", "http://localhost:4201", tmp_path / "dropbox")]
    )
    return tmp_path / "reports"


def test_last_month_is_published_once_and_its_page_says_where(db: Engine, shown: list[str], reports: Path) -> None:
    assert [cycle_report.fn(期间={}).name for _ in range(2)] == ["已完成", "无需办理"]
    assert sorted(file.name for file in (reports / OCTOBER).iterdir()) == ["1.html", "1.json", "1.xlsx"]
    assert "http://localhost:4201/published/index.html" in shown[0]
    assert "第 1 版" in shown[0]
    assert "[**报表公示**](http://localhost:4201/published/index.html)" in start_page(
        {}, Links(), [], {}, reports=index_address()
    )


def test_the_start_page_names_no_reports_before_any_is_published(reports: Path) -> None:
    assert index_address() == ""
    assert "报表公示" not in start_page({}, Links(), [], {}, reports=index_address())


def test_files_that_were_lost_are_there_again_after_the_next_run(db: Engine, shown: list[str], reports: Path) -> None:
    satisfaction_report.fn(期间={})
    pages = sorted(reports.rglob("*.html"))
    for page in pages:
        page.unlink()
    satisfaction_report.fn(期间={})
    assert sorted(reports.rglob("*.html")) == pages


def test_days_that_are_not_over_are_refused(db: Engine, shown: list[str]) -> None:
    """Issue G, "Bad input": a period in the future or the wrong way round."""
    for wanted in ({"起始日": "2026-11-01", "截止日": "2026-11-30"}, {"起始日": "2026-10-31", "截止日": "2026-10-01"}):
        state = cycle_report.fn(期间=wanted)
        assert (state.name, "截止日" in shown[-1]) == ("未受理", True)


def test_a_correction_is_published_as_a_new_edition(db: Engine, shown: list[str], reports: Path) -> None:
    cycle_report.fn(期间={})
    form = {
        "报表": "配件周期报表",
        "起始日": "2026-10-01",
        "截止日": "2026-10-31",
        "原因": "补录历史",
        "经办人工号": "E1042",
    }
    assert correct_report.fn(更正单=form).name == "未受理"  # nothing is different
    row = "('A-1', 'PA', '', '', '', '2026-09-01Z', '2026-10-09Z', '2026-10-08Z', NULL)"
    with db.begin() as connection:
        connection.execute(text(f"INSERT INTO past_case VALUES {row}"))
    state = correct_report.fn(更正单=form)
    assert (state.name, "第 2 版" in state.message) == ("已更正", True)
    assert f"http://localhost:4201/{OCTOBER}/2.html" in shown[-1]
    assert "补录历史" in (reports / OCTOBER / "2.html").read_text("utf-8")
