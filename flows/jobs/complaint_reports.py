"""Reports of complaints: of a week, a month, a year (DOMAIN 3 and "Scheduled work")."""

from schemas.forms.periods import PeriodWanted
from tasks.reports.complaints.analysis import monthly_complaints, yearly_complaints
from tasks.reports.complaints.weekly import weekly_complaints
from tasks.runs.job import Ended, Job, job
from tasks.runs.reports import published


@job(
    "投诉周报", form=PeriodWanted, parameter="期间", page="report-complaints-week", heading="投诉周报 Weekly complaints"
)
def weekly_complaint_report(job: Job, wanted: PeriodWanted) -> Ended:
    """投诉周报 List the week's complaints and repair requests, on its first working day after it."""
    return published(job.db, weekly_complaints, wanted)


@job(
    "投诉月报",
    form=PeriodWanted,
    parameter="期间",
    page="report-complaints-month",
    heading="投诉月报 Complaint analysis",
)
def monthly_complaint_report(job: Job, wanted: PeriodWanted) -> Ended:
    """投诉月报 Analyse the month's complaints by type, cause, unit, product and severity."""
    return published(job.db, monthly_complaints, wanted)


@job(
    "投诉年报",
    form=PeriodWanted,
    parameter="期间",
    page="report-complaints-year",
    heading="投诉年报 Complaints of a year",
)
def yearly_complaint_report(job: Job, wanted: PeriodWanted) -> Ended:
    """投诉年报 Make the year's statistics for the management review."""
    return published(job.db, yearly_complaints, wanted)
