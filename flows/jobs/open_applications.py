"""Open applications 在办申报 (DOMAIN, "Scheduled work")."""

from schemas.forms.periods import PeriodWanted
from tasks.applications.progress import ROUNDS
from tasks.runs.job import Ended, Job, job
from tasks.runs.rounds import in_rounds


@job(
    "在办申报",
    form=PeriodWanted,
    parameter="期间",
    page="open-applications",
    heading="在办申报 Open applications",
    verb="在办申报",
)
def open_applications(job: Job, form: PeriodWanted) -> Ended:
    """在办申报 List how far the open applications for parts and repairs are."""
    return in_rounds(job.db, ROUNDS, form)
