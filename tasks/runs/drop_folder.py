"""The Prefect runs of the drop folder: the watch, and the taking in: each file's page shown, the file put away."""

from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed
from sqlalchemy import Engine

from schemas.problems import BadInput
from tasks.durable import clock, database
from tasks.runs.import_run import KEY, REFUSED, import_shown, state_name
from tasks.runs.job_run import show_name, this_run
from tasks.runs.locks import at_work, jobs_at_work
from tasks.sheets import dropbox, places
from tasks.sheets.outcome import Became
from tasks.sheets.report import summary

NOTHING = "无新文件"
TAKE_IN = "投件导入/take-in-dropbox"


def run_watch() -> State[Any]:
    """Look whether something lies in the drop folder; if so, start the run that takes it in.

    The look is cheap and each minute; taking in is neither, so it gets a process of its own.
    """
    folder = places.current().dropbox
    dropbox.make_rooms(folder)
    dropbox.claim_new(folder, clock.now())
    jobs = {job for job, _ in dropbox.in_hand(folder)}
    if not jobs - jobs_at_work(database.current(), jobs):
        return Completed(name=NOTHING, message="投件目录中没有新文件 nothing new in the drop folder")
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name(TAKE_IN)
        started = client.create_flow_run_from_deployment(deployment.id)
    return Completed(name="开始读入", message=f"开始读入 {len(jobs)} 个文件 taking them in: {started.name}")


def run_take_in() -> State[Any]:
    """Take in the files in hand; a file's fault is told, the others go on, it is tried again."""
    db, folder = database.current(), places.current().dropbox
    told, faults = list[str](), list[str]()
    with at_work(db, this_run()):
        for job, file in dropbox.in_hand(folder):
            with at_work(db, job) as ours:
                if not (ours and file.exists()):
                    continue  # another run has it
                try:
                    told.append(f"{file.name}: {take_in(db, folder, file, job)}")
                except Exception as fault:  # noqa: BLE001  one file's, whatever it is; the next round tries again
                    faults.append(f"{file.name}: {fault!r}")
    if faults:
        return Failed(message="\n".join([*faults, *told]))
    if not told:
        return Completed(name=NOTHING, message="没有可读入的文件 nothing to take in")
    return Completed(name=f"{len(told)} 个文件", message="\n".join(told))


def take_in(db: Engine, folder: Path, file: Path, job: UUID) -> str:
    """Take in one file in hand and put it away; gives what became of it in a word."""
    reports = places.current().reports / job.hex
    reports.mkdir(parents=True, exist_ok=True)
    try:
        report = import_shown(db, file, None, job)
    except BadInput as wrong:
        said, page, room = REFUSED, f"### {REFUSED}\n\n{wrong}", dropbox.REJECTED
        text = str(wrong)
    else:
        said, page = state_name(report), summary(report, places.current().link)
        text = summary(report, lambda file: file.name)
        room = dropbox.REJECTED if report.counts[Became.REJECTED] else dropbox.DONE
    create_markdown_artifact(page, key=KEY, description=f"投件 Drop folder: {file.name}")
    show_name(f"投件 {file.name} · {said}")
    dropbox.add_report(file, text, reports)
    dropbox.put_away(folder, file, room, clock.now())
    return said
