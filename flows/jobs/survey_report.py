"""The survey report 满意度调查报表 and its publication (DOMAIN, "Scheduled work")."""

from schemas.forms.periods import PeriodWanted
from tasks.reports.surveys import surveys
from tasks.runs.job import Ended, Job, job
from tasks.runs.reports import published


@job(
    "满意度调查报表", form=PeriodWanted, parameter="期间", page="report-surveys", heading="满意度调查报表 Survey report"
)
def survey_report(job: Job, wanted: PeriodWanted) -> Ended:
    """满意度调查报表 Count the surveys that closed last month, and publish the report 公示."""
    return published(job.db, surveys, wanted)
