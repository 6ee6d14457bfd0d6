"""电话回访 and 转办跟踪: a customer is called until reached, what is said is passed on and followed (S2; DOMAIN-BRANCHES)."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import count

from schemas.forms.calls import CallMade, CallReason, CallRequest, CallResult, MoreReasons, NumberCorrected
from schemas.forms.complaints import CustomerTold, UnitAnswer
from schemas.forms.sales import YesNo
from schemas.problems import Problem
from schemas.processes.follow_up_call import CallEnding
from schemas.words import Role
from tasks.branches.beside import Branch, Hearing, beside, next_answer
from tasks.calls import rules
from tasks.calls.queries import attempts
from tasks.calls.shapes import CallPlan
from tasks.calls.steps import (
    CALL,
    PASS_ON,
    add_to_call,
    called_at,
    note_call,
    offer_survey,
    put_number_right,
    reasons_of,
    write_to_unit,
)
from tasks.complaints.rules import unit_problems
from tasks.complaints.steps import name_unit
from tasks.cycle.hours import hours, moment_of
from tasks.cycle.rules import shanghai_day
from tasks.cycle.terms import Due, gate, working_days
from tasks.durable.process import Case, ask
from tasks.durable.signals import TimedOut
from tasks.people.queries import units
from tasks.policies.queries import setting
from tasks.surveys.queries import offered
from tasks.unit.work import Work

MORE = "reason-"  # letters of the day's list
NUMBER = "号码更正"


@dataclass
class FollowUp:
    """A call to a customer, as far as it is: by which number, why, about which cases, and who may not make it."""

    case: Case
    plan: CallPlan
    phone: str
    barred: set[str]
    numbers: set[str]
    more: list[MoreReasons] = field(default_factory=list)

    @property
    def reasons(self) -> list[CallReason]:
        """All that the customer is called about."""
        return reasons_of(CallRequest.model_validate(self.case.request), self.more)

    def hearing(self) -> Branch[None]:
        """Hear of further reasons for as long as the call is not made: one call a customer merges them all."""
        for turn in count(1):
            key, due = f"reasons-{turn}", working_days("call")
            more: MoreReasons = yield Hearing(key, "追加事由", Role.SYSTEM, MoreReasons, due, CALL, letters=MORE)
            added = add_to_call(self.case, more, frozenset(self.barred), turn=turn)
            self.more.append(more)
            self.barred |= set(added.handlers)
            self.numbers |= set(added.numbers)


def begin(case: Case, plan: CallPlan) -> FollowUp:
    """Begin a call that hears of further reasons."""
    call = FollowUp(case, plan, plan.phone, set(plan.handlers), set(plan.numbers))
    beside(case, call.hearing())
    return call


def reach(call: FollowUp) -> CallMade | CallEnding:
    """电话回访: up to three attempts at different times; gives what the customer said, or how it ends without that.

    A wrong number is put right once, by the agent or the office, for one more attempt; who put the last one off is
    called as was promised.
    """
    turn, tries, corrected = 0, call.plan.attempts, False
    due: Due = since_it_happened
    dialled, wrong = call.phone, not rules.is_phone(call.phone)
    while True:
        if wrong:
            if corrected or not (call.phone != dialled or found_number(call)):
                return CallEnding.WRONG_NUMBER
            corrected, tries, due = True, turn + 1, working_days("again")
        elif turn >= tries:
            return CallEnding.NOT_REACHED
        turn, dialled = turn + 1, call.phone
        said = attempt(call, turn, due)
        if said.verdict in rules.ENDS_AS:
            return said
        if said.verdict == CallResult.POSTPONED:
            tries = max(tries, turn + 1)
        wrong, due = said.verdict == CallResult.WRONG_NUMBER, promised(said) if said.again else working_days("again")


def since_it_happened(work: Work) -> datetime:
    """Due so many working days after what the customer is called about."""
    return working_days("call", work.case.opened_at)(work)


def promised(said: CallMade) -> Due:
    """Due when the customer wished to be called; a day means until the hotline closes."""

    def due(work: Work) -> datetime:
        return moment_of(said.again, hours(setting(work, "cc.hotline"))[1]) or work.now

    return due


def attempt(call: FollowUp, turn: int, due: Due) -> CallMade:
    """Ask an agent to call, another than whoever handled what it is about; notes what came of it."""
    form = offer_survey(call.case, turn=str(turn))
    survey = [f"问卷 survey: **{form}** 可在通话中作答 may be answered in the call"] if form else []
    while True:
        told = [f"指定 assigned: **{call.plan.agent}** · 第 {turn} 次 attempt", *rules.said_of(call.reasons), *survey]
        question = gate(
            f"call-{turn}", CALL, call.plan.role, CallMade, due, CALL, told.copy, lambda: {"客户电话": call.phone},
            check=partial(_call, call), barred=frozenset(call.barred),
        )  # fmt: skip
        if answered := next_answer(call.case, question):
            said: CallMade = answered[1]
            note_call(call.case, said, turn=str(turn))
            call.phone = said.customer_phone or call.phone
            return said


def _call(call: FollowUp, form: CallMade, work: Work) -> list[Problem]:
    ends, known = hours(setting(work, "cc.hotline"))[1], work.read(attempts)[work.case.id]
    called, last = called_at(work, form), known[-1].called_at if known else None
    apart = setting(work, "hf.apart.hours")
    problems = rules.call_problems(form, called, moment_of(form.again, ends), last, work.now, apart)
    problems += rules.too_early(form, shanghai_day(called), shanghai_day(work.case.opened_at))
    problems += rules.about_problems(form, sorted(call.numbers))
    waits = work.read(offered)[work.case.id]
    problems += rules.survey_problems(form, waits[1] if waits else None)
    return problems + unit_problems(form.unit, work.read(units))


def found_number(call: FollowUp) -> bool:
    """Have the office put a wrong number right; False where it finds none, or says nothing."""
    told, wrong = ["号码有误，请查到新号码 the number is wrong", *rules.said_of(call.reasons)], {"客户电话": call.phone}

    def check(form: NumberCorrected, _work: Work) -> list[Problem]:
        return rules.number_problems(form, call.phone)

    question = gate(
        "number", NUMBER, Role.OFFICE, NumberCorrected, "correct", CALL, told.copy, wrong.copy,
        check=check, expires=working_days("lapse"),
    )  # fmt: skip
    with suppress(TimedOut):
        said = ask(call.case, question)
        if said.verdict == YesNo.YES:
            put_number_right(call.case, said.customer_phone, said.staff)
            call.phone = said.customer_phone
            return True
    return False


def follow_up(call: FollowUp, said: CallMade) -> None:
    """转办跟踪: what a customer said goes to the unit the same day, is answered, and told to who wished to hear of it."""
    answer = ""
    if said.unit:
        unit = name_unit(call.case, said.unit, turn="unit")
        write_to_unit(call.case, unit, said, call.reasons)
        told = [f"客户{said.verdict.zh} · **{said.matter}**", *rules.said_of(call.reasons)]
        asked = gate(
            "unit", "单位答复", Role.RESPONSIBLE_UNIT, UnitAnswer, "unit_answer", PASS_ON, told.copy, unit=unit
        )
        answer = ask(call.case, asked).answer
    if said.reply == YesNo.YES and (said.unit or said.verdict == CallResult.SATISFIED):
        told = [f"客户要求回复 wants a reply: **{said.matter}**", answer]
        ask(call.case, gate("told", "回复客户", Role.AGENT, CustomerTold, "reply", PASS_ON, told.copy))
