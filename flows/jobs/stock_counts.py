"""Stock counts that come by themselves: monthly and quarterly, and the books on the 15th (S3 §3 1.4.1, §2 6; S0)."""

from schemas.forms.periods import PeriodWanted
from tasks.keeping.rounds import BOOKS, COUNTS, open_counts
from tasks.runs.job import Ended, Job, job
from tasks.runs.rounds import in_rounds


@job("发起盘点", form=PeriodWanted, parameter="期间", page="stock-counts", heading="盘点 Stock counts")
def count_stock(job: Job, wanted: PeriodWanted) -> Ended:
    """发起盘点 Have each warehouse counted, monthly; the quarter's last month is the stock-take."""
    ended = in_rounds(job.db, COUNTS, wanted)
    open_counts(job.db, COUNTS, wanted)
    return ended


@job("发起对账", form=PeriodWanted, parameter="期间", page="stock-books", heading="对账 Reconciliation")
def reconcile_books(job: Job, wanted: PeriodWanted) -> Ended:
    """发起对账 Have the books reconciled on the 15th: offices with the department, the centre with FINANCE."""
    ended = in_rounds(job.db, BOOKS, wanted)
    open_counts(job.db, BOOKS, wanted)
    return ended
