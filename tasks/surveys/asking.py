"""Who may have a survey sent, and get its links; scheduled ones are sent when they are due."""

from pathlib import Path

from sqlalchemy import Connection, Engine

from schemas.forms.surveys import LinksWanted, SurveyAbout, SurveyWanted
from schemas.problems import BadInput, NotFound, Problem
from schemas.words import Role
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.people.rights import SIGNER, signer_at_work
from tasks.rounds.rules import RECKONED, Period
from tasks.surveys.answers import ENTERS, NOT_ABLE
from tasks.surveys.links import SurveyLinks
from tasks.surveys.listing import write_links
from tasks.surveys.queries import open_survey, survey_forms
from tasks.surveys.sampling import send_survey
from tasks.unit.reading import reading

NO_SURVEY = "没有编号为 {} 的调查 there is no survey {}"
WHO = "须为客服主管 must be a SUPERVISOR"
LATER = "不能晚于今天 must not be later than today"


def survey_when_due(about: SurveyAbout, connection: Connection, period: Period) -> str:
    """Send the survey of a period, once; gives what staff read of it."""
    return send_survey(connection, about, period, f"{about}:{period.first}:{period.last}")[1]


def survey_on_demand(db: Engine, form: SurveyWanted, origin: str) -> str:
    """Send a survey that a SUPERVISOR wants, once per origin; gives what staff read of it.

    Nobody is asked twice: while one about the same time is open, it is that one that is wanted.
    """
    with db.begin() as connection:
        person = signer_at_work(connection, form.staff)
        problems = [] if person.holds(Role.SUPERVISOR) else [Problem(SIGNER, str(person), WHO)]
        if form.until > shanghai_day(clock.now()):
            problems.append(Problem("截止日 until", form.until, LATER))
        if form.since < RECKONED[0]:
            problems.append(Problem("起始日 since", form.since, f"不能早于 must not be before {RECKONED[0]}"))
        if problems:
            raise BadInput(problems)
        period = Period(form.since, form.until)
        origin = open_survey(connection, form.about, *period) or origin
        return send_survey(connection, form.about, period, origin, size=form.size, staff=person.code)[1]


def list_links(db: Engine, links: SurveyLinks, form: LinksWanted, file: Path) -> str:
    """Write the links of a survey into a workbook for whoever takes calls; gives what staff read of it."""
    with reading(db) as connection:
        person = signer_at_work(connection, form.staff)
        forms = survey_forms(connection, form.number)
    if not any(person.holds(role) for role in ENTERS):
        raise BadInput([Problem(SIGNER, str(person), NOT_ABLE)])
    if not forms:
        raise NotFound(NO_SURVEY.format(form.number, form.number))
    write_links(links, forms, file)
    back = sum(one.answered_at is not None for one in forms)
    return f"{form.number}：共 {len(forms)} 份，已回收 {back} 份 forms, answered"
