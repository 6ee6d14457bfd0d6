"""Pickup reminders 催提 (DOMAIN, "Scheduled work")."""

from schemas.forms.periods import PeriodWanted
from tasks.logistics.pickups import ROUNDS
from tasks.runs.job import Ended, Job, job
from tasks.runs.rounds import in_rounds


@job(
    "催提清单",
    form=PeriodWanted,
    parameter="期间",
    page="pickup-reminders",
    heading="催提 Pickup reminders",
    verb="催提清单",
)
def pickup_reminders(job: Job, form: PeriodWanted) -> Ended:
    """催提清单 Ask for goods that nobody collected, and list them: with whom, since when, what was said."""
    return in_rounds(job.db, ROUNDS, form)
