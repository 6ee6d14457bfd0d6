"""The satisfaction report 满意度报表 and its publication (DOMAIN, "Scheduled work")."""

from schemas.forms.periods import PeriodWanted
from tasks.reports.satisfaction import satisfaction
from tasks.runs.job import Ended, Job, job
from tasks.runs.reports import published


@job(
    "满意度报表",
    form=PeriodWanted,
    parameter="期间",
    page="report-satisfaction",
    heading="满意度报表 Satisfaction report",
)
def satisfaction_report(job: Job, wanted: PeriodWanted) -> Ended:
    """满意度报表 Count last month's marks on the first working day, and publish the report 公示."""
    return published(job.db, satisfaction, wanted)
