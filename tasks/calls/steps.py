"""What the system does for a follow-up call: takes it up, notes attempts, passes on what the customer said (S2)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from schemas.forms.calls import CallMade, CallReason, CallRequest, CallResult, CallWhy, MoreReasons
from schemas.forms.complaints import CustomerHeard, Satisfaction
from schemas.forms.contacts import ContactWay
from schemas.forms.surveys import SurveyDoor
from schemas.tables import call_attempt, no_calls, phone_correction, sales_change, sales_record, service_case
from schemas.words import DocumentKind, Role
from tasks.calls.accept import add_reasons
from tasks.calls.queries import CalledAbout, numbers_of, refusing, sold_lines, sources, told_about
from tasks.calls.rules import SATISFACTION, answers_survey, said_of, survey_said
from tasks.calls.shapes import Added, CallPlan
from tasks.complaints.afterwards import complain_afterwards
from tasks.cycle.hours import hours, moment_of
from tasks.documents.contents import to_customer
from tasks.documents.steps import DocumentRef, issue
from tasks.durable.step import step
from tasks.people.queries import people, units
from tasks.policies.queries import setting
from tasks.surveys.answers import record_answer
from tasks.surveys.queries import offered
from tasks.surveys.rules import form_no
from tasks.unit.work import Work

BEGIN, CALL, PASS_ON = "回访登记", "电话回访", "转办跟踪"
PASSED_ON = "pass-verdict-on"


@step(BEGIN)
def take_up_call(work: Work, form: CallRequest) -> CallPlan:
    """Say whose call it is, by which number, and who handled what it is about."""
    known, handlers = handled(work, form)
    return CallPlan(
        attempts=setting(work, "hf.attempts"),
        numbers=sorted(known),
        handlers=sorted(handlers),
        agent=str(work.read(people)[form.applicant]),
        role=Role.AGENT if agents(work) - handlers else Role.SUPERVISOR,
        phone=work.case.customer_phone,
    )


def handled(work: Work, form: CallRequest | MoreReasons) -> tuple[Mapping[str, CalledAbout], set[str]]:
    """Find the cases that a call is about, and who handled them."""
    known = work.unit.read_by(sources, numbers_of, form) or {}
    return known, {one for source in known.values() for one in source.handlers}


def agents(work: Work) -> set[str]:
    """Give the agents who are at work."""
    return {code for code, one in work.read(people).items() if one.active and one.holds(Role.AGENT)}


@step("追加事由", link="")
def add_to_call(work: Work, more: MoreReasons, barred: frozenset[str], turn: int) -> Added:
    """Note further reasons to call a customer who is about to be called, each once; somebody stays who may call."""
    rows = work.read(told_about)[work.case.id]
    had = {(row.why, row.number or "", row.turn) for row in rows}
    new = [line for line in more.lines if (line.why.value, line.source, line.turn) not in had]
    known, handlers = handled(work, more)
    add_reasons(work, new, known, first=len(rows) + 1)
    return Added(numbers=sorted(known), handlers=sorted(handlers if agents(work) - barred - handlers else ()))


@step("问卷提示", link="")
def offer_survey(work: Work, turn: str) -> str:
    """Say which form of a survey the customer may answer in a call, "" where none waits (S3 §8 5.8.2)."""
    found = work.read(offered)[work.case.id]
    return form_no(found[0].number, found[0].no) if found else ""


@step("拨打记录", link="")
def note_call(work: Work, said: CallMade, turn: str) -> str:
    """Note an attempt; who refuses is not called any more, and a new number stands wherever the old one did."""
    own = {"staff": said.staff, "result": said.verdict.value, "recording": said.recording}
    work.insert(call_attempt, **own, called_at=called_at(work, said))
    phone = work.case.customer_phone
    if said.customer_phone and said.customer_phone != phone:
        correct_phone(work, said.customer_phone, said.staff)
    if said.verdict == CallResult.REFUSED:
        for refused in {phone, said.customer_phone or phone} - work.read(refusing):
            work.insert(no_calls, phone=refused, refused_at=work.now)
    if (form := work.read(offered)[work.case.id]) and answers_survey(said):
        marked, by = survey_said(said)[0], work.case.id
        record_answer(work.unit, form[0], marked, form[1], SurveyDoor.AGENT, work.now, said.staff, by)
    return f"{said.verdict.zh} {said.matter}".strip()


def called_at(work: Work, said: CallMade) -> datetime:
    """Give when somebody called; a day means since the hotline opens."""
    starts, _ = hours(setting(work, "cc.hotline"))
    return moment_of(said.called_at, starts) or work.now


@step("号码更正", link="")
def put_number_right(work: Work, phone: str, staff: str) -> None:
    """Write the number that the office found where the wrong one stood."""
    correct_phone(work, phone, staff)


def correct_phone(work: Work, phone: str, staff: str) -> None:
    """Let a number take another's place: in the call, in the customer's sales records, on lists to come."""
    wrong, order = work.case.customer_phone, work.case.order_no
    work.update(service_case, {"id": work.case.id}, customer_phone=phone)
    if wrong:
        work.update(phone_correction, {"phone": wrong}, phone=phone)
        work.delete(phone_correction, {"wrong": wrong})
        work.insert(phone_correction, wrong=wrong, phone=phone, staff=staff, corrected_at=work.now)
    for row in work.unit.read_by(sold_lines, lambda one: getattr(one, "order_no", ""), work.case) or []:
        if row.order_no == order and row.customer_phone == wrong:
            line = {"order_no": row.order_no, "line_no": row.line_no}
            work.update(sales_record, line, customer_phone=phone)
            work.insert(
                sales_change, **line, staff=staff, changed_at=work.now, changes={"customer_phone": [wrong, phone]}
            )


@step("客户评价", link=PASS_ON)
def pass_verdict_on(work: Work, said: CallMade | None) -> str:
    """Tell complaints that wait what their customer said; who is unsatisfied otherwise has a new one (S2)."""
    return _passed_on(work, said)


def end_call(work: Work) -> None:
    """Let no complaint wait for a call that was called off: its customer was not reached."""
    if PASSED_ON not in work.keys:
        _passed_on(work, None)


def _passed_on(work: Work, said: CallMade | None) -> str:
    verdict = SATISFACTION.get(said.verdict, Satisfaction.NOT_REACHED) if said else Satisfaction.NOT_REACHED
    matter, about = (said.matter, said.about) if said else ("", "")
    unsatisfied = verdict == Satisfaction.UNSATISFIED
    told = [row for row in work.read(told_about)[work.case.id] if row.source]
    waiting = [row.source for row in told if row.why == CallWhy.FILED]
    meant = [row.source for row in told if row.number == about] or [row.source for row in told][:1] or [work.case.id]
    for source in dict.fromkeys([*waiting, *(meant if unsatisfied else [])]):
        mild = unsatisfied and source not in meant
        heard = CustomerHeard(
            number=work.case.number, verdict=Satisfaction.SATISFIED if mild else verdict, reason=matter
        )
        complain_afterwards(work.unit, source, heard, ContactWay.PHONE, work.now, by=work.case.id)
    return f"{verdict.zh} {matter}".strip()


@step("内部联络单", link=PASS_ON)
def write_to_unit(work: Work, unit: str, said: CallMade, lines: list[CallReason]) -> DocumentRef:
    """Tell a unit the same day what a customer said: the 内部联络单 (S1 1.4.3)."""
    known = work.read(units)[unit]
    told = {"production_unit": f"{known.name} {known.code}", "matter": said.matter}
    told |= {"source": " ".join(said_of(lines)), "customer_says": said.verdict.zh, "recording": said.recording}
    return issue(work, DocumentKind.INTERNAL_LETTER, to_customer(work) | told | {"lines": []})


def reasons_of(request: CallRequest, more: Sequence[MoreReasons]) -> list[CallReason]:
    """Give all reasons of a call."""
    return [*request.lines, *(line for one in more for line in one.lines)]
