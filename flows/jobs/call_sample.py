"""The weekly sample of calls 电话稽核 (DOMAIN, "Scheduled work"; S2)."""

from schemas.forms.periods import PeriodWanted
from tasks.audits.sampling import CALL_AUDIT, open_audits
from tasks.runs.job import Ended, Job, job
from tasks.runs.rounds import in_rounds


@job("稽核抽样", form=PeriodWanted, parameter="期间", page="call-audit", heading="电话稽核 Call audit")
def sample_calls(job: Job, wanted: PeriodWanted) -> Ended:
    """稽核抽样 Draw the week's sample of calls, an audit each."""
    ended = in_rounds(job.db, CALL_AUDIT, wanted)
    open_audits(job.db)
    return ended
