"""What must hold of a follow-up call, and how what is due becomes one call a customer (S2; DOMAIN-BRANCHES); pure."""

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from schemas.forms.calls import CallMade, CallReason, CallResult, CallWhy, NumberCorrected
from schemas.forms.complaints import Satisfaction
from schemas.forms.sales import YesNo
from schemas.problems import Problem
from schemas.processes.follow_up_call import CallEnding
from tasks.complaints.rules import unmet
from tasks.surveys.rules import MOST_SAID, Said, read_details, said_problems

ENDS_AS = {
    CallResult.SATISFIED: CallEnding.SATISFIED,
    CallResult.UNSATISFIED: CallEnding.UNSATISFIED,
    CallResult.REFUSED: CallEnding.REFUSED,
}
SATISFACTION = {
    CallResult.SATISFIED: Satisfaction.SATISFIED,
    CallResult.UNSATISFIED: Satisfaction.UNSATISFIED,
}  # a filed complaint hears of all else that its customer was not reached
_PHONE = re.compile(r"\+?[0-9](?:-?[0-9]){5,18}")
REQUIRED = "必填 is required"
NO_PHONE = "不是电话号码 is no phone number"


class DueReason(NamedTuple):
    """Why a customer is due to be called: about which case, since when; whose call it is, as the house knows them."""

    why: CallWhy
    source: int | None
    number: str
    turn: int
    since: datetime
    office: str
    order_no: str
    name: str
    phone: str
    address: str

    @property
    def customer(self) -> tuple[str, int]:
        """Whom it concerns: customers without a number are not taken for one."""
        return self.phone, 0 if self.phone else self.source or 0

    @property
    def reason(self) -> CallReason:
        """The reason as it stands on a call."""
        return CallReason(why=self.why, source=self.number, turn=self.turn)


def merged(due: Iterable[DueReason]) -> list[list[DueReason]]:
    """Make one call a customer of what is due, the longest due first; a customer's newest case comes last."""
    by_customer = sorted(due, key=lambda one: (one.customer, one.since, one.source or 0, one.why))
    calls = [list(reasons) for _, reasons in groupby(by_customer, key=lambda one: one.customer)]
    return sorted(calls, key=lambda reasons: (reasons[0].since, reasons[0].source or 0))


def is_phone(text: str) -> bool:
    """Say whether a number can be dialled."""
    return _PHONE.fullmatch(text) is not None


def turns(able: Sequence[Sequence[str]], handlers: Collection[str], number: int) -> str:
    """Choose in turn whose a call is: of the first group with somebody else than the handlers, else of the last one."""
    free = ([one for one in group if one not in handlers] for group in able)
    group = next(filter(None, free), able[-1])
    return group[number % len(group)]


def call_problems(
    form: CallMade, called: datetime, again: datetime | None, last: datetime | None, now: datetime, hours: int
) -> list[Problem]:
    """Say what is wrong with an attempt: when it was, to when it was put off, what an unsatisfied customer said."""
    postponed, unsatisfied = form.verdict == CallResult.POSTPONED, form.verdict == CallResult.UNSATISFIED
    next_one = last + timedelta(hours=hours) if last else None
    return unmet(
        (called > now, "拨打时间 called at", form.called_at, "不能晚于现在 must not be after now"),
        (
            next_one and called < next_one,
            "拨打时间 called at",
            form.called_at,
            f"须与上次相隔 {hours} 小时 attempts are so many hours apart",
        ),
        (
            postponed and not (again and again > now),
            "改约时间 postponed to",
            form.again,
            f"改约时{REQUIRED}，须晚于现在",
        ),
        (unsatisfied and not form.matter, "反映事项 matter", "", f"不满意时{REQUIRED}"),
        (form.unit and not form.matter, "反映事项 matter", "", f"转交单位时{REQUIRED}"),
        (form.customer_phone and not is_phone(form.customer_phone), "客户电话 phone", form.customer_phone, NO_PHONE),
    )


def too_early(form: CallMade, called: date, since: date) -> list[Problem]:
    """Say that an attempt is dated to before there was a reason to call."""
    expected = f"不能早于回访事由 must not be before what it is about, {since}"
    return unmet((called < since, "拨打时间 called at", form.called_at, expected))


def about_problems(form: CallMade, sources: Collection[str]) -> list[Problem]:
    """Say which case an unsatisfied customer must name: one of those that the call is about."""
    named = form.about in sources if form.about else len(sources) < 2
    expected = f"应为 one of {'、'.join(sources)}"
    return unmet((form.verdict == CallResult.UNSATISFIED and not named, "不满意单号 about", form.about, expected))


def answers_survey(form: CallMade) -> bool:
    """Say whether a customer answered a form of a survey in a call."""
    return bool(form.overall or form.details)


def survey_said(form: CallMade) -> tuple[Said, list[Problem]]:
    """Give what a customer says in a call to a survey, and what cannot be read of it; who wants a reply gets it by the call."""
    marks, problems = read_details(form.details)
    return Said(form.overall, marks, {"": form.matter[:MOST_SAID]} if form.matter else {}), problems


def survey_problems(form: CallMade, questions: Collection[str] | None) -> list[Problem]:
    """Say what is wrong with the answer to a survey: none waits (`questions` is None), nobody spoke, unknown questions."""
    if not answers_survey(form):
        return []
    where, spoken = "客户总体评价 overall", form.verdict in SATISFACTION
    if questions is None or not spoken:
        expected = (
            "没有待答的问卷 no form of a survey waits" if spoken else "满意或不满意的通话才有 of a call with a verdict"
        )
        return [Problem(where, form.overall.zh if form.overall else form.details, expected)]
    said, problems = survey_said(form)
    return problems + said_problems(said, questions)


def number_problems(form: NumberCorrected, wrong: str) -> list[Problem]:
    """Say what is wrong with a corrected number: none, none that can be dialled, or the wrong one again."""
    found = form.verdict == YesNo.YES
    same = form.customer_phone == wrong
    return unmet(
        (found and not is_phone(form.customer_phone), "客户电话 phone", form.customer_phone, NO_PHONE),
        (found and same, "客户电话 phone", form.customer_phone, "即有误的号码 is the number that is wrong"),
        (not found and not form.reason, "原因 reason", "", f"查不到时{REQUIRED}"),
    )


def said_of(reasons: Iterable[CallReason]) -> list[str]:
    """Say why a customer is called."""
    return [f"**{one.why.zh}** {one.source} {f'第 {one.turn} 次' if one.turn > 1 else ''}".strip() for one in reasons]
