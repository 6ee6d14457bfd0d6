"""The day's call list 回访名单 (DOMAIN, "Scheduled work"; S2)."""

from schemas.forms.periods import PeriodWanted
from tasks.calls.listing import CALL_LIST
from tasks.runs.job import Ended, Job, job
from tasks.runs.rounds import in_rounds


@job("回访名单", form=PeriodWanted, parameter="期间", page="call-list", heading="回访名单 Call list")
def call_list(job: Job, wanted: PeriodWanted) -> Ended:
    """回访名单 Make the day's calls: after complaints and services, of what takes long, of regular customers."""
    return in_rounds(job.db, CALL_LIST, wanted)
