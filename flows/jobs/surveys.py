"""Satisfaction surveys 满意度调查: sent monthly, half-yearly and on demand, entered, closed (DOMAIN, "Scheduled work")."""

from functools import partial

from schemas.forms.periods import PeriodWanted
from schemas.forms.surveys import LinksWanted, SurveyAbout, SurveyAnswer, SurveyDoor, SurveyWanted
from tasks.rounds.rules import Cadence
from tasks.rounds.steps import Rounds
from tasks.runs.job import Ended, Job, job, told
from tasks.runs.rounds import in_rounds
from tasks.sheets import places
from tasks.surveys import links
from tasks.surveys.answers import enter_answer
from tasks.surveys.asking import list_links, survey_on_demand, survey_when_due
from tasks.surveys.closing import close_surveys

MONTHLY = Rounds("monthly-survey", Cadence.MONTH, partial(survey_when_due, SurveyAbout.REPAIRS))
STORES = Rounds("store-survey", Cadence.HALF_YEAR, partial(survey_when_due, SurveyAbout.STORES))
NOTHING = "没有到期的调查 no survey is over that was not counted"


@job("月度满意度调查", form=PeriodWanted, parameter="期间", page="surveys", heading="满意度调查 Survey")
def monthly_survey(job: Job, form: PeriodWanted) -> Ended:
    """月度满意度调查 Ask a random sample of the customers whose repairs ended in the month."""
    return in_rounds(job.db, MONTHLY, form)


@job("专卖店满意度调查", form=PeriodWanted, parameter="期间", page="surveys", heading="满意度调查 Survey")
def store_survey(job: Job, form: PeriodWanted) -> Ended:
    """专卖店满意度调查 Ask the stores, each half-year."""
    return in_rounds(job.db, STORES, form)


@job("专项满意度调查", form=SurveyWanted, parameter="调查单", page="surveys", heading="满意度调查 Survey")
def survey_now(job: Job, form: SurveyWanted) -> Ended:
    """专项满意度调查 Ask the customers of a service about a time; a SUPERVISOR signs."""
    return told("已办理", survey_on_demand(job.db, form, f"run:{job.run_id}"))


@job("问卷链接", form=LinksWanted, parameter="链接单", page="survey-links", heading="问卷链接 Survey links")
def survey_links(job: Job, form: LinksWanted) -> Ended:
    """问卷链接 List whom to send which link of a survey, as a workbook; an AGENT signs."""
    here = places.here()
    file = here.reports / str(job.run_id) / f"{form.number}.xlsx"
    said = list_links(job.db, links.links_here(), form, file)
    return Ended("已列出", said, f"{said}\n\n[{file.name}]({here.link(file)})", form.number)


@job("调查表登记", form=SurveyAnswer, parameter="调查表", page="survey-answer", heading="调查表登记 Survey form")
def enter_survey(job: Job, form: SurveyAnswer) -> Ended:
    """调查表登记 Enter what a customer answered by phone or on paper; the first answer counts."""
    became = enter_answer(job.db, form, SurveyDoor.AGENT)
    return told("已登记" if became.new else "此前已收到", became.said)


@job("调查截止", page="survey-results", heading="调查结果 Survey results")
def close_due_surveys(job: Job) -> Ended:
    """调查截止 Count the surveys that are over, and tell the units; below target they must correct it."""
    closed = close_surveys(job.db)
    return Ended(f"截止 {len(closed)}", "\n".join(closed), "\n\n".join(closed)) if closed else Ended("无到期", NOTHING)
