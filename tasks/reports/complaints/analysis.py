"""The analysis of complaints: of a month (S0 3.2, S2, S4), of a year for the management review (S3 §8 5.7)."""

from sqlalchemy import Connection

from tasks.reports.complaints.queries import hotline, months_of
from tasks.reports.complaints.rules import Hotline, measures
from tasks.reports.complaints.sections import (
    COMPLAINTS,
    FILED,
    Rows,
    breakdowns,
    causes,
    kinds,
    listed,
    range_told,
    requests,
    satisfaction_of_units,
    topics,
    unsolved,
)
from tasks.reports.counting import months_to, text, within
from tasks.reports.registry import About, report
from tasks.reports.shapes import Chart, Kind, Look, Report, ReportColumn, ReportSection
from tasks.rounds.rules import Cadence

MONTH, CONTACTS = text("month", "月份 Month"), ReportColumn("contacts", "来电 Contacts")
RATE = ReportColumn("rate", "满意率 Satisfaction", Kind.RATE)


@report("complaints-month", "投诉分析月报 Monthly complaint analysis", Cadence.MONTH)
def monthly_complaints(connection: Connection, about: About) -> Report:
    """Report a month's complaints, requests and enquiries: what, why, how well, and what is urgent next month."""
    seen, months = hotline(connection, about.period), months_of(connection, months_to(about.period))
    return analysis(about, seen, months, unsolved(seen, "next", "下月亟待解决问题 To be solved next month"))


@report("complaints-year", "投诉年度统计 Yearly statistics for the management review", Cadence.YEAR)
def yearly_complaints(connection: Connection, about: About) -> Report:
    """Report a year's complaints for the management review."""
    seen, months = hotline(connection, about.period), months_of(connection, months_to(about.period))
    grave = [one for one in seen.contacts if within(about.period, one.graver)]
    return analysis(about, seen, months, listed("majors", "重大投诉 Major complaints", grave))


def analysis(about: About, seen: Hotline, months: Rows, last: ReportSection) -> Report:
    """Make a report of what was counted, with a trend of twelve months and a list at its end."""
    volume = (MONTH, CONTACTS, COMPLAINTS, FILED)
    return Report(
        *about,
        convention=seen.convention,
        of=range_told(seen),
        measures=measures(seen),
        sections=(
            trend("trend", "十二个月趋势 Twelve months", months, volume, "complaints", "filed"),
            trend("pleased", "十二个月满意率 Satisfaction over twelve months", months, (MONTH, RATE), "rate"),
            causes(seen),
            *breakdowns(seen),
            satisfaction_of_units(seen),
            topics(seen),
            kinds(seen, "kind", "按类别 By kind", "类别 Kind", lambda one: one.kind),
            kinds(seen, "way", "按渠道 By channel", "渠道 Channel", lambda one: one.way),
            requests(seen),
            last,
        ),
    )


def trend(key: str, title: str, rows: Rows, columns: tuple[ReportColumn, ...], *measured: str) -> ReportSection:
    """Draw figures of months."""
    return ReportSection(key, title, columns, rows, Chart(Look.TREND, "month", measured))
