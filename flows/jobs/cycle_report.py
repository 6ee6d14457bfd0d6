"""The cycle report 周期报表 and its publication (DOMAIN 4, "Scheduled work")."""

from schemas.forms.periods import PeriodWanted
from tasks.reports.cycle import cycle
from tasks.runs.job import Ended, Job, job
from tasks.runs.reports import published


@job("周期报表", form=PeriodWanted, parameter="期间", page="report-cycle", heading="配件周期报表 Cycle report")
def cycle_report(job: Job, wanted: PeriodWanted) -> Ended:
    """周期报表 Count last month's cycles on the first working day, and publish the report 公示."""
    return published(job.db, cycle, wanted)
