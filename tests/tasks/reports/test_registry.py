"""Reports are known by their code; what they give has no contact data and can be kept as text."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
import time_machine
from sqlalchemy import Connection, Engine

from schemas.problems import BadInput, NotFound
from tasks.reports.registry import REPORTS, About, ReportKind, known_reports, report, report_kind
from tasks.reports.shapes import Kind, Report, ReportColumn, ReportSection
from tasks.reports.wording import as_text, from_text, shown, zh_and_en
from tasks.rounds.rules import Cadence, Period
from tests.tasks.reports.made import OCTOBER, sample


@pytest.fixture
def calls() -> Iterator[ReportKind]:
    """A report of ours that tells a phone number."""

    @report("test-calls", "来电样表 Calls", Cadence.WEEK)
    def made(_connection: Connection, about: About) -> Report:
        column = ReportColumn("matter", "事项 Matter", Kind.TEXT)
        rows = [{"matter": "请回电 138 0000-1048，柜门开裂"}]
        return Report(
            *about, convention="", of="", measures=(), sections=(ReportSection("calls", "来电 Calls", (column,), rows),)
        )

    yield made
    del REPORTS["test-calls"]


def test_a_report_is_found_by_its_code_and_its_title(calls: ReportKind) -> None:
    assert report_kind("TEST-calls") is report_kind("来电样表") is known_reports()["test-calls"] is calls
    with pytest.raises(NotFound, match="test-calls 来电样表"):
        report_kind("none")
    with pytest.raises(ValueError, match="test-calls"):
        report("test-calls", "", Cadence.DAY)(calls.make)


def test_no_mobile_number_stands_in_a_report(db: Engine, calls: ReportKind, today: time_machine.Traveller) -> None:
    with db.connect() as connection:
        made = calls.made(connection, OCTOBER)
    assert (made.kind, made.title, made.period) == ("test-calls", "来电样表 Calls", OCTOBER)
    assert made.sections[0].rows == [{"matter": "请回电 138****1048，柜门开裂"}]


def test_a_period_that_has_not_begun_is_refused(db: Engine, calls: ReportKind, today: time_machine.Traveller) -> None:
    december = Period(date(2026, 12, 1), date(2026, 12, 31))
    with db.connect() as connection, pytest.raises(BadInput, match=r"2026-12-01.*尚未开始"):
        calls.made(connection, december)


@pytest.mark.parametrize(
    "days", [(date(1, 1, 1), date(1, 1, 31)), (date(1899, 12, 31), date(1900, 1, 1)), (date(2026, 1, 1), date.max)]
)
def test_days_without_a_month_before_or_after_are_refused(
    db: Engine, calls: ReportKind, today: time_machine.Traveller, days: tuple[date, date]
) -> None:
    with db.connect() as connection, pytest.raises(BadInput, match=r"应在 1900-01-01 与 2199-12-31 之间"):
        calls.made(connection, Period(*days))


def test_what_is_kept_as_text_comes_back_as_it_was() -> None:
    assert from_text(as_text(sample())) == sample()
    assert as_text(from_text(as_text(sample()))) == as_text(sample())


def test_what_is_no_plain_value_is_not_kept() -> None:
    section = replace(sample().sections[0], rows=[{"month": {"2026-10"}, "rate": 1}])  # type: ignore[dict-item]
    with pytest.raises(TypeError, match="cannot stand in a report"):
        as_text(replace(sample(), sections=(section,)))


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (0.953, Kind.RATE, "95.30 %"),
        (1234, Kind.COUNT, "1,234"),
        (Decimal("1234.5"), Kind.MONEY, "1,234.50"),
        (11.0, Kind.DAYS, "11"),
        (3.44, Kind.DAYS, "3.4"),
        (date(2026, 10, 9), Kind.DAY, "2026-10-09"),
        (None, Kind.RATE, "—"),
        ("", Kind.TEXT, "—"),
    ],
)
def test_figures_are_written_as_staff_read_them(value: object, kind: Kind, text: str) -> None:
    assert shown(value, kind) == text  # type: ignore[arg-type]


def test_a_label_has_its_chinese_and_its_english() -> None:
    assert zh_and_en("九成位 p90 days") == ("九成位", "p90 days")
    assert zh_and_en("处罚 Penalty (CNY)") == ("处罚", "Penalty (CNY)")
    assert zh_and_en("月份") == ("月份", "")
