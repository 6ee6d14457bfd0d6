"""`aftersales apply`: applications from a form file or a sheet, each opened once and brought to a gate."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import typer
from sqlalchemy import Engine

from deployments.cli_desk import case_id_of, view_of
from deployments.cli_json import problems_json, show_json
from deployments.cli_output import next_lines, show, tell_problems
from deployments.cli_values import read_form
from deployments.services import load_processes
from schemas.problems import AftersalesError, BadInput, Problem
from schemas.states import Channel
from tasks.durable.engine import PROCESSES, advance, open_case
from tasks.sheets.applications import Accepted, Rejected, SheetReport, import_applications

SHEETS = {".xlsx", ".xlsm", ".xls", ".csv"}
FORMS = {".json", ".yaml", ".yml"}


def apply_file(db: Engine, file: Path, origin: str, as_json: bool) -> bool:
    """Accept the applications of a file and start each; True when none was refused."""
    load_processes()
    kind = file.suffix.lower()
    if kind not in SHEETS | FORMS:
        expected = f"应为 must be {' '.join(sorted(SHEETS | FORMS))}"
        raise BadInput([Problem("文件 file", file.name, expected)])
    if origin and kind in SHEETS:
        raise BadInput(
            [Problem("--origin", origin, "表格的来源由内容决定 a sheet's origins come from its content")]
        )
    report = import_applications(db, file) if kind in SHEETS else _apply_form(db, file, origin)
    for accepted in report.accepted:
        _start(db, accepted.number)
    if as_json:
        show_json(_report_json(report))
    else:
        _tell_report(db, report)
    return not report.rejected


def _apply_form(db: Engine, file: Path, origin: str) -> SheetReport:
    data = read_form(file, PROCESSES["PA"].request)
    try:
        opened = open_case(db, "PA", data, origin or f"cli:{uuid4()}", Channel.CLI)
    except BadInput as wrong:
        return SheetReport([], [Rejected([], wrong.problems)])
    return SheetReport([Accepted("", opened.number, opened.new)], [])


def _start(db: Engine, number: str) -> None:
    """Take a case to its first gate; what keeps one case back is noted on it and keeps no other back."""
    try:
        advance(db, case_id_of(db, number))
    except AftersalesError as error:
        typer.echo(f"! {number}: {error}", err=True)


def _report_json(report: SheetReport) -> dict[str, Any]:
    return {
        "accepted": [one._asdict() for one in report.accepted],
        "rejected": [{"rows": one.rows, "problems": problems_json(one.problems)} for one in report.rejected],
        "reject_sheet": report.reject_sheet,
        "fault": report.fault,
    }


def _tell_report(db: Engine, report: SheetReport) -> None:
    for one in report.accepted:
        name = f"{one.row_key} → " if one.row_key else ""
        show(f"✓ {name}{one.number} {'已受理 accepted' if one.new else '此前已受理 was accepted before'}")
        if len(report.accepted) == 1:
            show(*next_lines(view_of(db, one.number)))
    for rejected in report.rejected:
        tell_problems("未受理 refused", rejected.problems)
    if report.rejected and report.accepted:
        show(f"受理 {len(report.accepted)} 份，退回 {len(report.rejected)} 份 accepted and refused")
    if report.reject_sheet:
        show(f"退回表 reject sheet: {report.reject_sheet}")
    if report.fault:
        typer.echo(f"! {report.fault}", err=True)
