"""Refund and dispute watch 退款与维权 (DOMAIN, "Scheduled work")."""

from schemas.forms.periods import PeriodWanted
from tasks.returns.watch import ROUNDS
from tasks.runs.job import Ended, Job, job
from tasks.runs.rounds import in_rounds


@job(
    "退款与维权",
    form=PeriodWanted,
    parameter="期间",
    page="refund-watch",
    heading="退款与维权 Refunds and disputes",
    verb="退款与维权",
)
def refund_watch(job: Job, form: PeriodWanted) -> Ended:
    """退款与维权 Remind who holds a refund in progress or a dispute, and list all of them."""
    return in_rounds(job.db, ROUNDS, form)
