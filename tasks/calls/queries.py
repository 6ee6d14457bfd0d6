"""The SQL of follow-up calls: the cases that a call is about, who handled them, who wants no calls, its table."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from schemas.forms.base import form_path
from schemas.forms.calls import CallReason, CallResult, CallWhy
from schemas.forms.complaints import CustomerHeard
from schemas.shapes import CaseNumber, LineTable
from schemas.tables import call_attempt, call_reason, ledger, no_calls, sales_record, service_case, work_item
from schemas.words import EntryKind, Role
from tasks.customers.file import Customer, cases_of, section
from tasks.lookups.rules import Columns, shown, table_of
from tasks.people.queries import Seen
from tasks.unit.among import among

CODE = "HF"
HANDLERS = (Role.AGENT, Role.COMPLAINT_HANDLER)  # who has one of these gates of a case handles it
Numbers = tuple[str, ...]
ATTEMPT = ("called_at", "staff", "result")
CALLS: Columns = {
    "回访 Call": "number",
    "时间 Called at": "called_at",
    "坐席 Agent": "staff",
    "结果 Result": "result",
    "事由 Why": "why",
}


class CalledAbout(NamedTuple):
    """A case that a customer is called about, and who handled it."""

    id: int
    handlers: frozenset[str]


def numbers_of(one: Any) -> Numbers:
    """Give the cases that a form, or a call's row by its request, names as reasons; whatever else there is names none."""
    if getattr(one, "process", "") == CODE:
        return tuple(sorted({line["source"] for line in one.request["lines"] if line["source"]}))
    return tuple(sorted({line.source for line in getattr(one, "lines", ()) if getattr(line, "source", "")}))


def sources(connection: Connection, keys: Sequence[Numbers]) -> dict[Numbers, dict[str, CalledAbout]]:
    """Find the cases with these numbers, and who handled each, by number."""
    numbers = sorted({number for key in keys for number in key})
    decided = (ledger.c.case_id == service_case.c.id, ledger.c.kind == EntryKind.DECISION.value)
    item = (work_item.c.case_id == ledger.c.case_id) & (work_item.c.step_key == ledger.c.step_key)
    handled = select(func.array_agg(ledger.c.actor.distinct())).select_from(ledger.join(work_item, item))
    actors = handled.where(*decided, work_item.c.role.in_(HANDLERS)).scalar_subquery().label("actors")
    named = select(service_case.c.number, service_case.c.id, actors).where(among(service_case.c.number, numbers))
    found = {
        row.number: CalledAbout(row.id, frozenset(filter(None, row.actors or ()))) for row in connection.execute(named)
    }
    return {key: {number: found[number] for number in key if number in found} for key in keys}


def called_about(connection: Connection, keys: Sequence[Numbers]) -> dict[Numbers, dict[CallReason, str]]:
    """Find which reasons about these cases stand on calls already: reason → number of the call."""
    about, call = service_case.alias("about"), service_case.alias("call")
    named = select(call_reason.c.why, about.c.number.label("source"), call_reason.c.turn, call.c.number)
    joined = named.join(about, about.c.id == call_reason.c.source).join(call, call.c.id == call_reason.c.case_id)
    numbers = sorted({number for key in keys for number in key})
    rows = connection.execute(joined.where(among(about.c.number, numbers))).all()
    had = {CallReason(why=CallWhy(row.why), source=row.source, turn=row.turn): row.number for row in rows}
    return {key: {reason: number for reason, number in had.items() if reason.source in key} for key in keys}


def awaiting(connection: Connection, keys: Sequence[Numbers]) -> dict[Numbers, dict[str, int]]:
    """Say of those cases that are open complaints which callback each waits for: the how-manieth, 0 for none."""
    case, item = service_case.c, work_item.c
    asks = (item.case_id == case.id) & (item.form == form_path(CustomerHeard)) & item.closed_at.is_(None)
    joined = service_case.outerjoin(work_item, asks & (item.role == Role.SYSTEM.value))
    wanted = (
        select(case.number, item.step_key).select_from(joined).where(case.process == "CC", case.closed_at.is_(None))
    )
    rows = connection.execute(wanted.where(among(case.number, sorted({number for key in keys for number in key}))))
    turns = {row.number: int(row.step_key.rpartition("-")[2]) if row.step_key else 0 for row in rows}
    return {key: {number: turns[number] for number in key if number in turns} for key in keys}


def refusing(connection: Connection, _case_ids: Sequence[int] = ()) -> set[str]:
    """Load the numbers of those who want no calls."""
    return set(connection.execute(select(no_calls.c.phone)).scalars())


def told_about(connection: Connection, case_ids: Sequence[int]) -> dict[int, list[Any]]:
    """Load why customers are called, with the numbers of the cases that it is about."""
    named = select(call_reason, service_case.c.number).outerjoin(
        service_case, service_case.c.id == call_reason.c.source
    )
    rows = connection.execute(
        named.where(among(call_reason.c.case_id, case_ids)).order_by(call_reason.c.case_id, call_reason.c.line_no)
    ).all()
    return {case_id: [row for row in rows if row.case_id == case_id] for case_id in case_ids}


def attempts(connection: Connection, case_ids: Sequence[int]) -> dict[int, list[Any]]:
    """Load the attempts of calls, the first one first."""
    wanted = select(call_attempt).where(among(call_attempt.c.case_id, case_ids))
    rows = connection.execute(wanted.order_by(call_attempt.c.called_at)).all()
    return {case_id: [row for row in rows if row.case_id == case_id] for case_id in case_ids}


def sold_lines(connection: Connection, orders: Sequence[str]) -> dict[str, list[Any]]:
    """Load the lines of orders with the phone that stands there."""
    wanted = select(sales_record.c.order_no, sales_record.c.line_no, sales_record.c.customer_phone)
    rows = connection.execute(wanted.where(among(sales_record.c.order_no, orders))).all()
    return {order: [row for row in rows if row.order_no == order] for order in orders}


@section("calls", "回访 Calls", internal=True)
def calls_section(connection: Connection, customer: Customer, seen: Seen) -> LineTable:
    """List the calls to a customer with each attempt, the newest call first."""
    of, mine = service_case.c, among(service_case.c.id, cases_of(connection, customer, seen))
    named = select(of.id, of.number).where(of.process == CODE, mine).order_by(of.id.desc())
    calls = {row.id: CaseNumber(row.number) for row in connection.execute(named)}
    tried, reasons = attempts(connection, list(calls)), told_about(connection, list(calls))
    rows = list[dict[str, Any]]()
    for case_id, number in calls.items():
        why = "、".join(f"{CallWhy(row.why).zh} {row.number or ''}".strip() for row in reasons[case_id])
        own = [one._asdict() | {"result": CallResult(one.result)} for one in tried[case_id]]
        rows += [{"number": number, "why": why} | one for one in own or [dict.fromkeys(ATTEMPT, "")]]
    return table_of(CALLS, rows)


def call_table(connection: Connection, case_id: int) -> LineTable:
    """Show why a customer is called, and what came of each attempt."""
    reasons = told_about(connection, [case_id])[case_id]
    rows = [(CallWhy(row.why).zh, CaseNumber(row.number or ""), row.turn) for row in reasons]
    tried = attempts(connection, [case_id])[case_id]
    facts = [
        (f"第 {no} 次拨打 Attempt", f"{shown(one.called_at)} {one.staff} {CallResult(one.result).zh}")
        for no, one in enumerate(tried, start=1)
    ]
    return LineTable(("事由 Why", "单号 Case", "次数 Turn"), rows, facts)
