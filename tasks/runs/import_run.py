"""The Prefect run of an import: each chunk a task run, the run's name tells how far it is, a page what became."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import ValidationError
from sqlalchemy import Engine

from schemas.forms.sheets import SheetImport
from schemas.problems import BadInput, NotFound, problems_of
from schemas.sheet_kinds import SheetKind
from tasks.durable import database
from tasks.runs.job_run import as_task, name_by_progress, show_name, this_run
from tasks.runs.locks import at_work
from tasks.sheets import places
from tasks.sheets.fetch import fetched
from tasks.sheets.importing import import_sheet
from tasks.sheets.outcome import Became
from tasks.sheets.report import SheetReport, summary

REFUSED, KEY = "未受理", "sheet-import"


def run_import(given: object) -> State[Any]:
    """Take in the sheet that a form names; ends Completed with what became of its rows."""
    db, run = database.current(), this_run()
    with at_work(db, run) as ours:
        if not ours:
            return Completed(name="已在导入", message="另一个进程正在导入 another process is at it")
        try:
            form = read_import(given)
            with fetched(form.file) as path:
                report = import_shown(db, path, form.sheet_kind, run)
        except (BadInput, NotFound) as wrong:
            return refused(str(wrong))
    return ended(report)


def read_import(given: object) -> SheetImport:
    """Read the form; BadInput names every field that is wrong."""
    try:
        return SheetImport.model_validate(dict(given) if isinstance(given, Mapping) else given)
    except ValidationError as error:
        raise BadInput(problems_of(error)) from None


def import_shown(db: Engine, path: Path, kind: SheetKind | None, job: UUID) -> SheetReport:
    """Take in a file and show each chunk as a task run; its report goes to the folder of the `job`."""
    folder = places.current().reports / job.hex
    folder.mkdir(parents=True, exist_ok=True)
    return import_sheet(
        db, path, kind, out=folder, docs=folder, on_progress=name_by_progress(f"导入 {path.name}"), run_chunk=as_task
    )


def ended(report: SheetReport) -> State[Any]:
    """End the run under a name that says what became of the file, and show its page."""
    text = summary(report, places.current().link)
    create_markdown_artifact(text, key=KEY, description=f"表格导入 Import: {report.name}")
    name = state_name(report)
    show_name(f"导入 {report.name} · {name}")
    return Completed(name=name, message=f"{report.name}: {report.line}")


def state_name(report: SheetReport) -> str:
    """Say in a word what became of a file."""
    counts = report.counts
    if not counts[Became.REJECTED]:
        return "已导入"
    return "全部退回" if counts[Became.REJECTED] == counts.total() else "部分退回"


def refused(why: str) -> State[Any]:
    """End the run of a file that was refused as a whole."""
    lines = "  \n".join([f"### {REFUSED}", *why.splitlines()])
    create_markdown_artifact(lines, key=KEY, description="表格导入 Import")
    return Completed(name=REFUSED, message=why)
