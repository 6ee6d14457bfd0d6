"""The cycle report 配件周期报表 (DOMAIN 4, DOMAIN-BRANCHES 4): in time or late at each stage, days used, what is overdue."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from tasks.cycle.queries import calendar_today
from tasks.cycle.rules import working_days_between
from tasks.durable.process import PROCESSES
from tasks.reports import lines
from tasks.reports.registry import About, report
from tasks.reports.rules import CONVENTIONS, Convention, share
from tasks.reports.shapes import Chart, KeyFigure, Kind, Look, Report, ReportColumn, ReportSection, Value
from tasks.rounds.rules import Cadence, Period, months_until

if TYPE_CHECKING:
    from pandas import DataFrame

TREND = 12  # months
LONGEST = 30  # days that the distribution tells apart
STAGES = (
    ReportColumn("made", "生产按期率 Made in time", Kind.RATE),
    ReportColumn("came", "入库按期率 In in time", Kind.RATE),
    ReportColumn("went", "出库按期率 Out in time", Kind.RATE),
)
RATES = tuple(stage.key for stage in STAGES)
COUNTS = (
    ReportColumn("lines", "行数 Lines"),
    ReportColumn("on_time", "按期 On time"),
    ReportColumn("late", "逾期 Late"),
    ReportColumn("open", "未完工 Open"),
)
DAYS = (
    ReportColumn("mean", "平均天数 Mean days", Kind.DAYS),
    ReportColumn("median", "中位天数 Median days", Kind.DAYS),
    ReportColumn("p90", "九成天数 p90 days", Kind.DAYS),
)
GROUPS = {
    "unit": ("生产单位 Production units", "生产单位 Unit"),
    "category": ("部件类别 Part categories", "部件类别 Category"),
    "office": ("办事处 Offices", "办事处 Office"),
    "process": ("流程 Processes", "流程 Process"),
}
DAYS_NOTE = (
    "天数为计划确认到完工的工作日，不含停钟；历史单据没有 days: working days from plan to completion, without pauses"
)


@report("cycle", "配件周期报表 Cycle report", Cadence.MONTH)
def cycle(connection: Connection, about: About) -> Report:
    """Report on the lines that were promised for these days."""
    seen, trend = lines.seen_now(connection), months_until(about.period.last, TREND)
    frame = _frame(connection, [*GROUPS, "past", "used"], about.period, seen)
    months = _frame(connection, [lines.MONTH], trend, seen)
    overdue, fines = _overdue(connection, about.period, seen), _penalties(connection, about.period)
    past = int(frame.lines[frame.past.eq(True)].sum())
    return Report(
        *about,
        convention=f"{CONVENTIONS[Convention.DAY]}；{DAYS_NOTE}",
        of=f"承诺日在本期的 {int(frame.lines.sum()):,} 行，其中系统启用前 {past:,} 行；走势自 {trend.first:%Y-%m} 起 "
        f"lines promised for these days, of them from before the system; trend from {trend.first:%Y-%m} on",
        measures=_measures(frame, overdue, fines),
        sections=(_trend(months, trend), *(_group(frame, key) for key in GROUPS), _distribution(frame), overdue, fines),
    )


def _frame(connection: Connection, groups: Sequence[str], period: Period, seen: str) -> "DataFrame":
    import pandas as pd  # slow to import

    names = ["month" if group == lines.MONTH else group for group in groups]
    found = lines.counted(connection, groups, Convention.DAY, period, seen)
    kinds = {"used": float} if "used" in names else {}  # nothing is no number where no line was made yet
    return pd.DataFrame([tuple(row) for row in found], columns=[*names, *lines.COUNTED]).astype(kinds)


def _measures(frame: "DataFrame", overdue: ReportSection, fines: ReportSection) -> tuple[KeyFigure, ...]:
    total = _rated({name: int(frame[name].sum()) for name in lines.COUNTED})
    rates = tuple(KeyFigure(stage.key, stage.label, total[stage.key], Kind.RATE) for stage in STAGES)
    sums = {key: sum(Decimal(str(row[key] or 0)) for row in fines.rows) for key in ("proposed", "confirmed")}
    return (
        *rates,
        KeyFigure("lines", "行数 Lines", total["lines"], Kind.COUNT),
        KeyFigure("overdue", "逾期未完工 Overdue", len(overdue.rows), Kind.COUNT),
        KeyFigure("proposed", "处罚待确认 Penalties proposed (CNY)", float(sums["proposed"]), Kind.MONEY),
        KeyFigure("confirmed", "处罚已确认 Penalties confirmed (CNY)", float(sums["confirmed"]), Kind.MONEY),
    )


def _rated(counts: dict[str, Any]) -> dict[str, Any]:
    """Give counts with the in-time rate of each stage; None where nothing got so far."""
    return counts | {
        "made": share(counts["on_time"], counts["on_time"] + counts["late"]),
        "came": share(counts["in_on_time"], counts["in_on_time"] + counts["in_late"]),
        "went": share(counts["out_on_time"], counts["out_on_time"] + counts["out_late"]),
    }


def _trend(frame: "DataFrame", period: Period) -> ReportSection:
    known = {f"{row.month:%Y-%m}": row for row in frame.itertuples()}
    rows = []
    for month in period.months:
        row = known.get(month)
        rows.append({"month": month} | _rated({name: int(getattr(row, name, 0)) for name in lines.COUNTED}))
    columns = (ReportColumn("month", "月份 Month", Kind.TEXT), *COUNTS, *STAGES)
    return ReportSection("trend", "十二个月走势 Twelve months", columns, rows, Chart(Look.TREND, "month", RATES))


def _group(frame: "DataFrame", key: str) -> ReportSection:
    title, label = GROUPS[key]
    counts = frame.groupby(key)[list(lines.COUNTED)].sum()
    used = frame.dropna(subset=["used"])
    days = used.loc[used.index.repeat(used.lines)].groupby(key).used
    spread = {"mean": dict(days.mean()), "median": dict(days.median()), "p90": dict(days.quantile(0.9))}
    rows: list[dict[str, Value]] = []
    for name, row in counts.iterrows():
        own = {one: round(float(of[name]), 1) if name in of else None for one, of in spread.items()}
        rows.append({key: _named(key, str(name))} | _rated({one: int(row[one]) for one in lines.COUNTED}) | own)
    columns = (ReportColumn(key, label, Kind.TEXT), *COUNTS, *STAGES, *DAYS)
    return ReportSection(key, title, columns, rows, Chart(Look.BARS, key, RATES))


def _named(key: str, name: str) -> str:
    if key == "process" and name in PROCESSES:
        return f"{PROCESSES[name].title} {name}"
    return name


def _distribution(frame: "DataFrame") -> ReportSection:
    used = frame.dropna(subset=["used"])
    many = used.groupby(used.used.astype(int).clip(upper=LONGEST)).lines.sum()
    names = {LONGEST: f"≥ {LONGEST}"}
    rows: list[dict[str, Value]] = [
        {"days": names.get(day, str(day)), "lines": int(many.get(day, 0))}
        for day in range(max(many.index, default=-1) + 1)
    ]
    columns = (ReportColumn("days", "用时 Days used", Kind.TEXT), ReportColumn("lines", "行数 Lines"))
    chart = Chart(Look.DISTRIBUTION, "days", ("lines",))
    return ReportSection("days", "生产用时分布 Working days used", columns, rows, chart)


def _overdue(connection: Connection, period: Period, seen: str) -> ReportSection:
    as_of, known = lines.last_day_over(period), calendar_today(connection)
    rows: list[dict[str, Value]] = [
        dict(row._mapping) | {"over": working_days_between(known, row.due, as_of)}
        for row in lines.overdue(connection, as_of, seen)
    ]
    columns = (
        ReportColumn("number", "单号 Case", Kind.TEXT),
        ReportColumn("line_no", "行 Line"),
        ReportColumn("part", "配件 Part", Kind.TEXT),
        ReportColumn("unit", "生产单位 Unit", Kind.TEXT),
        ReportColumn("office", "办事处 Office", Kind.TEXT),
        ReportColumn("due", "承诺 Promised", Kind.DAY),
        ReportColumn("over", "超期工作日 Days over"),
    )
    note = f"截至 {as_of} 应完工而未完工，承诺日已加停钟 due and not made by then, the promise moved by pauses"
    return ReportSection("overdue", "逾期清单 Overdue", columns, rows, note=note)


def _penalties(connection: Connection, period: Period) -> ReportSection:
    rows = [dict(row._mapping) for row in lines.penalties(connection, period)]
    columns = (
        ReportColumn("unit", "生产单位 Unit", Kind.TEXT),
        ReportColumn("lines", "逾期项 Late items"),
        ReportColumn("amount", "意见金额 Opinions (CNY)", Kind.MONEY),
        ReportColumn("confirmed", "已确认 Confirmed (CNY)", Kind.MONEY),
        ReportColumn("proposed", "待确认 Proposed (CNY)", Kind.MONEY),
        ReportColumn("dropped", "减免 Reduced (CNY)", Kind.MONEY),
    )
    note = "按完工月份；待确认的并入下月结算 by the month of completion; what is not confirmed settles next month"
    chart = Chart(Look.STACKED, "unit", ("confirmed", "proposed"))
    return ReportSection("penalties", "周期处罚 Penalties", columns, rows, chart, note)
