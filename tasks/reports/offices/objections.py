"""An office objects to what its 配件申报评估表 counts; where it is right, a new edition says so (DOMAIN-BRANCHES, 评估表)."""

from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, Row

from schemas.forms.applications import ReviewVerdict
from schemas.forms.evaluations import ReviewObjection, ReviewRuling
from schemas.problems import BadInput, NotFound, Problem
from schemas.words import Role, Verdict
from tasks.approvals.rules import reason_needed
from tasks.cycle.queries import calendar_today
from tasks.cycle.rules import add_working_days_to_date, shanghai_day
from tasks.durable import clock
from tasks.people.rights import SIGNER, signer_at_work
from tasks.policies.queries import setting_today
from tasks.reports import editions
from tasks.reports.editions import Edition
from tasks.reports.offices import queries
from tasks.reports.offices.monthly import offices
from tasks.reports.offices.queries import FirstReview
from tasks.reports.publication import correct
from tasks.rounds.rules import Period, due_on, period_at

NUMBER, LINE = "单号 case", "评估行号 line"


def object_to_review(db: Engine, form: ReviewObjection) -> str:
    """Note an office's objection, by somebody of it, in time; BadInput says what is wrong with it."""
    with db.begin() as connection:
        person, review = signer_at_work(connection, form.staff), _review(connection, form.number)
        if not person.holds(Role.OFFICE, review.office):
            raise BadInput([Problem(SIGNER, str(person), f"须为 must hold OFFICE · {review.office}")])
        if problems := objection_problems(review, form.line_no):
            raise BadInput(problems)
        last = _last_day(connection, _month(review))
        if shanghai_day(clock.now()) > last:
            raise BadInput([Problem(NUMBER, form.number, f"异议期至 {last} 已过 objections were taken until then")])
        said = {"staff": person.code, "reason": form.reason, "objected_at": clock.now()}
        if not queries.object_to_line(connection, review.case_id, form.line_no, **said):
            raise BadInput([Problem(LINE, form.line_no, "已提出异议 was objected to already")])
    return f"{review.number} 第{form.line_no}行"


def rule_on_review(db: Engine, form: ReviewRuling) -> tuple[str, Edition | None]:
    """Decide on an objection, by a SUPERVISOR; gives what was decided, and the new edition that commits with it, if any."""
    with db.begin() as connection:
        person, review = signer_at_work(connection, form.staff), _review(connection, form.number)
        if not person.holds(Role.SUPERVISOR):
            raise BadInput([Problem(SIGNER, str(person), f"须为{Role.SUPERVISOR.zh} must hold SUPERVISOR")])
        if problems := reason_needed(form.reason, form.verdict == Verdict.REJECT, "不同意时必填 is required to refuse"):
            raise BadInput(problems)
        objection: Row[Any] | None = queries.objections_to(connection, review.case_id).get(form.line_no)
        if objection is None or objection.verdict:
            raise BadInput([Problem(LINE, form.line_no, "没有待裁定的异议 has no objection that waits")])
        if objection.staff == person.code:
            raise BadInput([Problem(SIGNER, str(person), "不能裁定自己提出的异议 must not rule on an own objection")])
        queries.note_decision(connection, objection, decided_by=person.code, verdict=form.verdict, ruling=form.reason)
        said = f"{review.number} 第{form.line_no}行 {form.verdict.option}"
        if form.verdict == Verdict.REJECT:
            return said, None
        return said, correct(connection, offices, _month(review), person, f"采纳异议 {said}")


def objection_problems(review: FirstReview, line_no: int) -> list[Problem]:
    """Say that a line, or all of an application, counts as it should already."""
    if line_no == 0 and review.verdict == ReviewVerdict.APPROVE:
        return [Problem(LINE, line_no, "首次审核已通过 was neither sent back nor rejected")]
    if line_no and line_no not in review.corrected:
        listed = "、".join(map(str, review.corrected)) or "无 none"
        return [Problem(LINE, line_no, f"首次审核没有修正此行 was not corrected; 修正过的 corrected: {listed}")]
    return []


def _review(connection: Connection, number: str) -> FirstReview:
    review = queries.first_review(connection, number)
    if review is None:
        raise NotFound(f"{number} 没有审核过的申报 is no application that was reviewed")
    return review


def _month(review: FirstReview) -> Period:
    return period_at(offices.cadence, shanghai_day(review.reviewed_at))


def _last_day(connection: Connection, month: Period) -> date:
    """Give the last day of objections: nobody has fewer because the evaluation was published late."""
    calendar, days = calendar_today(connection), setting_today(connection, "office.objection.days")
    due = due_on(calendar, offices.cadence, month, offices.working_day)
    since = max(due, editions.published_on(connection, offices.code, month) or due)
    return add_working_days_to_date(calendar, since, days)
