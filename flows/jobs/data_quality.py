"""Data quality 数据质量, each night (DOMAIN, "Scheduled work")."""

from schemas.forms.periods import PeriodWanted
from tasks.runs.job import Ended, Job, job
from tasks.runs.quality import QUALITY
from tasks.runs.rounds import in_rounds


@job("数据质量检查", form=PeriodWanted, parameter="检查期间", page="data-quality", heading="数据质量 Data quality")
def data_quality(job: Job, form: PeriodWanted) -> Ended:
    """数据质量检查 Ask the operations tables whether each sentence of the books is true; list what contradicts it."""
    return in_rounds(job.db, QUALITY, form)
