"""A report to show: every look, every kind of figure, and a section without rows."""

from datetime import date
from decimal import Decimal

from tasks.reports.shapes import Chart, KeyFigure, Kind, Look, Report, ReportColumn, ReportSection
from tasks.rounds.rules import Period

OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))
MONTHS = [f"{2025 + n // 12}-{n % 12 + 1:02d}" for n in range(10, 22)]


def sample() -> Report:
    """Make a report of figures that anybody can check."""
    text = ReportColumn("name", "生产单位 Unit", Kind.TEXT)
    trend = ReportSection(
        "trend",
        "十二个月走势 Twelve months",
        (ReportColumn("month", "月份 Month", Kind.TEXT), ReportColumn("rate", "按期率 On-time rate", Kind.RATE)),
        [{"month": month, "rate": 0.8 + n % 4 * 0.05} for n, month in enumerate(MONTHS)],
        Chart(Look.TREND, "month", ("rate",), 0.95),
    )
    units = ReportSection(
        "units",
        "各生产单位 Units",
        (
            text,
            ReportColumn("lines", "行数 Lines"),
            ReportColumn("made", "生产按期率 Made in time", Kind.RATE),
            ReportColumn("out", "出库按期率 Out in time", Kind.RATE),
            ReportColumn("mean", "平均天数 Mean days", Kind.DAYS),
            ReportColumn("cost", "处罚 Penalty (CNY)", Kind.MONEY),
        ),
        [
            {"name": "板式车间", "lines": 1234, "made": 0.953, "out": 0.91, "mean": 6.4, "cost": Decimal("120.50")},
            {"name": "油漆车间", "lines": 310, "made": 0.62, "out": None, "mean": 11.0, "cost": Decimal(0)},
        ],
        Chart(Look.BARS, "name", ("made", "out"), 0.95),
        "只计已完工的行 of those that are made",
    )
    causes = ReportSection(
        "causes",
        "原因 Causes",
        (ReportColumn("cause", "原因 Cause", Kind.TEXT), ReportColumn("many", "件数 Number")),
        [{"cause": "质量问题", "many": 41}, {"cause": "运输损坏", "many": 27}, {"cause": "缺件", "many": 9}],
        Chart(Look.PARETO, "cause", ("many",)),
    )
    days = ReportSection(
        "days",
        "用时分布 Days used",
        (ReportColumn("days", "天数 Days", Kind.TEXT), ReportColumn("many", "行数 Lines")),
        [{"days": str(n), "many": (n * 7) % 11} for n in range(1, 15)],
        Chart(Look.DISTRIBUTION, "days", ("many",)),
    )
    kinds = ReportSection(
        "kinds",
        "收费类别 Fee categories",
        (text, ReportColumn("free", "保修 Free"), ReportColumn("charged", "收费 Charged")),
        [{"name": "北京办事处", "free": 12, "charged": 3}, {"name": "上海办事处", "free": 4, "charged": 9}],
        Chart(Look.STACKED, "name", ("free", "charged")),
    )
    due = ReportColumn("due", "承诺 Promised", Kind.DAY)
    overdue = ReportSection(
        "overdue",
        "逾期清单 Overdue",
        (ReportColumn("number", "单号 Case", Kind.TEXT), due),
        [{"number": "=PA-2026-000001", "due": date(2026, 10, 9)}],
    )
    empty = ReportSection("none", "没有的 Nothing", (text,), [], Chart(Look.BARS, "name", ("name",)))
    measures = (
        KeyFigure("on_time", "按期率 On-time rate", 0.953, Kind.RATE, "≥ 95 %", True),
        KeyFigure("lines", "行数 Lines", 1544, Kind.COUNT),
        KeyFigure("majors", "重大投诉 Major complaints", None, Kind.COUNT, "< 5"),
    )
    sections = (trend, units, causes, days, kinds, overdue, empty)
    return Report("sample", "样表 Sample <b>", OCTOBER, "按日 by the day", "1,544 行 lines", measures, sections)
