"""The weekly report on follow-up calls 回访周报 and its publication (S4)."""

from schemas.forms.periods import PeriodWanted
from tasks.reports.calls import calls
from tasks.runs.job import Ended, Job, job
from tasks.runs.reports import published


@job("回访周报", form=PeriodWanted, parameter="期间", page="report-calls", heading="回访周报 Follow-up calls")
def calls_report(job: Job, wanted: PeriodWanted) -> Ended:
    """回访周报 Count last week's follow-up calls, and publish the report 公示."""
    return published(job.db, calls, wanted)
