"""Complaint ageing 投诉满月 (DOMAIN, "Scheduled work")."""

from schemas.forms.periods import PeriodWanted
from tasks.complaints.ageing import ageing, make_major
from tasks.runs.job import Ended, Job, job, told
from tasks.runs.rounds import in_rounds


@job(
    "投诉满月",
    form=PeriodWanted,
    parameter="期间",
    page="complaint-ageing",
    heading="投诉满月 Ageing of complaints",
    verb="投诉满月",
)
def complaint_ageing(job: Job, form: PeriodWanted) -> Ended:
    """投诉满月 Make valid complaints major that are unsolved a month after receipt, and list how old all are."""
    became = make_major(job.db)
    ended = in_rounds(job.db, ageing(became), form)
    return ended if ended.page or not became else told("已升级", "\n".join(became))
