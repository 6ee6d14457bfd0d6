"""The cycle report counts what the timelines tell: each stage by its own term, penalties, what is overdue (DOMAIN 4)."""

from datetime import date
from typing import Any

import pytest
import time_machine
from sqlalchemy import Connection, Engine, text

from tasks.control.watch import watch_cycles
from tasks.reports.cycle import cycle
from tasks.reports.queries import cycle_counts
from tasks.reports.rules import Convention, GroupedBy
from tasks.reports.shapes import Report, ReportSection
from tasks.reports.wording import as_text, from_text
from tasks.rounds.rules import Period
from tests.flows.cycles import LEAVES, PANEL, made_late, planned, sweep, with_doubts
from tests.play import Play, line

NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))
DOORS = line("P-PB-002", 1, "运输损坏")


def made(db: Engine, period: Period = NOVEMBER) -> Report:
    with db.connect() as connection:
        report = cycle.made(connection, period)
    assert from_text(as_text(report)) == report
    return report


def section(report: Report, key: str) -> ReportSection:
    return next(one for one in report.sections if one.key == key)


def rows(report: Report, key: str, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns) for row in section(report, key).rows]


def measure(report: Report, key: str) -> float | None:
    return next(one.value for one in report.measures if one.key == key)


def past(connection: Connection, number: str, promised: str, finished: str | None, **more: str) -> None:
    values = {"unit": "", "category": "", "office": "", "process": "", **more}
    row = "(:no, :process, :office, :unit, :category, '2019-01-01Z', :promised, :finished, NULL)"
    connection.execute(
        text(f"INSERT INTO past_case VALUES {row}"), values | {"no": number, "promised": promised, "finished": finished}
    )


def test_an_empty_month_has_no_rates_and_is_divided_by_nothing(db: Engine, today: time_machine.Traveller) -> None:
    """Issue G, "Bad input": a report on an empty month."""
    report = made(db, Period(date(2026, 10, 1), date(2026, 10, 31)))
    assert [measure(report, key) for key in ("made", "came", "went", "lines", "overdue")] == [None, None, None, 0, 0]
    assert [len(one.rows) for one in report.sections] == [12, 0, 0, 0, 0, 0, 0, 0]
    assert report.of.startswith("承诺日在本期的 0 行")


def test_each_stage_has_its_rate_and_what_is_late_its_penalty(play: Play, today: time_machine.Traveller) -> None:
    in_time, late = planned(play), planned(play)
    sweep(play, today, "11-18T10:15")
    today.move_to("2026-11-25T10:00:00+08:00")
    assert play.finish(in_time) == "delivered"
    watch_cycles(play.db)
    made_late(play, today, late)
    report = made(play.db)
    assert rows(report, "unit", "unit", "lines", "on_time", "late", "open", "made") == [("板式车间", 2, 1, 1, 0, 0.5)]
    assert [measure(report, key) for key in ("made", "came", "went", "lines")] == [0.5, 1.0, 1.0, 2]
    ((unit, amount, proposed, confirmed),) = rows(report, "penalties", "unit", "amount", "proposed", "confirmed")
    assert (unit, amount > 0, proposed, confirmed) == ("板式车间", True, amount, None)
    assert rows(report, "unit", "mean", "median", "p90") == [(6.5, 6.5, 7.7)]
    assert [row for row in rows(report, "days", "days", "lines") if row[1]] == [("5", 1), ("8", 1)]
    assert rows(report, "trend", "month", "lines", "made")[-1] == ("2026-11", 2, 0.5)


def test_what_is_due_and_not_made_is_overdue_until_it_is(play: Play, today: time_machine.Traveller) -> None:
    case = planned(play)
    sweep(play, today, "11-27T17:00")
    assert rows(made(play.db), "overdue", "number") == []
    sweep(play, today, "12-02T10:00")
    number = play.case(case).number
    assert rows(made(play.db), "overdue", "number", "line_no", "due", "over") == [(number, 1, date(2026, 11, 27), 1)]
    play.decide(case, PANEL)
    assert rows(made(play.db), "overdue", "number", "over") == [(number, 1)]  # as it was when November ended
    december = made(play.db, Period(date(2026, 12, 1), date(2026, 12, 31)))
    assert rows(december, "overdue", "number") == [(number,)]  # until yesterday


def test_while_the_office_is_waited_for_a_promise_moves_in_the_report_too(
    play: Play, today: time_machine.Traveller
) -> None:
    with with_doubts():
        case = planned(play, LEAVES, process="PW")
        sweep(play, today, "11-18T10:15")
        today.move_to("2026-11-19T10:00:00+08:00")
        play.decide(case, "doubt-1")
        today.move_to("2026-11-23T10:00:00+08:00")
        play.decide(case, "office-1")
        sweep(play, today, "12-01T10:00")
        assert rows(made(play.db), "overdue", "due", "over") == []  # 11-27 and two working days
        play.decide(case, PANEL)
        assert rows(made(play.db), "unit", "on_time", "late") == [(1, 0)]
        with play.db.connect() as connection:
            (count,) = cycle_counts(connection, GroupedBy.UNIT, Convention.DAY, NOVEMBER)
        assert (count.on_time, count.late) == (1, 0)


def test_withdrawn_lines_leave_the_rates(play: Play, today: time_machine.Traveller) -> None:
    """DOMAIN-BRANCHES 4: withdrawn lines leave the rates."""
    stays, leaves = planned(play), planned(play, DOORS)
    sweep(play, today, "11-18T10:15")
    assert measure(made(play.db), "lines") == 2
    play.withdraw(leaves, "E1040")
    sweep(play, today, "11-18T10:30")
    report = made(play.db)
    assert rows(report, "unit", "unit", "lines", "open") == [("板式车间", 1, 1)]
    assert play.case(stays).ending is None


def test_trend_and_groups_begin_with_the_past(db: Engine, today: time_machine.Traveller) -> None:
    with db.begin() as connection:
        past(
            connection,
            "A-1",
            "2026-08-31T15:59:00Z",
            "2026-08-31T15:59:30Z",
            unit="一车间",
            office="北京",
            process="PA",
        )
        past(
            connection,
            "A-2",
            "2026-08-31T16:00:00Z",
            "2026-09-02T00:00:00Z",
            unit="一车间",
            office="上海",
            process="RR",
        )
        past(connection, "A-3", "2026-10-09T00:00:00Z", None, unit="二车间", office="上海", process="PA")
    report = made(db, Period(date(2026, 10, 1), date(2026, 10, 31)))
    trend = {
        row["month"]: (row["lines"], row["on_time"], row["late"], row["open"], row["made"])
        for row in section(report, "trend").rows
    }
    assert {month: row for month, row in trend.items() if row[0]} == {
        "2026-08": (1, 1, 0, 0, 1.0),
        "2026-09": (1, 0, 1, 0, 0.0),
        "2026-10": (1, 0, 0, 1, None),
    }
    odd = section(made(db, Period(date(2026, 9, 20), date(2026, 10, 8))), "trend").rows[-1]
    assert (odd["month"], odd["lines"]) == ("2026-10", 0), "what was promised for the ninth is not of these days"
    assert list(trend) == Period(date(2025, 11, 1), date(2026, 10, 31)).months
    assert rows(report, "unit", "unit", "lines", "open", "made", "mean") == [("二车间", 1, 1, None, None)]
    assert rows(report, "process", "process", "lines") == [("配件申报 PA", 1)]
    assert "其中系统启用前 1 行" in report.of


def test_sums_of_all_groups_agree_with_the_lines(play: Play, today: time_machine.Traveller) -> None:
    planned(play, LEAVES, DOORS)
    planned(play, line("P-HW-002", 2_000), office="SH")
    with play.db.begin() as connection:
        past(connection, "A-1", "2026-11-02T02:00:00Z", "2026-11-03T00:00:00Z", unit="一车间")
    report = made(play.db)
    for key in ("unit", "category", "office", "process"):
        assert sum(row[0] for row in rows(report, key, "lines")) == measure(report, "lines"), key


@pytest.mark.parametrize("by", GroupedBy)
def test_the_command_s_counts_are_the_report_s(play: Play, today: time_machine.Traveller, by: GroupedBy) -> None:
    planned(play, LEAVES, DOORS)
    with play.db.connect() as connection:
        counted = cycle_counts(connection, by, Convention.DAY, NOVEMBER)
    assert sorted(one.lines for one in counted) == sorted(row[0] for row in rows(made(play.db), by, "lines"))
