"""Messages that leave the house: notices as digests, and what could not be sent (DOMAIN, "Scheduled work"; law 6)."""

from schemas.forms.messages import DeadLetter
from tasks.notices.digest import pass_on
from tasks.outbox.dead import settle_dead
from tasks.runs.job import Ended, Job, job, told


@job("提醒外发")
def pass_on_notices(job: Job) -> Ended:
    """提醒外发 Send what roles were told to whoever hears of it by e-mail, group robot or webhook, as one digest each."""
    passed = pass_on(job.db)
    if passed.quiet:
        return Ended("静默时段", "到时间再发 quiet hours: it is sent when they are over")
    return Ended("已外发", f"提醒 notices {passed.notices}，消息 messages {passed.messages}")


@job("外发失败处理", form=DeadLetter, parameter="处理单", page="dead-letter", heading="外发失败处理 Message given up")
def handle_dead_letter(job: Job, form: DeadLetter) -> Ended:
    """外发失败处理 Send a message again that could not be sent, or drop it; a SUPERVISOR or an engineer signs."""
    return told("已处理", settle_dead(job.db, form))
