"""Accepting an application: what must hold before a parts case is made (DOMAIN 1.1)."""

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.forms.applications import PartsApplication
from schemas.forms.base import Request
from schemas.forms.repairs import RepairApplication
from schemas.forms.specials import SpecialOrder
from schemas.problems import Problem
from schemas.tables import duplicate_line
from schemas.words import Channel, Role
from tasks.applications.queries import BY_ORDER, catalogue, cover, open_lines, sales
from tasks.applications.rules import Twin, line_problems, price_lines
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.lines.steps import add_lines
from tasks.people.queries import offices
from tasks.people.rights import on_staff
from tasks.policies.queries import policies, version_today
from tasks.unit.unit import Unit
from tasks.unit.work import Work

APPLICANT = "申报人工号 applicant"
BESIDE = "同时发来的另一份申报 another application sent with this one"
NO_OFFICE = "没有这个办事处，请填编码或全称 must be an office's code or name"
NO_ORDER = "销售记录中没有此订单；请核对，或填写客户姓名、电话、地址 "
NO_ORDER += "is not in the sales records: check it, or fill in the customer"
CUSTOMER = ("customer_name", "customer_phone", "customer_address")


def accept_application(
    form: PartsApplication | RepairApplication, unit: Unit, channel: Channel
) -> tuple[Mapping[str, Any], list[Problem]]:
    """Give the case's facts (office, applicant, customer, policy version) and every problem of an application."""
    facts, problems = applied_for(form, unit, channel)
    if not facts:
        return {}, problems
    today, parts = shanghai_day(clock.now()), unit.read(catalogue)
    twins = unit.read_by(open_lines, BY_ORDER, form)
    assert twins is not None
    again = channel == Channel.SYSTEM  # what another case needs again was applied for once
    if not (problems or again):
        note_duplicates(form, unit, facts["office"], twins)
    problems += line_problems(parts, form.lines, {} if again else twins, today)
    if form.found_on and form.found_on > today:
        problems.append(Problem("发现日期 found on", form.found_on, f"不能晚于今天 {today} must not be after today"))
    if not (problems or again):
        listed = [(parts.get(line.part), line.reason) for line in form.lines]
        twins |= {(part.code, reason.value): BESIDE for part, reason in listed if part}
    return facts, problems


def note_duplicates(
    form: PartsApplication | RepairApplication, unit: Unit, office: str, twins: Mapping[Twin, str]
) -> None:
    """Keep which lines are refused because they are open already, each once a day: the 配件申报评估表 counts them."""
    parts, today = unit.read(catalogue), shanghai_day(clock.now())
    for line in form.lines:
        if (part := parts.get(line.part)) and (twin := (part.code, line.reason.value)) in twins:
            about = {"applicant": form.applicant, "order_no": form.order_no, "applied_on": today}
            unit.ensure(0, duplicate_line, {"office": office, **about, "part": twin[0], "reason": twin[1]})


def applied_for(
    form: PartsApplication | RepairApplication | SpecialOrder, unit: Unit, channel: Channel
) -> tuple[Mapping[str, Any], list[Problem]]:
    """Give what a form says of office, applicant, order and customer, and what is wrong with that.

    Nothing, and one problem, where it has more lines than forms or sheets may.
    """
    version = unit.read(version_today)
    most = unit.read(policies)[version]["sheet.max_lines" if channel == Channel.SHEET else "form.max_lines"]
    if len(form.lines) > most:
        expected = f"最多 {most} 行，请分单申报 at most {most} lines, split the application"
        return {}, [Problem("明细 lines", len(form.lines), expected)]
    office = unit.read(offices).get(form.office)
    sold = unit.read_by(sales, BY_ORDER, form)
    customer = {name: getattr(form, name) or getattr(sold, name, "") for name in CUSTOMER}
    problems = [] if channel == Channel.SYSTEM else office_problems(form, unit, office)
    if sold is None and not all(customer.values()):
        problems.append(Problem("订单号 order", form.order_no, NO_ORDER))
    case = {"office": office.code if office else None, "model": sold.model if sold else "", "policy_version": version}
    applied = {"applicant": form.applicant, "order_no": form.order_no, "urgency": form.urgency, "remark": form.remark}
    return case | applied | customer, problems


def office_problems(form: Request, unit: Unit, office: Any, also: Sequence[Role] = ()) -> list[Problem]:
    """Check that somebody of the office applies, or somebody of the house who acts as one of these roles."""
    if office is None:
        return [Problem("办事处 office", form.office, NO_OFFICE + unit.read(offices).meant(form.office))]
    person = on_staff(unit, form.applicant, APPLICANT)
    if isinstance(person, Problem):
        return [person]
    if person.holds(Role.OFFICE, office.code) or any(map(person.holds, also)):
        return []
    zh, en = ["售后人员", *(role.zh for role in also)], ["OFFICE", *also]
    expected = f"须为{office.name}的{'或'.join(zh)} must hold {' or '.join(en)} at {office.code}"
    return [Problem(APPLICANT, str(person), expected)]


def begin_application(form: PartsApplication | RepairApplication, work: Work) -> None:
    """Write the lines of a new case as the office gave them."""
    add_lines(work, price_lines(work.read(catalogue), form.lines, cover(work)))
