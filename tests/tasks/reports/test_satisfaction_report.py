"""The satisfaction report counts marks; an empty month divides by nothing."""

from datetime import date

import time_machine
from sqlalchemy import Engine, text

from tasks.reports.satisfaction import satisfaction
from tasks.reports.shapes import Report
from tasks.rounds.rules import Period

OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))


def made(db: Engine) -> Report:
    with db.connect() as connection:
        return satisfaction.made(connection, OCTOBER)


def test_marks_are_counted_by_group_and_month(db: Engine, today: time_machine.Traveller) -> None:
    given = [
        ("2026-10-01", 5, "一车间"),
        ("2026-10-31", 4, "一车间"),
        ("2026-10-31", 3, "二车间"),
        ("2026-09-30", 1, "二车间"),
    ]
    with db.begin() as connection:
        for at, (day, mark, unit) in enumerate(given):
            row = "(:no, 'PA', '北京', :unit, '板式', '2026-09-01Z', NULL, CAST(:day AS timestamptz), :mark)"
            values = {"no": f"A-{at}", "unit": unit, "day": f"{day} 23:59+08", "mark": mark}
            connection.execute(text(f"INSERT INTO past_case VALUES {row}"), values)
    report = made(db)
    assert [measure.value for measure in report.measures] == [0.6667, 3]
    trend, marks, units, *_ = report.sections
    assert [(row["month"], row["rate"]) for row in trend.rows][-2:] == [("2026-09", 0.0), ("2026-10", 0.6667)]
    assert [row["returned"] for row in marks.rows] == [0, 0, 1, 1, 1]
    assert [tuple(row.values()) for row in units.rows] == [("一车间", 2, 2, 1.0), ("二车间", 1, 0, 0.0)]


def test_a_month_without_any_mark_has_no_rate(db: Engine, today: time_machine.Traveller) -> None:
    report = made(db)
    assert [measure.value for measure in report.measures] == [None, 0]
    assert [len(one.rows) for one in report.sections] == [12, 0, 0, 0, 0]
