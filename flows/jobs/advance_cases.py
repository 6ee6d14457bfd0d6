"""Taking many cases as far as they go 推进单据."""

from schemas.answers import Result, Turn
from schemas.forms.cases import CasesToAdvance
from schemas.spelling import numbers_in
from tasks.durable.stage import CHUNK, advance_chunk
from tasks.runs.job import Ended, Job, job
from tasks.runs.queries import cases_to_advance
from tasks.runs.rules import faults_page
from tasks.unit.reading import reading


@job(
    "推进单据",
    form=CasesToAdvance,
    parameter="推进单",
    page="advance-cases",
    heading="推进单据 Advance cases",
    verb="推进",
)
def advance_cases(job: Job, form: CasesToAdvance) -> Ended:
    """推进单据 Advance the named cases, or all that have work to do, as far as they go."""
    results = list[Result]()
    with reading(job.db) as connection:
        wanted, unknown = cases_to_advance(connection, numbers_in(form.numbers))
    job.in_chunks(wanted, CHUNK, lambda chunk: results.extend(advance_chunk(job.db, [Turn(case) for case in chunk])))
    faults = [(result.number, result.fault) for result in results if result.fault]
    advanced, closed = len(results) - len(faults), sum(result.closed for result in results)
    faults += [(number, "没有这张单据 there is no such case") for number in unknown]
    message = f"推进 advanced {advanced}，其中已结案 closed {closed}，故障 faults {len(faults)}"
    return Ended("部分故障" if faults else "已推进", message, faults_page(message, faults))
