"""The weekly report on follow-up calls 回访周报 (S4): due, made, reached, attempts, satisfaction, complaints."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from schemas.forms.calls import CallWhy
from tasks.reports.calls_queries import calls_counted
from tasks.reports.registry import About, report
from tasks.reports.rules import share
from tasks.reports.shapes import Chart, KeyFigure, Kind, Look, Report, ReportColumn, ReportSection, Value
from tasks.rounds.rules import Cadence

CONVENTION = (
    "事由发生在期间内的回访；接通=与客户通话；满意率=满意÷（满意+不满意） "
    "calls whose reason arose in these days; reached = spoken to; satisfaction = satisfied ÷ (satisfied + unsatisfied)"
)
COUNTED = (
    ReportColumn("due", "应回访 Due"),
    ReportColumn("made", "已拨打 Made"),
    ReportColumn("reached", "接通 Reached"),
    ReportColumn("attempts", "拨打次数 Attempts"),
    ReportColumn("reach", "接通率 Reach", Kind.RATE),
    ReportColumn("rate", "满意率 Satisfaction", Kind.RATE),
    ReportColumn("complaints", "转投诉 Complaints"),
)
GROUPS = {"agent": "坐席 Agents", "office": "办事处 Offices", "why": "事由 Reasons"}


@report("calls", "回访周报 Follow-up calls", Cadence.WEEK)
def calls(connection: Connection, about: About) -> Report:
    """Count a week's follow-up calls by agent, office and reason."""
    rows = calls_counted(connection, about.period)
    (whole,) = (_counted(row) for row in rows if row.by == "all")
    measures = (
        KeyFigure("due", "应回访 Due", whole["due"], Kind.COUNT),
        KeyFigure("made", "已拨打 Made", whole["made"], Kind.COUNT),
        KeyFigure("attempts", "拨打次数 Attempts", whole["attempts"], Kind.COUNT),
        KeyFigure("reach", "接通率 Reach", whole["reach"]),
        KeyFigure("satisfaction", "满意率 Satisfaction", whole["rate"]),
        KeyFigure("complaints", "转投诉 Complaints", whole["complaints"], Kind.COUNT),
    )
    sections = tuple(_section(key, title, rows) for key, title in GROUPS.items())
    return Report(*about, CONVENTION, f"{whole['due']:,} 次回访 calls", measures, sections)


def _section(key: str, title: str, rows: Sequence[Row[Any]]) -> ReportSection:
    columns = (ReportColumn("name", title, Kind.TEXT), *COUNTED)
    counted = [_counted(row) for row in rows if row.by == key]
    return ReportSection(key, title, columns, counted, Chart(Look.BARS, "name", ("reach", "rate")))


def _counted(row: Row[Any]) -> dict[str, Any]:
    told: dict[str, Value] = {"name": CallWhy(row.name).zh if row.by == "why" else row.name}
    told |= {name: int(getattr(row, name)) for name in ("due", "made", "reached", "attempts", "complaints")}
    said = row.satisfied + row.unsatisfied
    return told | {"reach": share(row.reached, row.due), "rate": share(row.satisfied, said)}
