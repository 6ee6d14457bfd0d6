"""The commands that count and publish; each report of the house is one: its figures, its page, its workbook."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType
from sqlalchemy import Engine

from deployments.cli.as_json import Object
from deployments.cli.output import drawn, table
from deployments.cli.session import Force, Output, command, installation, report_app
from deployments.cli.sheets import refuse_overwriting
from deployments.cli.values import FirstDay, LastDay, period_of, wrong
from tasks.desk.reports.markdown import report_markdown
from tasks.desk.reports.page import Stamp, report_page
from tasks.desk.reports.publishing import PUBLISHED, edition_path, lay_out
from tasks.desk.rules import full_time
from tasks.durable import clock
from tasks.reports.publication import publish_correction, publish_first
from tasks.reports.queries import cycle_counts, mark_counts
from tasks.reports.registry import ReportKind, known_reports, report_kind
from tasks.reports.rules import CONVENTIONS, Convention, CycleCount, GroupedBy, MarkCount, cycle_total, mark_total
from tasks.reports.shapes import Report
from tasks.reports.wording import as_object
from tasks.rounds.rules import Period
from tasks.sheets.fetch import refused_file
from tasks.unit.files import write_whole

PageFile = Annotated[Path | None, typer.Option("--page", metavar="FILE", help="另存网页 also a page of HTML")]
BookFile = Annotated[Path | None, typer.Option("--workbook", metavar="FILE", help="另存工作簿 also a workbook, .xlsx")]
By = Annotated[GroupedBy, typer.Option(help="按什么分组 what the rows stand for")]


@command(report_app, processes=True)
def cycle(
    db: Engine,
    first: FirstDay,
    last: LastDay,
    by: By = GroupedBy.UNIT,
    convention: Annotated[Convention, typer.Option(help="按期的口径 what on time means")] = Convention.DAY,
    page: PageFile = None,
    workbook: BookFile = None,
    force: Force = False,
) -> Output:
    """周期 Count the lines that were promised for these days: on time, late, not done yet."""
    period = period_of(first, last)
    if convention is not Convention.DAY and (page or workbook):
        raise wrong("--convention", convention, f"网页和工作簿的口径为 pages and workbooks count by {Convention.DAY}")
    written = _files(db, report_kind("cycle"), period, page, workbook, force)
    with db.connect() as connection:
        rows = cycle_counts(connection, by, convention, period)
    total = cycle_total(rows)
    shape = {"convention": convention, "from": period.first, "to": period.last, "total": _cycle_object(total)}
    headings = ("分组 Group", "行数 Lines", "按期 On time", "逾期 Late", "未完成 Open", "按期率 Rate")
    cells = [(row.group or "—", *row[1:], _percent(row.on_time_rate)) for row in rows]
    cells.append(("合计 Total", *total[1:], _percent(total.on_time_rate)))
    told = f"{period.first} – {period.last} · {CONVENTIONS[convention]}"
    shown: list[RenderableType] = [told, table(*headings, rows=cells), *written]
    return Output(shape | {"rows": [{"group": row.group} | _cycle_object(row) for row in rows]}, shown)


@command(report_app, processes=True)
def satisfaction(
    db: Engine,
    first: FirstDay,
    last: LastDay,
    by: By = GroupedBy.UNIT,
    page: PageFile = None,
    workbook: BookFile = None,
    force: Force = False,
) -> Output:
    """满意度 Count the marks of cases that ended in these days; 4 and 5 are satisfied."""
    period = period_of(first, last)
    written = _files(db, report_kind("satisfaction"), period, page, workbook, force)
    with db.connect() as connection:
        rows = mark_counts(connection, by, period)
    total = mark_total(rows)
    shape = {"from": period.first, "to": period.last, "total": _mark_object(total)}
    cells = [(row.group or "—", *row[1:], _percent(row.rate)) for row in rows]
    cells.append(("合计 Total", *total[1:], _percent(total.rate)))
    told = f"{period.first} – {period.last} · 4、5 分为满意 marks of 4 and 5 are satisfied"
    headings = ("分组 Group", "收回 Returned", "满意 Satisfied", "满意率 Rate")
    shown: list[RenderableType] = [told, table(*headings, rows=cells), *written]
    return Output(shape | {"rows": [{"group": row.group} | _mark_object(row) for row in rows]}, shown)


@command(report_app, processes=True)
def publish(
    db: Engine,
    report: Annotated[str, typer.Argument(help="报表的代码或名称 its code or title")],
    first: FirstDay,
    last: LastDay,
    reason: Annotated[str, typer.Option(help="更正原因 why it is corrected: a new edition")] = "",
    staff: Annotated[str, typer.Option("--as", help="更正人工号 who corrects it")] = "",
) -> Output:
    """公示 Publish a report; with a reason, a new edition of one that was published. Lost files are written again."""
    kind, period, why = report_kind(report), period_of(first, last), reason.strip()
    edition = publish_correction(db, kind, period, staff, why) if why else publish_first(db, kind, period)
    reports = installation().places.reports
    lay_out(db, reports)
    file = reports / PUBLISHED / edition_path(edition)
    about = f"✓ {edition.title} {period.first} – {period.last} 第 {edition.edition} 版 edition → {file}"
    shape = {"report": edition.kind, "from": period.first, "to": period.last, "edition": edition.edition}
    return Output(shape | {"sha256": edition.sha256, "file": str(file)}, [about])


def _command_of(kind: ReportKind) -> Callable[..., Output]:
    """Make the command of a report that has none of its own."""

    def show(
        db: Engine,
        first: FirstDay,
        last: LastDay,
        page: PageFile = None,
        workbook: BookFile = None,
        force: Force = False,
    ) -> Output:
        period = period_of(first, last)
        written, made = _files(db, kind, period, page, workbook, force), _made(db, kind, period)
        return Output(as_object(made), [drawn(report_markdown(made, "")), *written])

    show.__doc__ = kind.title
    return show


for _kind in known_reports().values():
    if _kind.code not in ("cycle", "satisfaction"):
        command(report_app, _kind.code, processes=True)(_command_of(_kind))


def _made(db: Engine, kind: ReportKind, period: Period) -> Report:
    with db.connect() as connection:
        return kind.made(connection, period)


def _files(
    db: Engine, kind: ReportKind, period: Period, page: Path | None, workbook: Path | None, force: bool
) -> list[str]:
    """Write a report's page and workbook where they are wanted; says where they are."""
    wanted = [file for file in (page, workbook) if file]
    for file in wanted:
        refuse_overwriting(file, force)
    if not wanted:
        return []
    made = _made(db, kind, period)
    if page:
        try:
            write_whole(page, report_page(made, Stamp(made_at=full_time(clock.now()))).encode())
        except OSError as error:
            raise refused_file(page.name, f"无法写入 cannot be written ({error.strerror})") from error
    if workbook:
        from tasks.sheets.report_book import write_report  # slow to import

        write_report(made, workbook)
    return [f"✓ {file}" for file in wanted]


def _cycle_object(count: CycleCount) -> Object:
    return {name: value for name, value in count._asdict().items() if name != "group"} | {
        "on_time_rate": count.on_time_rate
    }


def _mark_object(count: MarkCount) -> Object:
    return {"returned": count.returned, "satisfied": count.satisfied, "rate": count.rate}


def _percent(rate: float | None) -> str:
    return "" if rate is None else f"{rate:.2%}"
