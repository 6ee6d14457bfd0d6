"""The commands that take in forms and sheets, and give templates."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer
from sqlalchemy import Engine

from deployments.cli.as_json import chosen, problem_objects
from deployments.cli.output import next_lines, reasons
from deployments.cli.session import Force, Output, app, command, history_app, sheet_app
from deployments.cli.values import fill_in, read_form, wrong
from schemas.problems import AftersalesError, BadInput
from schemas.sheet_kinds import sheet_kind
from schemas.words import Channel
from tasks.desk.queries import case_view
from tasks.desk.views import CaseView
from tasks.documents.queries import find_case
from tasks.durable.opening import open_case
from tasks.durable.process import PROCESSES, Process
from tasks.durable.stage import advance
from tasks.privacy.rules import mask_text
from tasks.sheets.queries import template_lists

FORMS = (".json", ".yaml", ".yml")
MOST_TOLD = 20  # rows that went back; the reject sheet has all of them


@command(app, processes=True)
def apply(
    db: Engine,
    file: Annotated[Path, typer.Argument(help="一份申报 .json .yaml；表格用 sheet import for sheets")],
    process: Annotated[str, typer.Option(metavar="CODE", help="流程代码，只有一种时可不填 which process")] = "",
    origin: Annotated[str, typer.Option(help="同一来源只受理一次 the same origin is accepted once")] = "",
) -> Output:
    """申报 Send an application: opens a case and brings it to its first gate."""
    if file.suffix.lower() not in FORMS:
        raise wrong("文件 file", file.name, f"应为 must be {' '.join(FORMS)}；表格用 a sheet: aftersales sheet import")
    definition = process_of(process)
    data = fill_in(definition.request, read_form(file), [])
    try:
        opened = open_case(db, definition.code, data, origin or f"cli:{uuid4()}", Channel.CLI)
    except BadInput as refused:
        shape = {"accepted": [], "problems": problem_objects(refused.problems)}
        return Output(shape, [], [reasons("未受理 refused", refused.problems)], done=False)
    try:
        advance(db, opened.case_id)
    except AftersalesError as error:  # it is accepted; what keeps it back is noted on it, and the watch tries again
        typer.echo(f"! {opened.number}: {error}", err=True)
    became = "已受理 accepted" if opened.new else "此前已受理 was accepted before"
    shape = {"accepted": [chosen(vars(opened), ("number", "new"))], "problems": []}
    return Output(shape, [f"✓ {opened.number} {became}", *next_lines(view_of(db, opened.number))])


def process_of(code: str) -> Process:
    """Find the process that is meant; the only one need not be named."""
    if code.strip().upper() in PROCESSES:
        return PROCESSES[code.strip().upper()]
    if len(PROCESSES) == 1 and not code:
        return next(iter(PROCESSES.values()))
    known = "、".join(f"{one.code} {one.title}" for one in PROCESSES.values())
    raise wrong("--process", code, f"应为 must be one of: {known}")


def view_of(db: Engine, number: str) -> CaseView:
    """Load a case by its number; contact data in what was written of it is masked."""
    with db.connect() as connection:
        view = case_view(connection, find_case(connection, number))
    case = view.case
    reason, fault = mask_text(case.ending_reason, case), case.fault and mask_text(case.fault, case)
    name = mask_text(case.customer_name, case)
    facts = [(name, mask_text(fact, case)) for name, fact in view.lines.facts]
    items = [item._replace(refused_because=mask_text(item.refused_because, case)) for item in view.items]
    case = replace(case, ending_reason=reason, fault=fault, customer_name=name)
    return replace(view, case=case, lines=view.lines._replace(facts=facts), items=items)


@command(sheet_app, machines=False)
def template(
    db: Engine,
    kind: Annotated[str, typer.Argument(help="表的种类 e.g. review")],
    out: Annotated[Path, typer.Argument(metavar="OUT.xlsx")],
    force: Force = False,
) -> Output:
    """模板 Write an empty sheet of a kind with lists, an example and notes."""
    from tasks.sheets.template import write_template  # openpyxl takes a while to import

    described = sheet_kind(kind)
    refuse_overwriting(out, force)
    with db.connect() as connection:
        lists = template_lists(connection)
    write_template(out, described, lists)
    return Output(None, [f"✓ {described.title}模板 template: {out}"])


@command(sheet_app, name="import", processes=True)
def import_(
    db: Engine,
    file: Annotated[Path, typer.Argument(help="工作簿或 csv a workbook or csv")],
    kind: Annotated[str, typer.Option(help="表的种类，空则自行辨认 recognised if empty")] = "",
) -> Output:
    """导入 Take in a sheet of applications, decisions, reports or sales records; rows that went back are not done."""
    return take_in(db, file, kind)


@command(history_app, name="import", processes=True)
def import_history(db: Engine, file: Annotated[Path, typer.Argument(help="工作簿或 csv a workbook or csv")]) -> Output:
    """导入历史 Take in cases from before the system: case_no, started_at and what else is known of each."""
    return take_in(db, file, "history")


def take_in(db: Engine, file: Path, kind: str) -> Output:
    """Take in a sheet of a kind, "" for whatever it is; tells what became of it."""
    from tasks.sheets.importing import import_file

    report = import_file(db, file, sheet_kind(kind) if kind else None)
    shape = {
        "counts": {became.name.lower(): count for became, count in report.counts.items()},
        "numbers": [number for table in report.tables for number in table.numbers],
        "rejected": [
            {"row": one.no, "key": one.number, "problems": problem_objects(one.problems)} for one in report.rejected
        ],
        "reject_sheet": report.reject_sheet,
        "fault": report.fault,
    }
    errors = [reasons(f"退回 row {one.no} goes back", one.problems) for one in report.rejected[:MOST_TOLD]]
    if len(report.rejected) > MOST_TOLD:
        errors.append(f"… 共 {len(report.rejected)} 行退回 rows go back")
    told = [f"{report.name}: {report.line}"]
    told += [f"✓ {table.kind.title}: {'、'.join(table.numbers)}" for table in report.tables if table.numbers]
    if report.reject_sheet:
        told.append(f"退回表 reject sheet: {report.reject_sheet}")
    if report.fault:
        errors.append(f"! {report.fault}")
    return Output(shape, told, errors, done=not report.rejected)


def refuse_overwriting(out: Path, force: bool) -> None:
    """Raise BadInput where a file would be lost."""
    if out.exists() and not force:
        raise wrong("文件 file", out.name, "文件已存在，用 --force 覆盖 the file exists: --force overwrites it")
