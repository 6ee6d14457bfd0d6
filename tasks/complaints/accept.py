"""Accepting a contact: who took it, of which order or customer, the same matter as which (DOMAIN 3)."""

from collections.abc import Mapping
from typing import Any

from schemas.answers import Answer
from schemas.forms.contacts import ContactRecord, SpecialMatter
from schemas.problems import Problem
from schemas.spelling import alike
from schemas.words import Channel, Role
from tasks.applications.accept import APPLICANT, CUSTOMER, NO_OFFICE, NO_ORDER
from tasks.applications.queries import BY_ORDER, catalogue, sales
from tasks.complaints.queries import BY_CALLER, OF_RECORD, Earlier, cases_named, earlier_contacts, named_by
from tasks.complaints.rules import MAYBE_SAME, NO_CASE, NO_SAME, heads, on_matter, record_problems, same_matter
from tasks.customers.queries import sale_of, waivers
from tasks.cycle.hours import hours, moment_of
from tasks.durable import clock
from tasks.people.queries import offices
from tasks.people.rights import SIGNER, on_staff
from tasks.policies.queries import policies, version_today
from tasks.unit.unit import Unit
from tasks.unit.work import Work

TAKES = (Role.AGENT, Role.COMPLAINT_HANDLER, Role.SUPERVISOR)
FIELD = "同一事项 same matter"
BESIDE = "同时发来的另一条记录与此为同一事项，请待其受理后再发 another record sent with this one is about the same: send it later"
NOT_SAME = "没有同一客户同一事项的这个单号 there is no such case about the same matter"
FILED = "已结案归档，客户如不满意请在回访中登记 has been filed: note at the callback that the customer is not satisfied"
NOT_OURS_TO = "须为客服专员、投诉专管员、客服主管，或该办事处售后 must take calls, or be of the office"


def accept_contact(form: ContactRecord, unit: Unit, channel: Channel) -> tuple[Mapping[str, Any], list[Problem]]:
    """Give the facts of the case and every problem of a record; where it may be the same matter, the agent says so."""
    office, sold, now = unit.read(offices).get(form.office), unit.read_by(sales, BY_ORDER, form), clock.now()
    version = unit.read(version_today)
    policy = unit.read(policies)[version]
    hotline = hours(policy["cc.hotline"])
    customer = {name: getattr(form, name) or getattr(sold, name, "") for name in CUSTOMER}
    problems = record_problems(form, now, hotline)
    if form.order_no and sold is None and not all(customer.values()):
        problems.append(Problem("订单号 order", form.order_no, NO_ORDER))
    if form.about and unit.read_by(cases_named, named_by, form) is None:
        problems.append(Problem("相关单号 about", form.about, NO_CASE))
    if form.special == SpecialMatter.WAIVER and (sold is None or unit.read_by(waivers, sale_of, form) is not None):
        problems.append(Problem("订单行 line", form.order_line, "没有售出或已放弃保修 never sold, or waived before"))
    if channel != Channel.SYSTEM:
        problems += _taker_problems(form, unit, office)
        problems += _same_problems(form, unit, policy["cc.same_matter.days"], customer["customer_phone"])
    if problems or office is None:
        return {}, problems
    facts = {"office": office.code, "applicant": form.applicant, "urgency": form.urgency, "policy_version": version}
    facts |= {"order_no": form.order_no, "model": sold.model if sold else "", **customer}
    return facts | {"opened_at": moment_of(form.received, hotline[0]) or now}, []


def _taker_problems(form: ContactRecord, unit: Unit, office: Any) -> list[Problem]:
    if office is None:
        return [Problem("办事处 office", form.office, NO_OFFICE + unit.read(offices).meant(form.office))]
    person = on_staff(unit, form.applicant, APPLICANT)
    if isinstance(person, Problem):
        return [person]
    able = person.holds(Role.OFFICE, office.code) or any(person.holds(role) for role in TAKES)
    return [] if able else [Problem(APPLICANT, str(person), NOT_OURS_TO)]


def maybe_same(form: ContactRecord, unit: Unit, days: int, phone: str, own: int = 0) -> list[Earlier]:
    """Find the earlier contacts that may be about the same matter, the newest first."""
    found, parts = unit.read_by(earlier_contacts, BY_CALLER, form) or [], unit.read(catalogue)

    def known(one: Earlier) -> Earlier:
        return one._replace(part=parts[one.part].code if one.part in parts else alike(one.part))

    mine = known(_as_contact(form, phone))
    recent = [one for one in found if one.id != own and (clock.now() - one.opened_at).days <= days]
    return [one for one in recent if same_matter(mine, known(one))]


def _as_contact(form: ContactRecord, phone: str) -> Earlier:
    """Give a record as others will find it."""
    about: dict[str, Any] = {name: getattr(form, name) for name in OF_RECORD} | {"phone": phone}
    return Earlier(-1, "", **about, opened_at=clock.now(), closed_at=None, ending=None, ending_reason=None)


def _same_problems(form: ContactRecord, unit: Unit, days: int, phone: str) -> list[Problem]:
    found = maybe_same(form, unit, days, phone)
    if any(not one.number for one in found):
        return [Problem(FIELD, form.same_as, BESIDE)]
    if found and not form.same_as:
        return [Problem(FIELD, "", MAYBE_SAME.format("、".join(one.number for one in heads(found))))]
    if form.same_as not in NO_SAME and not on_matter(form, found):
        return [Problem(FIELD, form.same_as, NOT_SAME)]
    if (known := unit.read_by(earlier_contacts, BY_CALLER, form)) is not None:
        known.insert(0, _as_contact(form, phone))  # others of the same sheet see it
    return []


def customer_withdraws(work: Work, answer: Answer) -> Problem | None:
    """Let whoever takes calls note that the customer withdraws, until the complaint is filed."""
    filed, reopened = (sum(key.startswith(name) for key in work.keys) for name in ("archive-", "reopen-"))
    if filed > reopened:
        return Problem("单据 case", work.case.number, FILED)
    if answer.channel == Channel.SYSTEM:
        return None
    person = on_staff(work.unit, answer.by)
    if isinstance(person, Problem):
        return person
    able = person.code == work.case.applicant or any(person.holds(role) for role in TAKES)
    return None if able else Problem(SIGNER, str(person), NOT_OURS_TO)
