"""Accepting a return: goods of an order that were sold to this customer and have not come back (DOMAIN 5)."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from schemas.forms.returns import ReturnRequest, Wish
from schemas.problems import Problem
from schemas.tables import sales_record
from schemas.words import Channel, Role
from tasks.applications.accept import APPLICANT, CUSTOMER, NO_OFFICE
from tasks.applications.queries import BY_ORDER
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.people.queries import offices
from tasks.people.rights import on_staff
from tasks.policies.queries import version_today
from tasks.returns.queries import ended_without_goods, sold_orders, unreturned
from tasks.returns.rules import NO_SALE, request_problems, unreturned_problems
from tasks.unit.unit import Unit
from tasks.unit.work import Work

NOT_THAT = "不是此订单逾期未返货的单 must be a case of this order that ended because the goods never came"
OURS = "途中丢失，已按收到结清，找到的货归我方，凭盘点入库 was settled as lost: what is found is ours, a stock count books it"
INTO_WHAT = "未签收的换货须填改成什么 an exchange before signing needs what it becomes"
RECORDER = "须为{}的售后人员或客服专员 must hold OFFICE there, or AGENT"


def accept_return(form: ReturnRequest, unit: Unit, channel: Channel) -> tuple[Mapping[str, Any], list[Problem]]:
    """Give the facts of the case, those of its sale, and every problem; nobody else claims of the order meanwhile."""
    office, sold = unit.read(offices).get(form.office), unit.read_by(sold_orders, BY_ORDER, form)
    if office is None:
        return {}, [Problem("办事处 office", form.office, NO_OFFICE + unit.read(offices).meant(form.office))]
    problems = [] if channel == Channel.SYSTEM else _recorder_problems(form, unit, office)
    if sold is None:
        return {}, [*problems, Problem("订单号 order", form.order_no, NO_SALE)]
    customer = {name: getattr(sold.about, name) for name in CUSTOMER}
    problems += request_problems(form, (customer["customer_name"], customer["customer_phone"]), sold.lines, sold.free)
    today, earlier = shanghai_day(clock.now()), None
    if form.requested_on and form.requested_on > today:
        expected = f"不能晚于今天 {today} must not be after today"
        problems.append(Problem("客户提出日期 asked on", form.requested_on, expected))
    made = min(one.factory_date for one in sold.lines.values())
    if form.requested_on and form.requested_on < made:
        expected = f"不能早于出厂日 {made} must not be before the goods were made"
        problems.append(Problem("客户提出日期 asked on", form.requested_on, expected))
    unsigned = any(line.line_no in sold.lines and not sold.lines[line.line_no].signing_date for line in form.lines)
    if unsigned and form.wish is Wish.EXCHANGE and not form.wanted and channel != Channel.SYSTEM:
        problems.append(Problem("改成 change to", "", INTO_WHAT))
    if form.reopens:
        earlier = unit.read_by(ended_without_goods, _REOPENS, form)
        if earlier is None or earlier.order_no != form.order_no:
            problems.append(Problem("原退换单号 reopens", form.reopens, NOT_THAT))
        elif earlier.paid_for:
            return {}, [Problem("原退换单号 reopens", form.reopens, OURS)]
    if channel != Channel.SYSTEM and (owed := unit.read_by(unreturned, BY_ORDER, form)):
        problems += unreturned_problems(form, owed.number, owed.ahead)
    if problems:
        return {}, problems
    for line in form.lines:
        sold.free[line.line_no] -= line.quantity  # others of the same sheet see it
    applied = {"applicant": form.applicant, "order_no": form.order_no, "urgency": form.urgency, "remark": form.remark}
    own = {"office": office.code, "model": sold.about.model, "policy_version": unit.read(version_today)}
    return own | applied | customer | ({"parent_id": earlier.id} if earlier else {}), []


def _REOPENS(form: Any) -> str:  # noqa: N802  a key, as BY_ORDER is
    return str(getattr(form, "reopens", ""))


def _recorder_problems(form: ReturnRequest, unit: Unit, office: Any) -> list[Problem]:
    person = on_staff(unit, form.applicant, APPLICANT)
    if isinstance(person, Problem):
        return [person]
    fits = person.holds(Role.OFFICE, office.code) or person.holds(Role.AGENT)
    return [] if fits else [Problem(APPLICANT, str(person), RECORDER.format(office.name))]


def begin_return(form: ReturnRequest, work: Work) -> None:
    """Claim the pieces of the order: no other case may bring them back."""
    for line in form.lines:
        claim_pieces(work, line.line_no, line.quantity)


def claim_pieces(work: Work, line_no: int, many: Decimal, **more: Decimal) -> None:
    """Raise what has come back of a line of the order; its bounds keep that to what was sold and paid."""
    work.shift(sales_record, {"order_no": work.case.order_no, "line_no": line_no}, returned=many, **more)


def asked_on(form: ReturnRequest, earlier: date | None, today: date) -> date:
    """Give the day of the request: what reopens a case keeps that of the case."""
    return form.requested_on or earlier or today
