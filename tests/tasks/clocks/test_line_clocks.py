"""The clocks of cases as they were played: what is explained is what cycle control records."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine
from typer.testing import CliRunner

from deployments.cli.app import app
from tasks.clocks.lines import CANCELLED, LineClock, line_clocks
from tasks.clocks.rules import Why
from tasks.desk.pages import case_sheet
from tasks.desk.queries import case_view
from tests.flows.cycles import PANEL, control_of, counted_short, planned, sweep, with_doubts
from tests.play import Play


@pytest.fixture
def play(db: Engine, today: time_machine.Traveller) -> Play:
    return Play(db)


def clocks(play: Play, case: int) -> list[LineClock]:
    with play.db.connect() as connection:
        return line_clocks(connection, case)


def sheet(play: Play, case: int) -> str:
    with play.db.connect() as connection:
        return case_sheet(case_view(connection, case))


def run(play: Play, monkeypatch: pytest.MonkeyPatch, *words: str) -> Any:
    monkeypatch.setenv("AFTERSALES_DATABASE_URL", play.db.url.render_as_string(hide_password=False))
    return CliRunner().invoke(app, ["clock", *words])


def test_a_clock_that_stood_still_says_for_what_and_is_what_is_recorded(
    play: Play, today: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Issue G 2: start, stop while waiting for the office, resume; the case sheet shows the sum."""
    with with_doubts():
        case = planned(play, process="PW")
        sweep(play, today, "11-18T10:15")
        today.move_to("2026-11-20T10:00:00+08:00")
        play.decide(case, "doubt-1", 疑问="颜色")
        today.move_to("2026-12-01T16:00:00+08:00")
        assert "| 2/7 | 7 | 0 | 2026-12-08 顺延 moved | 生产中 |" in sheet(play, case)
        play.decide(case, "office-1", 答复="本色")
        today.move_to("2026-12-09T10:00:00+08:00")
        play.decide(case, PANEL)
        (one,) = clocks(play, case)
        assert one.recorded is None
        play.finish(case)
        sweep(play, today, "12-09T10:15")
        control = control_of(play, case)
        (one,), (same,) = clocks(play, case), clocks(play, control)
        assert one.clock == same.clock
        assert one.recorded == one.clock.sums == (8, 1, 7)
        (waited,) = [day for day in one.clock.days if day.why is Why.WAITING and day.first.month == 11][:1]
        assert (waited.first, waited.note) == (date(2026, 11, 23), "办事处答复 办事处售后 [office-1]")
        (stood,) = [stretch for stretch in one.clock.times if stretch.why is Why.WAITING]
        assert f"{stood.begins:%m-%d %H:%M} {stood.ends:%m-%d %H:%M}" == "11-20 02:00 12-01 08:00"
        assert one.clock.worked == timedelta(hours=7.5 + 9 + 1.5 + 1.5 + 5 * 9 + 1.5)
        for shown in (sheet(play, case), sheet(play, control)):
            assert "| 8/7 | 7 | 1 | 2026-12-08 顺延 moved | 2026-12-09 |" in shown
        told = run(play, monkeypatch, play.case(case).number)
        assert "暂停等待 waits for 办事处答复" in told.stdout
        assert "CY-2026-000001 记录 recorded: 已用 8，暂停 7，超期 1" in told.stdout
        (read,) = json.loads(run(play, monkeypatch, play.case(control).number, "--json").stdout)
        assert read["sums"] | {} == {
            "used": 8, "over": 1, "paused": 7, "worked_seconds": 66 * 3600.0, "due": "2026-12-08"
        }  # fmt: skip
        assert read["recorded"] == {"used": 8, "over": 1, "paused": 7}
        assert sum(day["counted"] for day in read["days_counted"]) == 8


def test_what_is_planned_again_has_a_clock_of_its_own(play: Play, today: time_machine.Traveller) -> None:
    """Issue G 2: re-plan."""
    case = planned(play)
    sweep(play, today, "11-18T10:15")
    today.move_to("2026-11-23T10:00:00+08:00")
    play.decide(case, PANEL)
    today.move_to("2026-11-25T10:00:00+08:00")
    counted_short(play, case, 3)
    play.finish(case)
    sweep(play, today, "11-25T10:15")
    found = clocks(play, case)
    assert [one.recorded for one in found] == [one.clock.sums for one in found]
    turns = [one.line.turn for one in found]
    assert turns == sorted(turns)
    for again in found[1:]:
        assert again.clock.days[0].why is Why.REPLANNED


def test_what_was_cancelled_counts_nowhere_and_its_clock_ended_with_its_case(
    play: Play, today: time_machine.Traveller
) -> None:
    case = planned(play)
    sweep(play, today, "11-18T10:15")
    today.move_to("2026-11-20T10:00:00+08:00")
    assert play.withdraw(case, "E1040").accepted
    today.move_to("2026-12-20T10:00:00+08:00")
    (one,) = clocks(play, case)
    assert (one.clock.sums, one.recorded, one.notes) == ((2, 0, 0), None, [CANCELLED])
    assert "|  |  |  | 2026-11-27 | 已取消 |" in sheet(play, case)


def test_a_policy_that_changes_in_flight_changes_no_clock_and_is_told(
    play: Play, today: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Issue G 2: policy change in flight."""
    case = planned(play)
    today.move_to("2026-11-24T10:00:00+08:00")
    (before,) = clocks(play, case)
    play.run("INSERT INTO policy_version VALUES (2, '2026-11-20', 'longer hours')")
    play.run(
        "INSERT INTO policy SELECT 2, key, CASE key WHEN 'work.end' THEN to_json('23:00'::text) ELSE value END, "
        "unit, source, meaning FROM policy WHERE version = 1"
    )
    (after,) = clocks(play, case)
    assert (after.clock, before.notes) == (before.clock, [])
    assert after.notes == ["2026-11-20 政策第 2 版生效，本单仍按第 1 版 policy 2 came into force: this case keeps 1"]
    assert after.notes[0] in run(play, monkeypatch, play.case(case).number).stdout.replace("\n", "")


def test_a_case_of_which_nothing_is_made_has_no_clock_and_a_number_that_is_none_is_told(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = play.apply(lines=1)
    assert "### 周期 Clock" not in sheet(play, case)
    assert "没有已计划生产的行" in run(play, monkeypatch, play.case(case).number).stdout
    assert json.loads(run(play, monkeypatch, play.case(case).number, "--json").stdout) == []
    unknown = run(play, monkeypatch, "PA-2026-999999")
    assert (unknown.exit_code, "没有单号为" in unknown.stderr) == (1, True)
