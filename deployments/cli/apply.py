"""`aftersales apply`: an application from a form file, or a sheet of them, each opened once and brought to a gate."""

from pathlib import Path
from uuid import uuid4

import typer
from sqlalchemy import Engine

from deployments.cli.as_json import problems_json, show_json
from deployments.cli.desk import case_id_of, view_of
from deployments.cli.output import next_lines, show, tell_problems
from deployments.cli.sheets import import_file
from deployments.cli.values import read_form
from flows import load
from schemas.problems import AftersalesError, BadInput, Problem
from schemas.words import Channel
from tasks.durable.opening import Opened, open_case
from tasks.durable.process import PROCESSES
from tasks.durable.stage import advance

SHEETS = {".xlsx", ".xlsm", ".xls", ".csv"}
FORMS = {".json", ".yaml", ".yml"}


def apply_file(db: Engine, file: Path, origin: str, as_json: bool) -> bool:
    """Accept the applications of a file and start each; True when none was refused."""
    load()
    kind = file.suffix.lower()
    if kind not in SHEETS | FORMS:
        expected = f"应为 must be {' '.join(sorted(SHEETS | FORMS))}"
        raise BadInput([Problem("文件 file", file.name, expected)])
    if kind in FORMS:
        return _apply_form(db, file, origin, as_json)
    if origin:
        raise BadInput([Problem("--origin", origin, "表格的来源由内容决定 a sheet's origins come from its content")])
    return import_file(db, file, "applications", as_json)


def _apply_form(db: Engine, file: Path, origin: str, as_json: bool) -> bool:
    data, problems, opened = read_form(file, PROCESSES["PA"].request), list[Problem](), list[Opened]()
    try:
        opened.append(open_case(db, "PA", data, origin or f"cli:{uuid4()}", Channel.CLI))
    except BadInput as wrong:
        problems = wrong.problems
    for case in opened:
        _start(db, case.number)
    if as_json:
        accepted = [{"number": case.number, "new": case.new} for case in opened]
        show_json({"accepted": accepted, "problems": problems_json(problems)})
    elif problems:
        tell_problems("未受理 refused", problems)
    for case in [] if as_json else opened:
        show(f"✓ {case.number} {'已受理 accepted' if case.new else '此前已受理 was accepted before'}")
        show(*next_lines(view_of(db, case.number)))
    return not problems


def _start(db: Engine, number: str) -> None:
    """Take a case to its first gate; what keeps one case back is noted on it and keeps no other back."""
    try:
        advance(db, case_id_of(db, number))
    except AftersalesError as error:
        typer.echo(f"! {number}: {error}", err=True)
