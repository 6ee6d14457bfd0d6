"""Accepting a call: whom, about what, and that the customer wants to be called (S2; DOMAIN-BRANCHES)."""

from collections.abc import Mapping
from typing import Any

from schemas.answers import Answer
from schemas.forms.calls import CallReason, CallRequest, CallWhy
from schemas.problems import Problem
from schemas.tables import call_reason
from schemas.words import Channel, Role
from tasks.applications.accept import APPLICANT, CUSTOMER, NO_OFFICE, NO_ORDER
from tasks.applications.queries import BY_ORDER, sales
from tasks.calls.queries import CalledAbout, awaiting, called_about, numbers_of, refusing, sources
from tasks.calls.rules import NO_PHONE, is_phone
from tasks.complaints.accept import TAKES
from tasks.complaints.rules import NO_CASE
from tasks.cycle.hours import hours, moment_of
from tasks.durable import clock
from tasks.people.queries import offices
from tasks.people.rights import SIGNER, on_staff
from tasks.policies.queries import policies, version_today
from tasks.unit.unit import Unit
from tasks.unit.work import Work

NOT_OURS_TO = "须为客服专员、投诉专管员或客服主管 must take calls"
NO_MORE = "客户已拒绝回访，不再致电 the customer wants no more calls"
ABOUT = "事由单号 about case"
NOT_FILED = "投诉尚未归档，结案后再回访 the complaint does not wait for this callback"
ONLY_LEADER = "只有客服主管可以取消回访 only a SUPERVISOR may call it off"


def accept_call(form: CallRequest, unit: Unit, channel: Channel) -> tuple[Mapping[str, Any], list[Problem]]:
    """Give the facts of the case and every problem of a request; the day's list is judged before it is made."""
    office, sold = unit.read(offices).get(form.office), unit.read_by(sales, BY_ORDER, form)
    if office is None:
        return {}, [Problem("办事处 office", form.office, NO_OFFICE + unit.read(offices).meant(form.office))]
    version, known = unit.read(version_today), unit.read_by(sources, numbers_of, form) or {}
    customer = {name: getattr(form, name) or getattr(sold, name, "") for name in CUSTOMER}
    problems = [] if channel == Channel.SYSTEM else _problems(form, unit, customer["customer_phone"], known)
    facts = {"office": office.code, "applicant": form.applicant, "urgency": form.urgency, "policy_version": version}
    facts |= {"order_no": form.order_no, "model": sold.model if sold else "", **customer}
    starts, _ = hours(unit.read(policies)[version]["cc.hotline"])
    facts["opened_at"] = moment_of(form.since, starts) or clock.now()
    if channel == Channel.SYSTEM and (first := form.lines[0].source):
        facts["parent_id"] = known[first].id
    return facts, problems


def _problems(form: CallRequest, unit: Unit, phone: str, known: Mapping[str, CalledAbout]) -> list[Problem]:
    person, now, problems = on_staff(unit, form.applicant, APPLICANT), clock.now(), list[Problem]()
    if isinstance(person, Problem):
        problems.append(person)
    elif not any(person.holds(role) for role in TAKES):
        problems.append(Problem(APPLICANT, str(person), NOT_OURS_TO))
    if form.order_no and unit.read_by(sales, BY_ORDER, form) is None:
        problems.append(Problem("订单号 order", form.order_no, NO_ORDER))
    if not is_phone(phone):
        problems.append(Problem("客户电话 phone", phone, NO_PHONE))
    if phone in unit.read(refusing):
        problems.append(Problem("客户电话 phone", phone, NO_MORE))
    if form.since and (since := moment_of(form.since, now.time())) and since > now:
        problems.append(Problem("事由时间 since", form.since, "不能晚于现在 must not be after now"))
    unknown = [number for number in numbers_of(form) if number not in known]
    problems += [Problem(ABOUT, number, NO_CASE) for number in unknown]
    had = unit.read_by(called_about, numbers_of, form) or {}
    again = [line for line in form.lines if line.why != CallWhy.ASKED and line in had]
    waiting = unit.read_by(awaiting, numbers_of, form) or {}
    problems += [
        Problem(ABOUT, line.source, NOT_FILED)
        for line in form.lines
        if line.why == CallWhy.FILED and line.turn != waiting.get(line.source, line.turn)
    ]
    return problems + [
        Problem(ABOUT, line.source, f"已列入回访 is called about already: {had[line]}") for line in again
    ]


def begin_call(form: CallRequest, work: Work) -> None:
    """Note why the customer is called: each reason once, whatever list it stands on."""
    known = work.unit.read_by(sources, numbers_of, form) or {}
    add_reasons(work, form.lines, known, first=1)


def add_reasons(work: Work, lines: list[CallReason], known: Mapping[str, CalledAbout], first: int) -> None:
    """Write reasons of a call, each once, numbered from `first`."""
    for line_no, line in enumerate(dict.fromkeys(lines), start=first):
        source = known[line.source].id if line.source else None
        own = {"why": line.why.value, "source": source, "turn": line.turn}
        work.insert(call_reason, line_no=line_no, **own, added_at=work.now)


def leaders_call_off(work: Work, answer: Answer) -> Problem | None:
    """Let only a SUPERVISOR call a call off."""
    if answer.channel == Channel.SYSTEM:
        return None
    person = on_staff(work.unit, answer.by)
    if isinstance(person, Problem):
        return person
    return None if person.holds(Role.SUPERVISOR) else Problem(SIGNER, str(person), ONLY_LEADER)
