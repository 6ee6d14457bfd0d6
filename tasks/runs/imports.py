"""Sheets that jobs take in: each chunk a task run, the run's name tells how far it is, a page what became."""

from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from prefect import Flow
from prefect.client.schemas.filters import FlowRunFilter

from schemas.problems import AftersalesError, BadInput
from schemas.sheet_kinds import SheetKind
from tasks.durable import clock
from tasks.runs.job import REFUSED, Job, told
from tasks.runs.parking import deployment_of, prefect_client
from tasks.sheets import dropbox, places
from tasks.sheets.fetch import refused_file, shown_name
from tasks.sheets.importing import import_file
from tasks.sheets.outcome import Became
from tasks.sheets.reader import unchanged
from tasks.sheets.report import SheetReport, summary
from tasks.unit.refusals import is_lost

TAKING_IN = UUID("5b6e4f4a-3c0b-4d8e-9a57-0c9d2f6b7e11")  # the lock of the one that takes in the drop folder
TOO_MUCH_MEMORY = (
    "读入所需内存超过 AFTERSALES_JOB_MEMORY，请拆分 needs more memory than AFTERSALES_JOB_MEMORY allows: split it"
)
MOST_TOLD = 300  # characters of a fault


def import_shown(
    job: Job, path: Path, reports: Path, kind: SheetKind | None = None, name: str = ""
) -> tuple[SheetReport, str]:
    """Take in a file and show each chunk as a task run; gives its report and what became of it in a word.

    What there is to read of it goes to the folder `reports`; `name` is what people call the file.
    """
    reports.mkdir(parents=True, exist_ok=True)
    name = shown_name(name or path.name)

    def tell(done: int, rows: int) -> None:
        job.tell(f"{name} · {done:,}/{rows:,} 行")

    try:
        report = import_file(job.db, path, kind, reports, reports, tell, job.chunk, name)
    except MemoryError:
        raise refused_file(name, TOO_MUCH_MEMORY) from None
    return report, report.word


def take_in(job: Job, file: Path) -> str:
    """Take in one file of the drop folder and put it away; gives what became of it in a word.

    Raises whatever lets the file be tried again: faults of the house, and of a file those of its first tries.
    """
    tries = dropbox.note_try(file, clock.now())
    try:
        if tries <= dropbox.MOST_TRIES:
            with unchanged(file):
                done = _imported(job, file)
            return _put_away(job, file, *done)
        why = "读入时程序中断 the program that read it was ended each time"
    except Exception as fault:
        if _is_of_the_house(fault):
            dropbox.excuse(file)
            raise
        if tries < dropbox.MOST_TRIES:
            raise
        why = str(fault) if isinstance(fault, AftersalesError) else repr(fault)
    return _put_away(job, file, *_refused(f"已试 {dropbox.MOST_TRIES} 次 tried so many times: {why[:MOST_TOLD]}"))


def _imported(job: Job, file: Path) -> tuple[str, str, str, str]:
    """Import a file in hand; gives what became of it, to which room it goes, its report as text and as a page."""
    try:
        report, became = import_shown(job, file, _reports(file), name=dropbox.name_of(file))
    except BadInput as wrong:
        return _refused(str(wrong))
    room = dropbox.REJECTED if report.counts[Became.REJECTED] else dropbox.DONE
    return became, room, summary(report, lambda told: told.name), summary(report, places.here().link)


def _refused(why: str) -> tuple[str, str, str, str]:
    ended = told(REFUSED, why)
    return ended.name, dropbox.REJECTED, ended.message, ended.page


def _put_away(job: Job, file: Path, became: str, room: str, text: str, page: str) -> str:
    name, reports = dropbox.name_of(file), _reports(file)
    reports.mkdir(parents=True, exist_ok=True)
    job.show(page, name)
    job.tell(f"{name} · {became}")
    dropbox.add_report(file, text, reports)
    dropbox.put_away(file, room, clock.now())
    return became


def _reports(file: Path) -> Path:
    """Give the folder of the reports of a file in hand."""
    return places.here().reports / file.parent.name


def _is_of_the_house(fault: Exception) -> bool:
    """Say whether no file is to blame: database, disk or Prefect cannot be reached, or are full or starting."""
    answered = isinstance(fault, httpx.HTTPStatusError) and fault.response.is_server_error
    return answered or isinstance(fault, OSError | httpx.TransportError) or is_lost(fault)


def start_run(flow: Flow[..., Any]) -> str:
    """Start a run of a flow's deployment, unless one is about to begin; gives its name."""
    with prefect_client() as client:
        deployment = deployment_of(flow.name).id
        waiting = {"deployment_id": {"any_": [deployment]}, "state": {"type": {"any_": ["SCHEDULED", "PENDING"]}}}
        runs = client.read_flow_runs(flow_run_filter=FlowRunFilter.model_validate(waiting), limit=1)
        return (runs or [client.create_flow_run_from_deployment(deployment)])[0].name
