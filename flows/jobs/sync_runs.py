"""Bringing the runs of cases that moved elsewhere to their gates 同步运行."""

from tasks.runs.job import Ended, Job, job
from tasks.runs.mending import BATCH, RecoverReport, bring_runs
from tasks.runs.queries import MOST_CASES, cases_behind
from tasks.unit.reading import reading


@job("同步运行", verb="同步")
def sync_runs(job: Job) -> Ended:
    """同步运行 Park the runs of cases that moved in bulk at their new gates, the newest first."""
    report = RecoverReport()
    with reading(job.db) as connection:
        behind = cases_behind(connection, MOST_CASES)
    job.in_chunks(behind, BATCH, lambda chunk: report.add(bring_runs(job.db, chunk)))
    message = (
        f"新建 created {report.created}，移动 moved {report.parked}，结束 finished {report.finished}，"
        f"重新安排 rescheduled {report.rescheduled}，故障 faults {report.failed}"
    )
    return Ended("部分故障" if report.failed else "已同步", message)
