"""Accepting a call audit: of which call, and whose (S2)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row

from schemas.forms.audits import AuditRequest
from schemas.problems import Problem
from schemas.tables import audited_call
from schemas.words import Channel, Role
from tasks.applications.accept import APPLICANT, NO_OFFICE
from tasks.audits.queries import audits_of, calls_named
from tasks.complaints.rules import NO_CASE, unmet
from tasks.cycle.hours import hours, moment_of
from tasks.durable import clock
from tasks.people.queries import offices
from tasks.people.rights import on_staff
from tasks.policies.queries import policies, version_today
from tasks.unit.unit import Unit
from tasks.unit.work import Work

AGENT, CALL = "被查坐席 agent", "通话单号 call"
WITH_CALLS = ("CC", "HF")  # the processes in whose cases customers are spoken to

NOT_SUPERVISOR = "须为客服主管 must be a SUPERVISOR"
NO_CALL = "不是来电或回访的单号 is neither a contact's number nor a follow-up call's"
TO_COME = "不能晚于现在 must not be after now"
OWN = "不能稽核自己的通话 nobody audits an own call"


def call_of(form: Any) -> str:
    """Give the number of the call that a request names; whatever else there is names none."""
    return str(getattr(form, "call", ""))


def accept_audit(form: AuditRequest, unit: Unit, channel: Channel) -> tuple[Mapping[str, Any], list[Problem]]:
    """Give the facts of the case, those of its call, and every problem of a request."""
    office = unit.read(offices).get(form.office)
    if office is None:
        return {}, [Problem("办事处 office", form.office, NO_OFFICE + unit.read(offices).meant(form.office))]
    call, problems = unit.read_by(calls_named, call_of, form), list[Problem]()
    if call is None or call.process not in WITH_CALLS:
        problems.append(Problem(CALL, form.call, NO_CASE if call is None else NO_CALL))
    else:
        problems += _call_problems(form, unit, call)
    if channel != Channel.SYSTEM:
        problems += _people_problems(form, unit)
    facts = {"office": office.code, "applicant": form.applicant, "urgency": form.urgency}
    return facts | {"policy_version": unit.read(version_today)}, problems


def begin_audit(form: AuditRequest, work: Work) -> None:
    """Note that a call is audited: of two who want that in the same instant one is refused."""
    call = work.unit.read_by(calls_named, call_of, form)
    assert call is not None, "it was accepted"
    work.insert(audited_call, call=form.call, agent=form.agent, called_at=when(form, work.unit, call))


def when(form: AuditRequest, unit: Unit, call: Row[Any]) -> datetime:
    """Give when the call was, to the minute; without a time as its case was opened."""
    hotline = unit.read(policies)[unit.read(version_today)]["cc.hotline"]
    moment = moment_of(form.called_at, hours(hotline)[0]) or call.opened_at
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def _call_problems(form: AuditRequest, unit: Unit, call: Row[Any]) -> list[Problem]:
    """Say that a call is one to come, or was audited: none costs an agent twice."""
    called_at = when(form, unit, call)
    audits = unit.read_by(audits_of, call_of, form) or []
    had = [row.number for row in audits if (row.agent, row.called_at) == (form.agent, called_at)]
    return unmet(
        (called_at > clock.now(), "通话时间 called at", form.called_at, TO_COME),
        (had, CALL, form.call, f"已在稽核 is audited already: {'、'.join(had)}"),
    )


def _people_problems(form: AuditRequest, unit: Unit) -> list[Problem]:
    person, agent = on_staff(unit, form.applicant, APPLICANT), on_staff(unit, form.agent, AGENT)
    problems = [one for one in (person, agent) if isinstance(one, Problem)]
    if not (isinstance(person, Problem) or person.holds(Role.SUPERVISOR)):
        problems.append(Problem(APPLICANT, str(person), NOT_SUPERVISOR))
    if form.applicant == form.agent:
        problems.append(Problem(AGENT, form.agent, OWN))
    return problems
