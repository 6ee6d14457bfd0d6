"""Monthly reports of repairs, offices and stock (DOMAIN, "Scheduled work")."""

from schemas.forms.periods import PeriodWanted
from tasks.reports.offices.monthly import offices
from tasks.reports.repairs.monthly import repairs
from tasks.reports.stock.monthly import stock
from tasks.runs.job import Ended, Job, job
from tasks.runs.reports import published


@job("返修月报", form=PeriodWanted, parameter="期间", page="report-repairs", heading="返修月报 Monthly repairs")
def repair_report(job: Job, wanted: PeriodWanted) -> Ended:
    """返修月报 Report the month's repairs by cause and fee, with return freight and cost per office."""
    return published(job.db, repairs, wanted)


@job("申报评估", form=PeriodWanted, parameter="期间", page="report-offices", heading="配件申报评估表 Office evaluation")
def office_evaluation(job: Job, wanted: PeriodWanted) -> Ended:
    """配件申报评估表 Evaluate the month's applications by office and applicant."""
    return published(job.db, offices, wanted)


@job("库存月报", form=PeriodWanted, parameter="期间", page="report-stock", heading="库存月报 Monthly stock")
def stock_report(job: Job, wanted: PeriodWanted) -> Ended:
    """库存月报 Report balances, the month's movements by kind, and what is at or below its safety stock."""
    return published(job.db, stock, wanted)
