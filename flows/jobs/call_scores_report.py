"""The monthly 奖罚评分表 of call audits and its publication (S2)."""

from schemas.forms.periods import PeriodWanted
from tasks.reports.call_scores import call_scores
from tasks.runs.job import Ended, Job, job
from tasks.runs.reports import published


@job("奖罚评分表", form=PeriodWanted, parameter="期间", page="report-call-scores", heading="奖罚评分表 Call scores")
def call_scores_report(job: Job, wanted: PeriodWanted) -> Ended:
    """奖罚评分表 Count last month's call audits on the first working day, before payday, and publish the report."""
    return published(job.db, call_scores, wanted)
