"""What becomes of what a follow-up call or a survey hears about a case (DOMAIN, "Scheduled work"; BRANCHES 3, D).

An open complaint is told: while it is filed, that answers its callback, and who is unsatisfied has it go on one level
higher. After anything else an unsatisfied customer's is a new complaint, classified normally; a call and a survey of
the same case open one together.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from schemas.forms.complaints import CustomerHeard, Satisfaction
from schemas.forms.contacts import ContactKind, ContactRecord, ContactWay, CustomerStanding
from schemas.problems import IllegalTransition
from schemas.tables import letter
from schemas.words import Channel, EntryKind, Role
from tasks.applications.accept import CUSTOMER
from tasks.branches.children import OF_CUSTOMERS
from tasks.complaints.queries import CODE, after, cases_by_id, complaints_after
from tasks.durable.opening import enter
from tasks.durable.process import PROCESSES
from tasks.people.queries import people
from tasks.unit.unit import Unit

MOST_SAID = 2000  # characters of what a record says


def complain_afterwards(
    unit: Unit, about: int, heard: CustomerHeard, way: ContactWay, now: datetime, by: int = 0
) -> int | None:
    """Let a case's complaint know what its customer says; gives that complaint's id, None where there need be none.

    about   the id of the case that the customer was asked about; heard.number: of the call or the survey
    by      the id of the case whose step this is, so that what it opens is forgotten with it; 0: of none
    Whoever calls flushes the unit; a twin that committed meanwhile is refused by the database: do it again.
    """
    case = unit.read_by(cases_by_id, _wanted, about)
    if case is None:
        raise IllegalTransition(f"{heard.number}: there is no case {about}")
    if case.process == CODE and case.closed_at is None:
        return _tell(unit, about, heard, now)
    if heard.verdict != Satisfaction.UNSATISFIED:
        return None
    known = unit.read_by(complaints_after, _wanted, about)
    assert known is not None  # a list for each case that is asked for
    if known:
        made_here = unit.read_by(cases_by_id, _wanted, known[0]) is None
        follow = _tell(unit, known[0], heard, now) if made_here else None
        return follow or complain_afterwards(unit, known[0], heard, way, now, by)
    matter, taker = f"{heard.number} {heard.reason}"[:MOST_SAID], agent_for(unit, about)
    form = ContactRecord(applicant=taker, kind=ContactKind.COMPLAINT, way=way, matter=matter, **of_case(case))
    known.append(complain(unit, form, after(about), now, by))
    return known[0]


def _wanted(one: object) -> int:
    """Give the id that is asked for; what else the unit is about is none."""
    return one if isinstance(one, int) else 0


def _tell(unit: Unit, complaint: int, heard: CustomerHeard, now: datetime) -> int:
    """Write to an open complaint."""
    row = {"key": f"{OF_CUSTOMERS}{heard.number}", "kind": EntryKind.DECISION, "body": heard.model_dump(mode="json")}
    unit.insert(complaint, letter, {"case_id": complaint, **row, "sent_at": now})
    return complaint


def complain(unit: Unit, form: ContactRecord, origin: str, now: datetime, by: int = 0) -> int:
    """Open a complaint that nobody called about, in this very unit; gives its id. What we write must be right."""
    process = PROCESSES[CODE]
    facts, problems = process.accept(form, unit, Channel.SYSTEM)
    if problems:
        raise IllegalTransition(f"{origin} cannot open a {CODE}: {'; '.join(map(str, problems))}")
    (complaint,) = unit.new_case_ids(1)
    enter(unit, process, complaint, form, facts, now, origin=origin)
    if by:
        unit.made(complaint, by=by)
    return complaint


def of_case(about: Row[Any]) -> dict[str, Any]:
    """Give who says something of a case, as a record of a contact names its customer."""
    known = about.order_no or (about.customer_name and about.customer_phone)
    named = {name: getattr(about, name) for name in ("office", "order_no", *CUSTOMER)}
    standing = CustomerStanding.ORDINARY if known else CustomerStanding.ANONYMOUS
    return named | {"about": about.number, "standing": standing}


def agent_for(unit: Unit, about: int) -> str:
    """Choose one of the agents, by the case; without one the SUPERVISOR."""
    staff = unit.read(people)
    for role in (Role.AGENT, Role.SUPERVISOR):
        if able := sorted(code for code, one in staff.items() if one.active and one.holds(role)):
            return able[about % len(able)]
    raise IllegalTransition("no AGENT and no SUPERVISOR is at work")
