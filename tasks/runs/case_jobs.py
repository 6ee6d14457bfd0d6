"""Jobs over many cases: take them as far as they go, and bring their runs to their gates; a chunk at a time."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import ValidationError
from sqlalchemy import Engine

from schemas.forms.jobs import CasesToAdvance
from schemas.problems import BadInput, problems_of
from tasks.desk.rules import plain
from tasks.durable import clock, database, queries
from tasks.durable.stage import CHUNK, Result, Turn, advance_chunk
from tasks.runs.job_run import as_task, show_name, this_run
from tasks.runs.locks import at_work
from tasks.runs.mending import BATCH, RecoverReport, bring_runs
from tasks.runs.queries import cases_behind, cases_by_number

MOST = 1_000_000  # cases of one job
MOST_FAULTS = 50  # shown


def run_advance(given: object) -> State[Any]:
    """Advance the cases that a form names, or all that have work to do; ends Completed with what became of them."""
    db, results = database.current(), list[Result]()
    with at_work(db, this_run()) as ours:
        if not ours:
            return _elsewhere()
        try:
            wanted, unknown = _wanted(db, given)
        except BadInput as wrong:
            return Completed(name="未受理", message=str(wrong))
        _in_chunks("推进", wanted, CHUNK, lambda chunk: results.extend(_advance(db, chunk)))
        return _advanced(results, unknown)


def run_sync() -> State[Any]:
    """Bring the runs of all cases that moved to their gates, the newest gates first."""
    db, report = database.current(), RecoverReport()
    with at_work(db, this_run()) as ours:
        if not ours:
            return _elsewhere()
        with db.connect() as connection:
            behind = cases_behind(connection, MOST, clock.now())
        _in_chunks("同步", behind, BATCH, lambda chunk: report.add(bring_runs(db, chunk)))
    message = (
        f"新建 created {report.created}，移动 moved {report.parked}，结束 finished {report.finished}，"
        f"重新安排 rescheduled {report.rescheduled}，故障 faults {report.failed}"
    )
    return Completed(name="部分故障" if report.failed else "已同步", message=message)


def _in_chunks(verb: str, cases: Sequence[int], size: int, work: Callable[[Sequence[int]], None]) -> None:
    """Do the work for all cases, each chunk a task run; the run's name tells how far it is."""
    for start in range(0, len(cases), size):
        chunk = cases[start : start + size]
        as_task(f"{start + 1:,}–{start + len(chunk):,}", partial(work, chunk))
        show_name(f"{verb} {start + len(chunk):,}/{len(cases):,}")


def _advance(db: Engine, chunk: Sequence[int]) -> list[Result]:
    return advance_chunk(db, [Turn(case_id) for case_id in chunk])


def _wanted(db: Engine, given: object) -> tuple[Sequence[int], list[str]]:
    """Find the cases that are meant, and the numbers that no case has; BadInput where the form is wrong.

    Without a form all ready cases are meant.
    """
    try:
        form = CasesToAdvance.model_validate(dict(given) if isinstance(given, Mapping) else {})
    except ValidationError as error:
        raise BadInput(problems_of(error)) from None
    text = unicodedata.normalize("NFKC", form.numbers).upper()
    numbers = list(dict.fromkeys(text.translate(str.maketrans(",;、", "   ")).split()))
    with db.connect() as connection:
        if not numbers:
            return queries.ready_cases(connection, clock.now(), MOST), []
        found = cases_by_number(connection, numbers)
    return [found[number] for number in numbers if number in found], [n for n in numbers if n not in found]


def _advanced(results: Sequence[Result], unknown: Sequence[str]) -> State[Any]:
    """End the run, and show on a page what could not go on."""
    faults = [(result.number, result.fault) for result in results if result.fault]
    faults += [(number, "没有这张单据 there is no such case") for number in unknown]
    message = (
        f"推进 advanced {len(results) - sum(bool(result.fault) for result in results)}，"
        f"其中已结案 closed {sum(result.closed for result in results)}，故障 faults {len(faults)}"
    )
    rows = [f"| {plain(number)} | {plain(fault)} |" for number, fault in faults[:MOST_FAULTS]]
    table = ["", "| 单号 Case | 故障 Fault |", "|---|---|", *rows] if rows else []
    more = [f"\n… 共 {len(faults)} 项 in all"] if len(faults) > len(rows) else []
    text = "\n".join([f"### {message}", *table, *more])
    create_markdown_artifact(text, key="advance-cases", description="推进单据 Advance cases")
    return Completed(name="部分故障" if faults else "已推进", message=message)


def _elsewhere() -> State[Any]:
    return Completed(name="已在办理", message="另一个进程正在办理 another process is at it")
