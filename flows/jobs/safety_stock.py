"""Safety stock 安全库存: proposed each month by what was consumed, confirmed by the PLANNER (DOMAIN-BRANCHES; S0)."""

from schemas.forms.closing import SafetyConfirmed
from schemas.forms.periods import PeriodWanted
from tasks.runs.job import Ended, Job, job, told
from tasks.runs.rounds import in_rounds
from tasks.safety.steps import PROPOSING, confirm_safety


@job("安全库存建议", form=PeriodWanted, parameter="期间", page="safety-stock", heading="安全库存建议 Safety stock")
def propose_safety_stock(job: Job, wanted: PeriodWanted) -> Ended:
    """安全库存建议 Propose on the month's first working day how much of each part is safe."""
    return in_rounds(job.db, PROPOSING, wanted)


@job(
    "安全库存确认", form=SafetyConfirmed, parameter="确认单", page="safety-confirmed", heading="安全库存确认 Confirmed"
)
def confirm_safety_stock(job: Job, form: SafetyConfirmed) -> Ended:
    """安全库存确认 Confirm a month's proposal, which is in force from then on."""
    return told("已确认", confirm_safety(job.db, form))
