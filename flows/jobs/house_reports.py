"""Monthly reports of repairs, offices and stock (DOMAIN, "Scheduled work")."""

from schemas.forms.evaluations import ReviewObjection, ReviewRuling
from schemas.forms.periods import PeriodWanted
from tasks.reports.offices.monthly import offices
from tasks.reports.offices.objections import object_to_review, rule_on_review
from tasks.reports.repairs.monthly import repairs
from tasks.reports.stock.monthly import stock
from tasks.runs.job import Ended, Job, job, told
from tasks.runs.reports import corrected, published


@job("返修月报", form=PeriodWanted, parameter="期间", page="report-repairs", heading="返修月报 Monthly repairs")
def repair_report(job: Job, wanted: PeriodWanted) -> Ended:
    """返修月报 Report the month's repairs by cause and fee, with return freight and cost per office."""
    return published(job.db, repairs, wanted)


@job("申报评估", form=PeriodWanted, parameter="期间", page="report-offices", heading="配件申报评估表 Office evaluation")
def office_evaluation(job: Job, wanted: PeriodWanted) -> Ended:
    """配件申报评估表 Evaluate the month's applications by office and applicant."""
    return published(job.db, offices, wanted)


@job("评估异议", form=ReviewObjection, parameter="异议单", page="evaluation-objection", heading="评估异议 Objection")
def object_to_evaluation(job: Job, form: ReviewObjection) -> Ended:
    """评估异议 Object to what the office's evaluation counts as corrected, sent back or rejected."""
    return told("已登记", object_to_review(job.db, form))


@job("评估裁定", form=ReviewRuling, parameter="裁定单", page="evaluation-ruling", heading="评估裁定 Ruling")
def rule_on_evaluation(job: Job, form: ReviewRuling) -> Ended:
    """评估裁定 Decide on an office's objection; where it is right, a new edition of its evaluation is published."""
    said, edition = rule_on_review(job.db, form)
    return corrected(job.db, edition) if edition else told("已裁定", said)


@job("库存月报", form=PeriodWanted, parameter="期间", page="report-stock", heading="库存月报 Monthly stock")
def stock_report(job: Job, wanted: PeriodWanted) -> Ended:
    """库存月报 Report balances, the month's movements by kind, and what is at or below its safety stock."""
    return published(job.db, stock, wanted)
