"""Sheets that jobs take in: each chunk a task run, the run's name tells how far it is, a page what became."""

from pathlib import Path
from typing import Any
from uuid import UUID

from prefect import Flow

from schemas.problems import BadInput
from schemas.sheet_kinds import SheetKind
from tasks.durable import clock
from tasks.runs.job import REFUSED, Job, told
from tasks.runs.parking import deployment_of, prefect_client
from tasks.sheets import dropbox, places
from tasks.sheets.importing import import_file
from tasks.sheets.outcome import Became
from tasks.sheets.report import SheetReport, summary


def import_shown(job: Job, path: Path, key: UUID, kind: SheetKind | None = None) -> tuple[SheetReport, str]:
    """Take in a file and show each chunk as a task run; gives its report and what became of it in a word.

    What there is to read of it goes to the folder of `key`.
    """
    folder = places.here().reports / key.hex
    folder.mkdir(parents=True, exist_ok=True)

    def tell(done: int, rows: int) -> None:
        job.tell(f"{path.name} · {done:,}/{rows:,} 行")

    report = import_file(job.db, path, kind, out=folder, docs=folder, on_progress=tell, run_chunk=job.chunk)
    rejected = report.counts[Became.REJECTED]
    if not rejected:
        return report, "已导入"
    return report, "全部退回" if rejected == report.counts.total() else "部分退回"


def take_in(job: Job, folder: Path, file: Path, key: UUID) -> str:
    """Take in one file of the drop folder and put it away; gives what became of it in a word."""
    try:
        report, became = import_shown(job, file, key)
    except BadInput as wrong:
        ended = told(REFUSED, str(wrong))
        became, room, text, page = ended.name, dropbox.REJECTED, ended.message, ended.page
    else:
        room = dropbox.REJECTED if report.counts[Became.REJECTED] else dropbox.DONE
        text, page = summary(report, lambda told: told.name), summary(report, places.here().link)
    job.show(page, file.name)
    job.tell(f"{file.name} · {became}")
    dropbox.add_report(file, text, places.here().reports / key.hex)
    dropbox.put_away(folder, file, room, clock.now())
    return became


def start_run(flow: Flow[..., Any]) -> str:
    """Start a run of a flow's deployment; gives its name."""
    with prefect_client() as client:
        return client.create_flow_run_from_deployment(deployment_of(flow.name).id).name
