"""Care messages 温馨短信 to customers (DOMAIN, "Scheduled work"; S1 1.4.2)."""

from schemas.forms.messages import OptOut
from schemas.forms.periods import PeriodWanted
from tasks.care.steps import GREETINGS, ROUNDS, set_wish
from tasks.runs.job import Ended, Job, job, told
from tasks.runs.rounds import in_rounds


@job("温馨短信", form=PeriodWanted, parameter="期间", page="care-messages", heading="温馨短信 Care messages")
def care_messages(job: Job, wanted: PeriodWanted) -> Ended:
    """温馨短信 Thank customers after an enquiry, deposit, contract, registration, delivery or closed case."""
    return in_rounds(job.db, ROUNDS, wanted)


@job("老客户问候", form=PeriodWanted, parameter="期间", page="regulars", heading="老客户问候 Regular customers")
def greet_regulars(job: Job, wanted: PeriodWanted) -> Ended:
    """老客户问候 Greet regular customers every half-year; the daily care messages send it."""
    return in_rounds(job.db, GREETINGS, wanted)


@job("短信退订", form=OptOut, parameter="退订单", page="message-wish", heading="短信退订 Care messages")
def set_message_wish(job: Job, form: OptOut) -> Ended:
    """短信退订 Note that a customer wants no care messages, or wants them again."""
    return told("已登记", set_wish(job.db, form))
