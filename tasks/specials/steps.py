"""特殊订货申报 to 确认生产: is the order complete, can it be made, with which changes (DOMAIN 7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Any, NamedTuple

from schemas.forms.applications import ReviewVerdict
from schemas.forms.specials import (
    ChangesAnswer,
    CreditGrade,
    Makeability,
    MakeabilityDecision,
    SpecialLine,
    SpecialOrder,
    SpecialResubmission,
    SpecialReviewDecision,
)
from schemas.parts import PartsLine
from schemas.problems import Problem
from schemas.processes.special_order import SpecialEnding
from schemas.words import Role, Verdict
from tasks.applications.queries import catalogue
from tasks.approvals.rules import Approver, reason_needed
from tasks.approvals.steps import barred_problems, find_leader, may_not
from tasks.cycle.terms import More, gate, working_days
from tasks.durable.process import Case, ask
from tasks.durable.question import Question
from tasks.durable.signals import TimedOut
from tasks.lines.rules import as_rows, not_too_many
from tasks.policies.queries import setting
from tasks.quotes.rules import FailedBy
from tasks.specials import rules
from tasks.specials.accept import write_order
from tasks.unit.work import Work

SILENT = "逾期未答复 nobody answered in time"


@dataclass(eq=False)
class Over(Exception):
    """A special order ends without its goods; `failed_by` says what becomes of payments."""

    ending: SpecialEnding
    reason: str
    failed_by: FailedBy = FailedBy.NOBODY


class Wanted(NamedTuple):
    """What is wanted, as the form has it and as lines of the case, by which day, and how well the customer pays."""

    wishes: list[SpecialLine]
    lines: list[PartsLine]
    day: date | None
    credit: CreditGrade


def review_order(case: Case, barred: set[str]) -> Wanted:
    """初步审核: an order that lacks something goes back to the office, numbered, until it is complete."""
    request: SpecialOrder = case.request
    wishes, day = list(request.lines), request.wanted_on
    for turn in count(1):
        lines = write_order(case, wishes, day, turn=str(turn))
        leader = find_leader(case, Role.PARTS_REVIEWER, frozenset(barred), turn=f"review-{turn}")
        said = ask(case, completeness_question(f"review-{turn}", leader, barred, wishes, day))
        if said.verdict == ReviewVerdict.REJECT:
            raise Over(SpecialEnding.REJECTED, said.reason)
        if said.verdict == ReviewVerdict.APPROVE:
            barred.add(said.staff)
            return Wanted(wishes, lines, day, said.credit)
        try:
            again = ask(case, completion_question(f"resubmit-{turn}", wishes, day, said.reason))
        except TimedOut:
            raise Over(SpecialEnding.LAPSED, SILENT) from None
        wishes, day = list(again.lines), again.wanted_on
        barred.add(again.staff)
    raise AssertionError("count() has no end")


def completeness_question(
    key: str, leader: Approver, barred: set[str], wishes: Sequence[SpecialLine], day: date | None
) -> Question[SpecialReviewDecision]:
    """Ask a reviewer whether an order is complete; one that lacks something cannot pass."""

    def check(form: SpecialReviewDecision, _work: Work) -> list[Problem]:
        if form.verdict == ReviewVerdict.APPROVE:
            return barred_problems(form, barred) + rules.missing(wishes, day)
        return reason_needed(form.reason, True, "退回或驳回时必填 is required to send back or reject")

    def brief() -> list[str]:
        return [
            *rules.brief_wishes(wishes, day),
            *(f"缺 missing: {lacks.field}" for lacks in rules.missing(wishes, day)),
        ]

    more: More = {"barred": may_not(barred, leader.last)}
    return gate(key, "初步审核", leader.role, SpecialReviewDecision, "review", "", brief, check=check, **more)


def completion_question(
    key: str, wishes: Sequence[SpecialLine], day: date | None, reason: str
) -> Question[SpecialResubmission]:
    """Ask the office to complete what was sent back; silence lets the order lapse."""

    def check(form: SpecialResubmission, work: Work) -> list[Problem]:
        return _line_problems(work, form.lines, wishes) + rules.day_problems(form.wanted_on, work.today)

    def prefill() -> dict[str, Any]:
        return as_rows(wishes) | ({"要求日期": day.isoformat()} if day else {})

    def brief() -> list[str]:
        return [f"退回原因 Sent back because: **{reason}**", *rules.brief_wishes(wishes, day)]

    link, more = "特殊订货申报", More(expires=working_days("changes.lapse"))
    return gate(
        key, "订货补充", Role.OFFICE, SpecialResubmission, "resubmit", link, brief, prefill, check=check, **more
    )


def _line_problems(work: Work, lines: Sequence[SpecialLine], before: Sequence[SpecialLine]) -> list[Problem]:
    problems = not_too_many(len(lines), max(setting(work, "form.max_lines"), len(before)))
    return problems or rules.like_problems(work.read(catalogue), lines, work.today)


def confirm_makeable(case: Case, wanted: Wanted) -> Wanted:
    """确认生产: the workshop says whether it can be made; changes are the applicant's to agree to."""
    said = ask(case, makeable_question(wanted))
    if said.verdict == Makeability.NO:
        raise Over(SpecialEnding.CANNOT_BE_MADE, said.reason)
    if said.verdict == Makeability.YES:
        return wanted
    wishes = list(said.lines)
    try:
        answer = ask(case, changes_question(wishes, wanted.day, said.reason))
    except TimedOut:
        raise Over(SpecialEnding.LAPSED, SILENT) from None
    if answer.verdict == Verdict.REJECT:
        raise Over(SpecialEnding.DECLINED, answer.reason)
    return wanted._replace(wishes=wishes, lines=write_order(case, wishes, wanted.day, turn="changed"))


def makeable_question(wanted: Wanted) -> Question[MakeabilityDecision]:
    """Ask the workshop, that of the unit where all lines are usually made by one."""

    def check(form: MakeabilityDecision, work: Work) -> list[Problem]:
        return _line_problems(work, form.lines, wanted.wishes) + rules.makeable_problems(form, wanted.wishes)

    def brief() -> list[str]:
        return rules.brief_wishes(wanted.wishes, wanted.day)

    def prefill() -> dict[str, Any]:
        return as_rows(wanted.wishes)

    units, more = {line.unit for line in wanted.lines}, More()
    if len(units) == 1:
        more["unit"] = units.pop()
    return gate(
        "makeable", "确认生产", Role.WORKSHOP, MakeabilityDecision, "makeable", "", brief, prefill, check, **more
    )


def changes_question(wishes: Sequence[SpecialLine], day: date | None, why: str) -> Question[ChangesAnswer]:
    """Ask the applicant whether the changes will do: 5 wd, then a reminder, after 10 wd the order lapses."""

    def check(form: ChangesAnswer, _work: Work) -> list[Problem]:
        return reason_needed(form.reason, form.verdict == Verdict.REJECT, "不同意时必填 is required to decline")

    def brief() -> list[str]:
        return [f"须改动 Changes: **{why}**", *rules.brief_wishes(wishes, day)]

    more: More = {"expires": working_days("changes.lapse")}
    return gate("changes", "改动答复", Role.OFFICE, ChangesAnswer, "changes", "确认生产", brief, check=check, **more)
