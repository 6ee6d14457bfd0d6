"""Monthly review of the routes' reference prices 线路参考价复核 (DOMAIN, Freight)."""

from schemas.forms.periods import PeriodWanted
from tasks.logistics.routes import ROUNDS
from tasks.runs.job import Ended, Job, job
from tasks.runs.rounds import in_rounds


@job(
    "线路参考价复核",
    form=PeriodWanted,
    parameter="期间",
    page="route-review",
    heading="线路参考价复核 Review of routes",
    verb="线路参考价复核",
)
def route_review(job: Job, form: PeriodWanted) -> Ended:
    """线路参考价复核 List the routes' reference prices with what hired transport cost."""
    return in_rounds(job.db, ROUNDS, form)
