"""The commands that work on sheets: a template, the inbox of a role as a workbook, an import."""

from pathlib import Path
from typing import Any

import typer
from sqlalchemy import Engine

from deployments.cli.as_json import problems_json, show_json
from deployments.cli.output import show, tell_problems
from flows import load
from schemas.problems import BadInput, Problem
from schemas.sheet_kinds import sheet_kind
from schemas.words import Role
from tasks.sheets.importing import import_sheet
from tasks.sheets.inbox import write_inbox
from tasks.sheets.outcome import RowOutcome
from tasks.sheets.queries import template_lists
from tasks.sheets.report import SheetReport
from tasks.sheets.template import write_template

MOST_TOLD = 20  # rows that went back; the reject sheet has all of them


def write_template_file(db: Engine, kind: str, out: Path, force: bool) -> None:
    """Write the template of a sheet kind."""
    described = sheet_kind(kind)
    _refuse_overwriting(out, force)
    with db.connect() as connection:
        lists = template_lists(connection)
    write_template(out, described, lists)
    show(f"✓ {described.title}模板 template: {out}")


def write_inbox_file(db: Engine, role: Role, out: Path, office: str, unit: str, force: bool) -> None:
    """Write what waits for a role as a workbook that can be decided and sent back."""
    _refuse_overwriting(out, force)
    written = write_inbox(db, role, out, office, unit)
    told = "，".join(f"{title} {count}" for title, count in written.items.items())
    show(f"✓ {role.zh}待办 inbox: {told or '没有待办 nothing waits'} → {out}")
    if written.left_out:
        show(f"另有 {written.left_out} 项没有表格，请用其他方式办理 items have no sheet")


def import_file(db: Engine, file: Path, kind: str, as_json: bool) -> bool:
    """Take a sheet in; True when no row went back."""
    described = sheet_kind(kind) if kind else None
    load()
    report = import_sheet(db, file, described)
    if as_json:
        show_json(_report_json(report))
    else:
        _tell_report(report)
    return not report.rejected


def _refuse_overwriting(out: Path, force: bool) -> None:
    if out.exists() and not force:
        expected = "文件已存在，用 --force 覆盖 the file exists: --force overwrites it"
        raise BadInput([Problem("文件 file", out.name, expected)])


def _report_json(report: SheetReport) -> dict[str, Any]:
    return {
        "counts": {became.name.lower(): count for became, count in report.counts.items()},
        "numbers": [number for table in report.tables for number in table.numbers],
        "rejected": [_row_json(outcome) for outcome in report.rejected],
        "reject_sheet": report.reject_sheet,
        "fault": report.fault,
    }


def _row_json(outcome: RowOutcome) -> dict[str, Any]:
    problems = problems_json(outcome.problems)
    return {"row": outcome.no, "key": outcome.number, "problems": problems}


def _tell_report(report: SheetReport) -> None:
    show(f"{report.name}: {report.line}")
    for table in report.tables:
        if table.numbers:
            show(f"✓ {table.kind.title}: {'、'.join(table.numbers)}")
    for outcome in report.rejected[:MOST_TOLD]:
        tell_problems(f"退回 row {outcome.no} goes back", outcome.problems)
    if len(report.rejected) > MOST_TOLD:
        typer.echo(f"… 共 {len(report.rejected)} 行退回 rows go back", err=True)
    if report.reject_sheet:
        show(f"退回表 reject sheet: {report.reject_sheet}")
    if report.fault:
        typer.echo(f"! {report.fault}", err=True)
