"""The SQL of surveys: who may be asked, what was asked, what came back."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Row, func, insert, or_, select, update

from schemas.forms.surveys import SurveyAbout
from schemas.processes.complaint import ContactEnding
from schemas.processes.parts_application import PartsEnding
from schemas.processes.repair_return import RepairEnding
from schemas.processes.returns import ReturnEnding
from schemas.tables import (
    call_reason,
    production_order,
    service_case,
    store,
    survey,
    survey_answer,
    survey_form,
    survey_question,
)
from schemas.words import Ending
from tasks.cycle.rules import at, shanghai_day
from tasks.durable import clock
from tasks.policies.queries import valid_on
from tasks.surveys.rules import form_no
from tasks.unit.among import among

# whose customers had the service: by process how their cases end then
LOCK = 7230403  # of who sends a survey
_REFUNDED = (ReturnEnding.REFUNDED, ReturnEnding.PARTLY_REFUNDED, ReturnEnding.EXCHANGED, ReturnEnding.REDUCED)
HAD: dict[SurveyAbout, dict[str, tuple[Ending, ...]]] = {
    SurveyAbout.REPAIRS: {"RR": (RepairEnding.REPAIRED, RepairEnding.UNREPAIRED), "CC": (ContactEnding.REPAIRED,)},
    SurveyAbout.PARTS: {"PA": (PartsEnding.DELIVERED,)},
    SurveyAbout.RETURNS: {"RF": _REFUNDED},
    SurveyAbout.COMPLAINTS: {"CC": (ContactEnding.SETTLED, ContactEnding.NO_AGREEMENT)},
}


class Asked(NamedTuple):
    """Who may be asked about what: a case or a store, its office, the unit that it is about."""

    about: int | None
    store: str | None
    office: str
    unit: str | None


def customers_served(connection: Connection, about: SurveyAbout, first: date, after: date) -> list[Asked]:
    """Find the cases of a service that ended from one day until before another, and whose customers can be asked."""
    if about is SurveyAbout.STORES:
        rows = connection.execute(select(store.c.code, store.c.office).order_by(store.c.code))
        return [Asked(None, row.code, row.office, None) for row in rows]
    of, unit = service_case.c, select(production_order.c.unit).where(production_order.c.case_id == service_case.c.id)
    first_unit = unit.order_by(production_order.c.turn, production_order.c.line_no).limit(1).scalar_subquery()
    had = or_(*((of.process == code) & of.ending.in_(endings) for code, endings in HAD[about].items()))
    ended = (of.closed_at >= at(first), of.closed_at < at(after), of.customer_phone != "")
    wanted = select(of.id, of.office, first_unit.label("unit")).where(had, *ended).order_by(of.id)
    return [Asked(row.id, None, row.office, row.unit) for row in connection.execute(wanted)]


def one_survey_at_a_time(connection: Connection) -> None:
    """Let whoever else sends a survey wait for the end of this transaction."""
    connection.execute(select(func.pg_advisory_xact_lock(LOCK)))


def survey_from(connection: Connection, origin: str) -> Row[Any] | None:
    """Find the survey that was made from an origin."""
    return connection.execute(select(survey).where(survey.c.origin == origin)).first()


def open_survey(connection: Connection, about: SurveyAbout, first: date, last: date) -> str | None:
    """Give the origin of a survey of the same customers about the same days that is not counted yet; None without one.

    Whoever else sends one meanwhile is waited for.
    """
    one_survey_at_a_time(connection)
    same = (survey.c.about == about, survey.c.first == first, survey.c.last == last, survey.c.closed_at.is_(None))
    origin: str | None = connection.execute(select(survey.c.origin).where(*same).limit(1)).scalar()
    return origin


def how_many_begin(connection: Connection, number: str) -> int:
    """Count the surveys whose numbers begin so."""
    named = survey.c.number.startswith(number)
    return connection.execute(select(func.count()).select_from(survey).where(named)).scalar_one()


def keep_survey(connection: Connection, row: Mapping[str, Any], forms: Sequence[Mapping[str, Any]]) -> Row[Any]:
    """Write a survey with its forms; gives it."""
    made = connection.execute(insert(survey).values(row).returning(survey)).one()
    connection.execute(insert(survey_form), [{"survey": made.id, **form} for form in forms])
    return made


_FORM = (
    select(survey_form, survey.c.number, survey.c.about.label("service"), survey.c.sent_at, survey.c.closes_at)
    .add_columns(survey.c.links_until, survey.c.first, survey.c.last, survey_answer.c.answered_at, survey_answer.c.door)
    .add_columns(service_case.c.number.label("case_no"), service_case.c.model, store.c.name.label("store_name"))
    .join(survey, survey.c.id == survey_form.c.survey)
    .outerjoin(survey_answer, survey_answer.c.form == survey_form.c.id)
    .outerjoin(service_case, service_case.c.id == survey_form.c.about)
    .outerjoin(store, store.c.code == survey_form.c.store)
)


def form_by_id(connection: Connection, form: UUID) -> Row[Any] | None:
    """Find a form with its survey, and when it was answered; no contact data."""
    return connection.execute(_FORM.where(survey_form.c.id == form)).first()


def forms_by_number(connection: Connection, numbers: Sequence[str]) -> dict[str, Row[Any]]:
    """Find forms by the numbers that are printed on them, MY-202610-1-007."""
    of_survey = {number.rpartition("-")[0] for number in numbers}
    rows = connection.execute(_FORM.where(among(survey.c.number, of_survey)))
    found = {form_no(row.number, row.no): row for row in rows}
    return {number: found[number] for number in numbers if number in found}


def survey_forms(connection: Connection, number: str) -> list[Row[Any]]:
    """Give the forms of a survey in order, with whom to send them to."""
    wanted = _FORM.add_columns(
        func.coalesce(service_case.c.customer_name, store.c.name).label("name"),
        func.coalesce(service_case.c.customer_phone, store.c.phone).label("phone"),
    )
    return list(connection.execute(wanted.where(survey.c.number == number).order_by(survey_form.c.no)))


def forms_about(connection: Connection, case_ids: Sequence[int]) -> list[Row[Any]]:
    """Give the forms about cases with what was answered, the newest first."""
    wanted = _FORM.add_columns(survey_answer.c.overall, survey_answer.c.marks, survey_answer.c.remarks)
    about = wanted.where(among(survey_form.c.about, case_ids))
    return list(connection.execute(about.order_by(survey.c.sent_at.desc(), survey_form.c.no)))


def offered(connection: Connection, case_ids: Sequence[int]) -> dict[int, tuple[Row[Any], dict[str, str]] | None]:
    """Give by follow-up call a form about one of its cases that nobody has answered yet, and what it asks; None without."""
    waits = (survey_answer.c.form.is_(None), survey.c.links_until > clock.now())
    of_calls = _FORM.add_columns(call_reason.c.case_id.label("call"))
    found = of_calls.join(call_reason, call_reason.c.source == survey_form.c.about).where(*waits)
    rows = connection.execute(
        found.where(among(call_reason.c.case_id, case_ids)).order_by(survey.c.sent_at, survey_form.c.no)
    )
    first = {row.call: row for row in reversed(rows.all())}
    asked = {day: questions_on(connection, day) for day in {shanghai_day(row.sent_at) for row in first.values()}}
    return {
        case_id: (first[case_id], asked[shanghai_day(first[case_id].sent_at)]) if case_id in first else None
        for case_id in case_ids
    }


def questions_on(connection: Connection, day: date) -> dict[str, str]:
    """Give what is asked on a day: code → text, in order."""
    of = survey_question
    wanted = select(of.c.code, of.c.text).where(valid_on(of, day)).order_by(of.c.code)
    return {row.code: row.text for row in connection.execute(wanted)}


def due_surveys(connection: Connection, now: datetime) -> Sequence[int]:
    """Find the surveys that are over and not counted, the oldest first."""
    over = (survey.c.closed_at.is_(None), survey.c.closes_at <= now)
    return (
        connection.execute(select(survey.c.id).where(*over).order_by(survey.c.closes_at, survey.c.id)).scalars().all()
    )


def take_survey(connection: Connection, survey_id: int, now: datetime) -> Row[Any] | None:
    """Close a survey, unless another has; gives it."""
    mine = update(survey).where(survey.c.id == survey_id, survey.c.closed_at.is_(None)).values(closed_at=now)
    return connection.execute(mine.returning(survey)).first()


def returned_of(connection: Connection, surveys: Sequence[int]) -> list[Row[Any]]:
    """Give all forms of surveys with what was answered in time; of the others there is no mark and no moment."""
    in_time = (survey_answer.c.form == survey_form.c.id) & (survey_answer.c.answered_at < survey.c.closes_at)
    of_answer = [survey_answer.c[name] for name in ("answered_at", "overall", "marks", "remarks", "wants_reply")]
    wanted = select(survey_form.c.survey, survey_form.c.unit, survey_form.c.office, survey_form.c.no, *of_answer)
    wanted = wanted.join(survey, survey.c.id == survey_form.c.survey).outerjoin(survey_answer, in_time)
    rows = connection.execute(wanted.where(among(survey_form.c.survey, surveys)).order_by(survey_form.c.id))
    return list(rows)


def surveys_counted(connection: Connection, first: datetime, after: datetime) -> list[Row[Any]]:
    """Find the surveys that closed from one moment until before another, in order."""
    closed = (survey.c.closes_at > first, survey.c.closes_at <= after)
    return list(connection.execute(select(survey).where(*closed).order_by(survey.c.closes_at, survey.c.id)))
