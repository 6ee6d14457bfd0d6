"""Taking an application back 撤回申报 (DOMAIN, "What every case has")."""

from schemas.forms.cases import Withdrawal
from schemas.problems import BadInput
from schemas.words import Channel
from tasks.privacy.rules import mask_phones
from tasks.runs.job import Ended, Job, job, told
from tasks.runs.withdraw import take_back


@job("撤回申报", form=Withdrawal, parameter="撤回单", page="withdrawal", heading="撤回申报 Withdrawal")
def withdraw(job: Job, form: Withdrawal) -> Ended:
    """撤回申报 Take an application back: which case, who, and why."""
    outcome = take_back(job.db, form.number, form.staff, form.reason, Channel.PREFECT)
    if not outcome.reply.accepted:
        raise BadInput(outcome.reply.problems)
    return told("已撤回", f"{outcome.number} 已撤回 is withdrawn: {mask_phones(form.reason)}")
