"""Take an answer in, through whichever door it comes: the first one wins, and who is not satisfied is heard (S3 §8 5.9)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Engine, Row

from schemas.forms.complaints import CustomerHeard, Satisfaction
from schemas.forms.contacts import ContactKind, ContactRecord, ContactWay, CustomerStanding
from schemas.forms.surveys import Mark, SurveyAnswer, SurveyDoor
from schemas.problems import BadInput, NotFound, Problem
from schemas.shapes import CaseNumber, LineTable
from schemas.tables import survey_answer
from schemas.words import Role
from tasks.complaints.afterwards import MOST_SAID, agent_for, complain, complain_afterwards, of_case
from tasks.complaints.queries import cases_by_id
from tasks.customers.file import Customer, cases_of, section
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.lookups.rules import Columns, shown, table_of
from tasks.people.queries import Seen, stores
from tasks.people.rights import SIGNER, signer_at_work
from tasks.surveys import queries
from tasks.surveys.rules import Said, complaint_of, form_no, said_of, said_problems
from tasks.unit.reading import reading
from tasks.unit.refusals import tried
from tasks.unit.unit import Unit
from tasks.unit.work import SHANGHAI

WAYS = {SurveyDoor.PAGE: ContactWay.ONLINE, SurveyDoor.SHEET: ContactWay.LETTER, SurveyDoor.AGENT: ContactWay.PHONE}
FORM = "问卷编号 form"
ENTERS = (Role.AGENT, Role.COMPLAINT_HANDLER, Role.SUPERVISOR)
NO_FORM = "没有这份问卷，请核对编号 there is no such form: check its number"
NOT_ABLE = "须为客服专员、投诉专管员或客服主管 must take calls"

TOLD = ("number", "no", "case_no", "sent_at", "answered_at", "overall", "marks", "remarks")
SHOWN: Columns = {
    "问卷 Form": lambda row: form_no(row["number"], row["no"]),
    "单号 Case": lambda row: CaseNumber(row["case_no"]),
    "发出 Sent": "sent_at",
    "收回 Answered": lambda row: shown(row["answered_at"] or ""),
    "总体评价 Overall": lambda row: Mark(row["overall"]).zh if row["overall"] else "",
    "不满意 Not satisfied with": lambda row: "、".join(
        code for code, mark in (row["marks"] or {}).items() if mark == Mark.NOT
    ),
    "留言 Remarks": lambda row: "；".join((row["remarks"] or {}).values()),
}


class FormAnswered(NamedTuple):
    """What became of an answer: `new`, or when another came before it; too late to be counted; the complaint that follows."""

    form: str
    new: bool
    at: datetime
    late: bool = False
    complaint: int | None = None

    @property
    def said(self) -> str:
        """What became of it, for staff."""
        if not self.new:
            return f"{self.form} 已于 {self.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M} 收到，不再改动 was answered before"
        late = "，已截止，不计入 too late to be counted" if self.late else ""
        heard = "，已转投诉 opens a complaint" if self.complaint else ""
        return f"{self.form} 已登记 kept{late}{heard}"


def enter_answer(db: Engine, form: SurveyAnswer, door: SurveyDoor) -> FormAnswered:
    """Keep an answer that staff enter; BadInput names what is wrong with it."""
    with reading(db) as connection:
        person = signer_at_work(connection, form.staff)
        found = queries.forms_by_number(connection, [form.form_no]).get(form.form_no)
    said, problems = said_of(form)
    if not any(person.holds(role) for role in ENTERS):
        problems.append(Problem(SIGNER, str(person), NOT_ABLE))
    if found is None:
        problems.append(Problem(FORM, form.form_no, NO_FORM))
    if problems or found is None:
        raise BadInput(problems)
    return keep_answer(db, found.id, said, door, form.staff)


def keep_answer(db: Engine, form: UUID, said: Said, door: SurveyDoor, staff: str | None = None) -> FormAnswered:
    """Keep an answer, once a form, with the complaint that it opens; BadInput names what is wrong with it.

    Of two that come at once one is kept, and the other hears of it. NotFound where there is no such form.
    """

    def attempt() -> FormAnswered:
        with db.begin() as connection:
            return _keep(connection, form, said, door, staff)

    return tried(attempt)


def _keep(connection: Connection, form: UUID, said: Said, door: SurveyDoor, staff: str | None) -> FormAnswered:
    now, found = clock.now(), queries.form_by_id(connection, form)
    if found is None:
        raise NotFound(NO_FORM)
    number = _number(found)
    if found.answered_at:
        return FormAnswered(number, False, found.answered_at)
    questions = queries.questions_on(connection, shanghai_day(found.sent_at))
    if problems := said_problems(said, questions.keys()):
        raise BadInput(problems)
    unit = Unit(connection, [], [])
    complaint = record_answer(unit, found, said, questions, door, now, staff)
    unit.flush()
    return FormAnswered(number, True, now, now >= found.closes_at, complaint)


def record_answer(
    unit: Unit,
    form: Row[Any],
    said: Said,
    questions: Mapping[str, str],
    door: SurveyDoor,
    now: datetime,
    staff: str | None,
    by: int = 0,
) -> int | None:
    """Write an answer that nothing is wrong with, and let the complaint know that follows; gives that, if there is one.

    `by` is the case whose step this is; whoever calls flushes the unit, and the database refuses a second answer.
    """
    complaint = _complaint(unit, form, said, complaint_of(said, questions), door, now, by)
    row = {"form": form.id, "answered_at": now, "door": door, "staff": staff, "overall": said.overall}
    row |= {"marks": dict(said.marks), "remarks": dict(said.remarks), "wants_reply": said.wants_reply}
    unit.insert(by, survey_answer, row | {"complaint": complaint})
    return complaint


def _complaint(
    unit: Unit, form: Row[Any], said: Said, why: str, door: SurveyDoor, now: datetime, by: int
) -> int | None:
    """Let the complaint know that follows; who only wishes for a reply is taken for one who enquires."""
    verdict, number = Satisfaction.UNSATISFIED if said.unsatisfied else Satisfaction.SATISFIED, _number(form)
    if form.about and (said.unsatisfied or said.satisfied):
        heard = CustomerHeard(number=number, verdict=verdict, reason=why[:MOST_SAID])
        if heard_by := complain_afterwards(unit, form.about, heard, WAYS[door], now, by):
            return heard_by
    if not (said.unsatisfied or said.wants_reply):
        return None
    case = unit.read_by(cases_by_id, int, form.about) if form.about else None
    asked = of_case(case) if case else of_store(stores(unit.connection)[form.store])
    kind = ContactKind.COMPLAINT if said.unsatisfied else ContactKind.ENQUIRY
    matter = f"{number} {why}"[:MOST_SAID]
    taker = agent_for(unit, form.no)
    return complain(
        unit,
        ContactRecord(applicant=taker, kind=kind, way=WAYS[door], matter=matter, **asked),
        f"after:{number}",
        now,
        by,
    )


def _number(form: Row[Any]) -> str:
    return form_no(form.number, form.no)


def of_store(store: Row[Any]) -> dict[str, Any]:
    """Give who complains where a store does; one without a phone is called back by nobody, as who is anonymous."""
    standing = CustomerStanding.DEALER if store.phone else CustomerStanding.ANONYMOUS
    named = {"customer_name": store.name, "customer_phone": store.phone, "customer_address": store.name}
    return {"office": store.office, **named, "standing": standing}


@section("surveys", "满意度调查 Surveys", internal=True)
def surveys_section(connection: Connection, customer: Customer, seen: Seen) -> LineTable:
    """List what a customer was asked and answered, the newest first."""
    rows = queries.forms_about(connection, cases_of(connection, customer, seen))
    return table_of(SHOWN, [{name: getattr(row, name) for name in TOLD} for row in rows])
