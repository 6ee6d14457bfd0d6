"""The commands that count: how much was done in time, how satisfied customers were."""

from typing import Annotated

import typer
from rich.console import RenderableType
from sqlalchemy import Engine

from deployments.cli.as_json import Object
from deployments.cli.output import table
from deployments.cli.session import Output, command, report_app
from deployments.cli.values import FirstDay, LastDay, period_of
from tasks.reports.queries import cycle_counts, mark_counts
from tasks.reports.rules import CONVENTIONS, Convention, CycleCount, GroupedBy, MarkCount, cycle_total, mark_total

By = Annotated[GroupedBy, typer.Option(help="按什么分组 what the rows stand for")]


@command(report_app)
def cycle(
    db: Engine,
    first: FirstDay,
    last: LastDay,
    by: By = GroupedBy.UNIT,
    convention: Annotated[Convention, typer.Option(help="按期的口径 what on time means")] = Convention.DAY,
) -> Output:
    """周期 Count the lines that were promised for these days: on time, late, not done yet."""
    period = period_of(first, last)
    with db.connect() as connection:
        rows = cycle_counts(connection, by, convention, period)
    total = cycle_total(rows)
    shape = {"convention": convention, "from": period.first, "to": period.last, "total": _cycle_object(total)}
    headings = ("分组 Group", "行数 Lines", "按期 On time", "逾期 Late", "未完成 Open", "按期率 Rate")
    cells = [(row.group or "—", *row[1:], _percent(row.on_time_rate)) for row in rows]
    cells.append(("合计 Total", *total[1:], _percent(total.on_time_rate)))
    shown: list[RenderableType] = [
        f"{period.first} – {period.last} · {CONVENTIONS[convention]}",
        table(*headings, rows=cells),
    ]
    return Output(shape | {"rows": [{"group": row.group} | _cycle_object(row) for row in rows]}, shown)


@command(report_app)
def satisfaction(db: Engine, first: FirstDay, last: LastDay, by: By = GroupedBy.UNIT) -> Output:
    """满意度 Count the marks of cases that ended in these days; 4 and 5 are satisfied."""
    period = period_of(first, last)
    with db.connect() as connection:
        rows = mark_counts(connection, by, period)
    total = mark_total(rows)
    shape = {"from": period.first, "to": period.last, "total": _mark_object(total)}
    cells = [(row.group or "—", *row[1:], _percent(row.rate)) for row in rows]
    cells.append(("合计 Total", *total[1:], _percent(total.rate)))
    told = f"{period.first} – {period.last} · 4、5 分为满意 marks of 4 and 5 are satisfied"
    shown: list[RenderableType] = [
        told,
        table("分组 Group", "收回 Returned", "满意 Satisfied", "满意率 Rate", rows=cells),
    ]
    return Output(shape | {"rows": [{"group": row.group} | _mark_object(row) for row in rows]}, shown)


def _cycle_object(count: CycleCount) -> Object:
    return {name: value for name, value in count._asdict().items() if name != "group"} | {
        "on_time_rate": count.on_time_rate
    }


def _mark_object(count: MarkCount) -> Object:
    return {"returned": count.returned, "satisfied": count.satisfied, "rate": count.rate}


def _percent(rate: float | None) -> str:
    return "" if rate is None else f"{rate:.2%}"
