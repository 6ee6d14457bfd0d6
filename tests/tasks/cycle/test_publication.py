"""Terms beyond the last published year are provisional, and follow when its holidays are published."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import Engine

import flows.cycle_control  # noqa: F401  registers process CY
from schemas.problems import BadInput
from tasks.control.watch import watch_cycles
from tasks.cycle.publication import holidays_wanted, known_to, publish
from tasks.cycle.rules import calendar_warning
from tasks.desk.links import Links
from tasks.desk.pages import case_sheet, start_page
from tasks.desk.queries import case_view
from tasks.reference.renew import load_holidays
from tests.books import books_balance
from tests.play import Play, cells, line

HEADER = "day,working,name,source\n"
NEW_YEAR = HEADER + "".join(
    f"{row},通知\n"
    for row in (
        "2026-01-01,0,元旦",
        "2027-01-01,0,元旦",
        "2027-01-04,0,调休",
        "2027-01-09,1,上班",
        "2027-10-01,0,国庆节",
    )
)
NATIONAL_DAY = "{}-10-02,0,国庆节,通知\n"


@pytest.fixture
def today() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2026-12-23T10:00:00+08:00", tick=False) as traveller:
        yield traveller


@pytest.fixture
def play(db: Engine, today: time_machine.Traveller) -> Play:
    return Play(db)


def sheet(play: Play, case: int) -> str:
    with play.db.connect() as connection:
        return case_sheet(case_view(connection, case))


def load(play: Play, tmp_path: Path, rows: str = NEW_YEAR) -> int:
    file = tmp_path / "2027.csv"
    file.write_text(rows, "utf-8")
    with play.db.begin() as connection:
        return load_holidays(connection, file)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}:00+08:00")


def test_a_promise_beyond_the_last_year_is_provisional_until_that_is_published(play: Play, tmp_path: Path) -> None:
    case = play.apply([line("P-PB-001", 3)])
    item = play.run_to(case, "produce-1-panel-1")
    assert watch_cycles(play.db) == []
    assert (play.lines(case)[0].promised, item.due_at) == (date(2027, 1, 1), moment("2027-01-01T17:30"))
    before = sheet(play, case)
    assert "| 承诺 Promised | 2027-01-01 暂定 provisional |" in before
    assert "| 到期 Due | 2027-01-01 17:30 暂定 provisional |" in before

    assert load(play, tmp_path) == 4, "what is published already is left alone"
    item = play.items(case)["produce-1-panel-1"]
    assert item.due_at == play.case(case).due_at == moment("2027-01-05T17:30")
    (control,) = play.rows("SELECT * FROM work_item WHERE step_key = 'progress-panel-1'")
    assert control.due_at == item.due_at
    assert control.look_at == min(datetime.fromisoformat(entry["at"]) for entry in control.schedule)
    assert [entry["at"] for entry in control.schedule][1:2] == ["2027-01-05T09:30:00+00:00"]
    assert watch_cycles(play.db) == watch_cycles(play.db) == []
    (again,) = play.rows("SELECT * FROM work_item WHERE step_key LIKE 'progress-panel-%' AND state = 'open'")
    assert (again.step_key, again.due_at, again.schedule[1]) == ("progress-panel-2", item.due_at, control.schedule[1])
    (kept,), (order,) = play.lines(case), play.orders(case)
    assert kept.promised == kept.planned == order.promised == order.planned == date(2027, 1, 5)
    after = sheet(play, case)
    assert "| 承诺 Promised | 2027-01-05 |" in after
    assert "provisional" not in after

    play.decide(case, "produce-1-panel-1", 明细=cells("完成数量", {1: 1}))
    assert play.items(case)["produce-1-panel-2"].due_at == moment("2027-01-05T17:30"), "the next report's term too"
    books_balance(play.db)


def test_what_lies_within_the_known_years_stays(play: Play, tmp_path: Path) -> None:
    case = play.apply([line("P-HW-001", 3)])
    before = play.items(case)["review-1"]
    load(play, tmp_path)
    after = play.items(case)["review-1"]
    assert (after.due_at, after.schedule[:2]) == (before.due_at, before.schedule[:2])
    assert [item.schedule[2]["at"][:10] for item in (before, after)] == ["2027-01-04", "2027-01-06"], "the manager's"
    assert "provisional" not in sheet(play, case)


def test_a_planned_day_that_the_planner_chose_stays(play: Play, tmp_path: Path) -> None:
    case = play.apply([line("P-PB-001", 3)])
    (row,) = play.run_to(case, "plan-1").prefill["明细"]
    play.decide(case, "plan-1", 明细=[row | {"计划日期": "2026-12-28"}])
    load(play, tmp_path)
    assert [(one.promised, one.planned) for one in play.lines(case)] == [(date(2027, 1, 5), date(2026, 12, 28))]


def test_a_year_is_published_once(play: Play, tmp_path: Path) -> None:
    load(play, tmp_path)
    with pytest.raises(BadInput, match="2027 年及以前已公布"):
        load(play, tmp_path)
    with play.db.connect() as connection:
        assert known_to(connection) == date(2027, 12, 31)
        with pytest.raises(BadInput):
            publish(connection, [], "2027.csv")


def test_a_notice_that_changes_a_known_year_moves_the_terms_behind_it(play: Play, tmp_path: Path) -> None:
    """As 国发明电〔2015〕1号 and 国办发明电〔2020〕1号 did: days off are added, a Saturday that was to be worked is not."""
    case = play.apply([line("P-PB-001", 3)])
    assert play.run_to(case, "produce-1-panel-1").due_at == moment("2027-01-01T17:30")
    changed = HEADER + "2026-12-28,0,纪念日,通知\n2026-12-29,0,纪念日,通知\n"
    assert load(play, tmp_path, changed) == 2
    assert play.items(case)["produce-1-panel-1"].due_at == play.case(case).due_at == moment("2027-01-05T17:30")
    assert load(play, tmp_path, HEADER + "2026-12-29,1,改回上班,通知\n") == 1
    assert play.items(case)["produce-1-panel-1"].due_at == moment("2027-01-04T17:30")
    with play.db.connect() as connection:
        kept = connection.exec_driver_sql("SELECT working, name FROM holiday WHERE day = '2026-12-29'").one()
    assert kept == (True, "改回上班")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("2026-12-23,0,今天,通知\n", "第2行 row 2, 2027.csv day: “2026-12-23” — 已过去"),
        ("2027-01-01,0,元旦,通知\n", "row 2, 2027.csv day: “2027-01-01” — 2027 年不完整，没有国庆节"),
        (NATIONAL_DAY.format(2027) + NATIONAL_DAY.format(2027), "row 3, 2027.csv day: “2027-10-02” — 重复"),
        (NATIONAL_DAY.format(2028), "row 2, 2027.csv day: “2028-10-02” — 缺 2027 年"),
        ("2027-10-01,0,国庆节,\n", "row 2, 2027.csv source: “” — 必填"),
        ("2027-10-01,no,国庆节,通知\n", "row 2, 2027.csv working: “no” — 应为 0 或 1"),
        ("", "2027.csv: “0 行 rows” — 2026 年及以前已公布"),
    ],
)
def test_a_file_that_is_not_to_be_believed_is_refused_whole(play: Play, tmp_path: Path, rows: str, said: str) -> None:
    before = play.rows("SELECT * FROM holiday ORDER BY day")
    with pytest.raises(BadInput, match=re.escape(said)):
        load(play, tmp_path, HEADER + rows)
    assert play.rows("SELECT * FROM holiday ORDER BY day") == before


def test_two_years_may_come_at_once(play: Play, tmp_path: Path) -> None:
    assert load(play, tmp_path, HEADER + "2027-10-01,0,国庆节,通知\n" + NATIONAL_DAY.format(2028)) == 2
    with play.db.connect() as connection:
        assert known_to(connection) == date(2028, 12, 31)


@pytest.mark.parametrize(
    ("today", "warned"), [(date(2026, 9, 30), False), (date(2026, 10, 1), True), (date(2027, 3, 1), True)]
)
def test_from_october_on_the_next_year_is_wanted(today: date, warned: bool) -> None:
    said = calendar_warning(date(2026, 12, 31), today)
    assert bool(said) == warned
    assert ("请载入 2027 年" in said) == warned


def test_the_start_page_says_so(play: Play, tmp_path: Path) -> None:
    with play.db.connect() as connection:
        wanted = holidays_wanted(connection)
    assert wanted
    page = start_page({}, Links(), [], {}, warning=wanted)
    assert page.startswith("⚠ **节假日只公布到 2026-12-31")
    load(play, tmp_path)
    with play.db.connect() as connection:
        assert holidays_wanted(connection) == ""
    assert start_page({}, Links(), [], {}).startswith("### 办理")
