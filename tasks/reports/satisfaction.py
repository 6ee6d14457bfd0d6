"""The satisfaction report 满意度报表: the marks of cases from before the system, by unit, category and office.

Surveys count by a formula of their own (DOMAIN, "Scheduled work"): their sections come beside those of the marks.
"""

from typing import TYPE_CHECKING

from sqlalchemy import Connection

from tasks.reports.queries import MARKED_IN, marks_by
from tasks.reports.registry import About, report
from tasks.reports.rules import SATISFIED, GroupedBy, share
from tasks.reports.shapes import Chart, KeyFigure, Kind, Look, Report, ReportColumn, ReportSection, Value
from tasks.rounds.rules import Cadence, Period, months_until

if TYPE_CHECKING:
    from pandas import DataFrame

TREND = 12  # months
MARKED = "4、5 分为满意 marks of 4 and 5 are satisfied；按结束日，无结束日的按开始日 by the day of the end, else of the beginning"
COUNTS = (ReportColumn("returned", "收回 Returned"), ReportColumn("satisfied", "满意 Satisfied"))
RATE = ReportColumn("rate", "满意率 Satisfaction rate", Kind.RATE)
GROUPS = {
    GroupedBy.UNIT: ("责任单位 Units", "责任单位 Unit"),
    GroupedBy.CATEGORY: ("类别 Categories", "类别 Category"),
    GroupedBy.OFFICE: ("办事处 Offices", "办事处 Office"),
}


@report("satisfaction", "满意度报表 Satisfaction report", Cadence.MONTH)
def satisfaction(connection: Connection, about: About) -> Report:
    """Report on the marks that were given for cases of these days."""
    frame = _frame(connection, list(GROUPS), about.period)
    months = _frame(connection, [MARKED_IN], trend := months_until(about.period.last, TREND))
    returned, satisfied = int(frame.returned.sum()), int(frame.satisfied.sum())
    return Report(
        *about,
        convention=MARKED,
        of=f"本期 {returned:,} 份评分；走势自 {trend.first:%Y-%m} 起 marks of these days; trend from {trend.first:%Y-%m} on",
        measures=(
            KeyFigure("rate", RATE.label, share(satisfied, returned)),
            KeyFigure("returned", COUNTS[0].label, returned, Kind.COUNT),
        ),
        sections=(_trend(months, trend), _marks(frame), *(_group(frame, by) for by in GROUPS)),
    )


def _frame(connection: Connection, groups: list[str], period: Period) -> "DataFrame":
    import pandas as pd  # slow to import

    names = ["month" if group == MARKED_IN else group for group in groups]
    found = [tuple(row) for row in marks_by(connection, groups, period)]
    frame = pd.DataFrame(found, columns=[*names, "mark", "returned"]).astype({"mark": int, "returned": int})
    return frame.assign(satisfied=frame.returned.where(frame.mark >= SATISFIED, 0))


def _trend(frame: "DataFrame", period: Period) -> ReportSection:
    counts = frame.groupby(frame.month.map(lambda month: f"{month:%Y-%m}"))[["returned", "satisfied"]].sum()
    by_month = counts.reindex(period.months, fill_value=0)
    columns = (ReportColumn("month", "月份 Month", Kind.TEXT), *COUNTS, RATE)
    return ReportSection(
        "trend", "十二个月走势 Twelve months", columns, _rows("month", by_month), Chart(Look.TREND, "month", ("rate",))
    )


def _marks(frame: "DataFrame") -> ReportSection:
    many = frame.groupby("mark").returned.sum()
    known = {int(str(mark)): int(how_often) for mark, how_often in many.items()}
    rows: list[dict[str, Value]] = [{"mark": str(mark), "returned": known.get(mark, 0)} for mark in range(1, 6)]
    columns = (ReportColumn("mark", "评分 Mark", Kind.TEXT), COUNTS[0])
    return ReportSection(
        "marks", "评分分布 Marks", columns, rows if known else [], Chart(Look.DISTRIBUTION, "mark", ("returned",))
    )


def _group(frame: "DataFrame", by: GroupedBy) -> ReportSection:
    title, label = GROUPS[by]
    counts = frame.groupby(by)[["returned", "satisfied"]].sum()
    columns = (ReportColumn(by, label, Kind.TEXT), *COUNTS, RATE)
    return ReportSection(by, title, columns, _rows(by, counts), Chart(Look.BARS, by, ("rate",)))


def _rows(key: str, counts: "DataFrame") -> list[dict[str, Value]]:
    rows = list[dict[str, Value]]()
    for name, row in counts.iterrows():
        returned, satisfied = int(row.returned), int(row.satisfied)
        rate = share(satisfied, returned)
        rows.append({key: str(name), "returned": returned, "satisfied": satisfied, "rate": rate})
    return rows
