"""Close surveys: count what came back in time, and tell the units; below target it must be corrected (S3 §8 5.9, 5.10)."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Engine, Row

from schemas.forms.corrective import FeedbackLine, FeedbackNote
from schemas.forms.sales import YesNo
from schemas.forms.surveys import Mark
from schemas.problems import IllegalTransition
from schemas.words import Channel, Role
from tasks.cycle.queries import calendar_today
from tasks.cycle.rules import add_working_days_to_date, shanghai_day
from tasks.durable import clock
from tasks.durable.opening import enter
from tasks.durable.process import PROCESSES
from tasks.people.queries import people
from tasks.policies.queries import policies
from tasks.surveys import queries
from tasks.surveys.rules import Rate, rate_of, tally, title_of
from tasks.unit.reading import reading
from tasks.unit.unit import Unit

CODE = "JC"
OVERALL, DEPARTMENT = "客户总体评价 Overall", "本部门 the department"


def close_surveys(db: Engine) -> list[str]:
    """Close what is over, each in a transaction of its own, once; gives what staff read of each."""
    with reading(db) as connection:
        due = queries.due_surveys(connection, clock.now())
    told = list[str]()
    for survey_id in due:
        with db.begin() as connection:
            if survey := queries.take_survey(connection, survey_id, clock.now()):
                told.append(_close(connection, survey))
    return told


def _close(connection: Connection, survey: Row[Any]) -> str:
    """Count a survey, and tell each unit of which something came back."""
    forms = queries.returned_of(connection, [survey.id])
    policy = policies(connection)[survey.policy_version]
    unit = Unit(connection, [], [])
    told = [_counted(forms, policy, "合计 all")]
    for of in sorted({form.unit or "" for form in forms if form.answered_at}):
        own = [form for form in forms if (form.unit or "") == of]
        told.append(_counted(own, policy, of or DEPARTMENT))
        _tell(unit, survey, of, own, policy)
    unit.flush()
    return "\n".join([f"### {survey.number} {title_of(survey.about, survey.first, survey.last)}", *told])


def _counted(forms: Sequence[Row[Any]], policy: Any, of: str) -> str:
    return f"- {of}: {rate_among(forms, policy['survey.confidence']).said}"


def rate_among(forms: Sequence[Row[Any]], confidence: float) -> Rate:
    """Count forms, of which those that have a moment came back."""
    back = [Mark(form.overall) if form.overall else None for form in forms if form.answered_at]
    return rate_of(len(forms), back, confidence)


def _tell(unit: Unit, survey: Row[Any], of: str, forms: Sequence[Row[Any]], policy: Any) -> None:
    """Open the case by which a unit hears it: commended, or to be corrected by a day."""
    rate, connection = rate_among(forms, policy["survey.confidence"]), unit.connection
    below, today = not rate.reaches(Decimal(str(policy["survey.target"]))), shanghai_day(clock.now())
    by = add_working_days_to_date(calendar_today(connection), today, policy["survey.improve.days"]) if below else None
    title = f"{survey.number} {title_of(survey.about, survey.first, survey.last)}：{rate.said}"
    form = FeedbackNote(
        office=forms[0].office,
        applicant=_leader(unit),
        unit=of,
        matter=f"{title}，目标 target ≥ {policy['survey.target']:.0%}",
        below=YesNo.YES if below else YesNo.NO,
        by=by,
        lines=_lines(connection, survey, forms),
    )
    process = PROCESSES[CODE]
    facts, problems = process.accept(form, unit, Channel.SYSTEM)
    if problems:
        raise IllegalTransition(f"{survey.number} cannot open a {CODE}: {'; '.join(map(str, problems))}")
    (case,) = unit.new_case_ids(1)
    enter(unit, process, case, form, facts, clock.now(), origin=f"survey:{survey.number}:{of}")


def _leader(unit: Unit) -> str:
    """Choose who says it: a SUPERVISOR at work."""
    able = sorted(code for code, one in unit.read(people).items() if one.active and one.holds(Role.SUPERVISOR))
    if not able:
        raise IllegalTransition("no SUPERVISOR is at work")
    return able[0]


def _lines(connection: Connection, survey: Row[Any], forms: Sequence[Row[Any]]) -> list[FeedbackLine]:
    """Say question by question how it was marked, and what was written."""
    back = [form for form in forms if form.answered_at]
    asked = queries.questions_on(connection, shanghai_day(survey.sent_at))
    overall = [{"": form.overall} for form in back if form.overall]
    lines = list[FeedbackLine]()
    for code, marks in tally([*overall, *(form.marks for form in back)]).items():
        named = f"{code} {asked.get(code, '')}"[:80] if code else OVERALL
        result = " · ".join(f"{mark.zh} {marks[mark]}" for mark in Mark if marks[mark])
        lines.append(FeedbackLine(item=named, result=result))
    written = [text for form in back for text in form.remarks.values()]
    return lines + ([FeedbackLine(item="客户留言 Remarks", result="；".join(written)[:2000])] if written else [])
