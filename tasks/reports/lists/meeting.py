"""The pack for the weekly meeting, Tuesday 10:00: open tasks, cases, complaints, what calls found (S1 1.1)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from schemas.forms.complaints import Satisfaction
from schemas.words import Role
from tasks.cycle.rules import shanghai_day
from tasks.durable.process import PROCESSES
from tasks.reports.complaints.queries import hotline
from tasks.reports.complaints.rules import Callback, measures
from tasks.reports.complaints.sections import unsolved
from tasks.reports.counting import bounds, range_of, text
from tasks.reports.lists.queries import cases_in, open_tasks
from tasks.reports.registry import About, report
from tasks.reports.shapes import Chart, Kind, Look, Report, ReportColumn, ReportSection, Value
from tasks.rounds.rules import Cadence

CONVENTION = "截至期末最后一刻的待办与单据 Tasks and cases as they stood at the end of the last day, Asia/Shanghai"
OPEN, OVERDUE = ReportColumn("open", "未办 Open"), ReportColumn("overdue", "逾期 Overdue")
OLDEST = ReportColumn("oldest", "最早 Oldest", Kind.DAY)


@report("meeting", "周例会材料 Weekly meeting pack", Cadence.WEEK_TO_MONDAY)
def meeting(connection: Connection, about: About) -> Report:
    """Gather what the Tuesday meeting talks about."""
    seen, cases = hotline(connection, about.period), cases_in(connection, about.period)
    return Report(
        *about,
        convention=f"{CONVENTION} · {seen.convention}",
        of=range_of(
            "单据 cases", sum(one.open for one in cases), [shanghai_day(one.oldest) for one in cases if one.oldest]
        ),
        measures=measures(seen),
        sections=(
            tasks(open_tasks(connection, bounds(about.period)["end"])),
            by_process(cases),
            unsolved(seen, "complaints", "未结投诉 Open complaints", public=False),
            call_findings(seen.callbacks),
        ),
    )


def tasks(found: Sequence[Row[Any]]) -> ReportSection:
    """Show what waits for whom."""
    rows: list[dict[str, Value]] = [
        {"role": Role(one.role).zh, "title": one.title, "open": one.open, "overdue": one.overdue}
        | {"oldest": shanghai_day(one.oldest)}
        for one in found
    ]
    columns = (text("role", "角色 Role"), text("title", "待办 Task"), OPEN, OVERDUE, OLDEST)
    return ReportSection("tasks", "待办 Open tasks", columns, rows)


def by_process(found: Sequence[Row[Any]]) -> ReportSection:
    """Show what came, was closed and is open, by process."""
    rows: list[dict[str, Value]] = [
        {"process": f"{one.process} {PROCESSES[one.process].title if one.process in PROCESSES else ''}".strip()}
        | {"came": one.came, "closed": one.closed, "open": one.open}
        | {"oldest": shanghai_day(one.oldest) if one.oldest else None}
        for one in found
    ]
    came, closed = ReportColumn("came", "新开 Came"), ReportColumn("closed", "结案 Closed")
    columns = (text("process", "流程 Process"), came, closed, OPEN, OLDEST)
    return ReportSection("cases", "单据 Cases", columns, rows, Chart(Look.BARS, "process", ("came", "closed", "open")))


def call_findings(callbacks: Sequence[Callback]) -> ReportSection:
    """List what customers were not satisfied with at the calls."""
    rows: list[dict[str, Value]] = [
        {"number": one.number, "day": shanghai_day(one.at), "unit": one.unit, "reason": one.reason}
        for one in callbacks
        if one.said == Satisfaction.UNSATISFIED
    ]
    case = (text("number", "单号 Case"), ReportColumn("day", "回访 Called", Kind.DAY))
    columns = (*case, text("unit", "责任单位 Unit"), text("reason", "不满意原因 Why"))
    return ReportSection("calls", "回访发现 Call findings", columns, rows)
