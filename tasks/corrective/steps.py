"""What units hear of their customers, and how they correct it: letter, plan, its review, what was done, its effect."""

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.forms.complaints import MeasureDone
from schemas.forms.corrective import CorrectivePlan, FeedbackNote
from schemas.forms.quality import Passed, QualityInspection
from schemas.problems import Problem
from schemas.words import Channel, DocumentKind, Role
from tasks.applications.accept import APPLICANT, NO_OFFICE
from tasks.approvals.rules import reason_needed
from tasks.approvals.steps import Matter, approving
from tasks.branches.beside import Branch
from tasks.cycle.rules import shanghai_day
from tasks.cycle.terms import end_of, escalation, gate
from tasks.documents.steps import DocumentRef, issue
from tasks.durable import clock
from tasks.durable.process import Case
from tasks.durable.step import step
from tasks.notices.steps import tell
from tasks.people.queries import offices, units
from tasks.people.rights import on_staff
from tasks.policies.queries import version_today
from tasks.unit.unit import Unit
from tasks.unit.work import Work

PLAN, DO, VERIFY = "限期整改", "实施整改", "验证效果"
UNIT, DAY, DEPARTMENT = "责任单位 unit", "整改期限 corrected by", "本部门 the department itself"
WHO = "须为客服主管 must be a SUPERVISOR"
NO_UNIT = "没有这个单位，请填编码或名称 must be a unit"


def accept_feedback(form: FeedbackNote, unit: Unit, channel: Channel) -> tuple[Mapping[str, Any], list[Problem]]:
    """Give the facts of what a unit is told, and every problem: who says it, of which unit, to be corrected by when."""
    office, person = unit.read(offices).get(form.office), on_staff(unit, form.applicant, APPLICANT)
    problems = (
        [] if office else [Problem("办事处 office", form.office, NO_OFFICE + unit.read(offices).meant(form.office))]
    )
    if isinstance(person, Problem):
        problems.append(person)
    elif channel != Channel.SYSTEM and not person.holds(Role.SUPERVISOR):
        problems.append(Problem(APPLICANT, str(person), WHO))
    if form.unit and form.unit not in unit.read(units):
        problems.append(Problem(UNIT, form.unit, NO_UNIT + unit.read(units).meant(form.unit)))
    if _must(form) and (form.by is None or form.by < shanghai_day(clock.now())):
        problems.append(Problem(DAY, form.by or "", "要求整改时必填，不能早于今天 is required, not in the past"))
    if problems or office is None:
        return {}, problems
    facts = {"office": office.code, "applicant": form.applicant, "urgency": form.urgency}
    return facts | {"policy_version": unit.read(version_today)}, []


def _must(form: FeedbackNote) -> bool:
    return form.below == "yes"


@step("内部联络单", link="反馈单位")
def send_letter(work: Work, form: FeedbackNote) -> DocumentRef:
    """Tell the unit by a 内部联络单 what its customers say: commended, or criticised and to be corrected by a day."""
    known = work.read(units).get(form.unit)
    said = f"通报批评，限 {form.by} 前整改 to be corrected by then" if _must(form) else "达标，予以表彰 commended"
    told = {"production_unit": f"{known.name} {known.code}" if known else DEPARTMENT, "matter": form.matter}
    lines = [line.model_dump() for line in form.lines]
    tell(work, Role.MANAGER, f"{told['production_unit']} {said}: {form.matter}")
    return issue(work, DocumentKind.INTERNAL_LETTER, {"case": work.case.number, **told, "remark": said, "lines": lines})


@step("责任单位编码", link="")
def code_of_unit(work: Work, named: str) -> str:
    """Give the code of the unit that was named; "" is the department itself."""
    return str(work.read(units)[named].code) if named else ""


def improving(case: Case, unit: str, turn: int) -> Branch[bool]:
    """限期整改 to 验证效果: the unit's plan, reviewed by the MANAGER; done by its day; verified by QUALITY and AGENT."""
    form: FeedbackNote = case.request
    role, of = Role.RESPONSIBLE_UNIT if unit else Role.SUPERVISOR, dict[str, Any](unit=unit) if unit else {}
    brief = [
        f"**{form.matter}**",
        f"整改期限 corrected by: **{form.by}**",
        *(f"{one.item} {one.result}" for one in form.lines),
    ]
    plan: CorrectivePlan = yield gate(
        f"plan-{turn}", "整改方案", role, CorrectivePlan, "plan", PLAN, brief.copy, check=_in_time(form, turn), **of
    )  # fmt: skip
    said = [f"**{plan.action}** · {plan.done_by}", plan.analysis]
    matter = Matter(PLAN, {case.request.applicant, plan.staff}, said.copy)
    if (yield from approving(case, f"review-{turn}", "整改审核", Role.MANAGER, matter, "approval")):
        return False

    def due(work: Work) -> Any:
        return max(end_of(work, plan.done_by), work.now)

    done: MeasureDone = yield gate(
        f"done-{turn}", "整改完成", role, MeasureDone, due, DO, said.copy, remind=escalation(role), **of
    )  # fmt: skip
    shown = [*said, f"{done.done_on} {done.done}"]
    return (yield from _verifying(turn, shown, {plan.staff, done.staff}))


def _verifying(turn: int, shown: Sequence[str], barred: set[str]) -> Branch[bool]:
    """Have the effect verified by QUALITY, then by AGENT, who hears the customers; either may find that it is none."""

    def check(form: QualityInspection, _work: Work) -> list[Problem]:
        return reason_needed(form.reason, form.verdict == Passed.FAIL, "不合格时必填 is required to fail it")

    for role in (Role.QUALITY, Role.AGENT):
        key, title = f"verify-{role.lower()}-{turn}", f"整改验证·{role.zh}"
        found = yield gate(
            key, title, role, QualityInspection, "effect", VERIFY, lambda: shown, check=check, barred=frozenset(barred)
        )
        if found.verdict == Passed.FAIL:
            return False
    return True


def _in_time(form: FeedbackNote, turn: int) -> Any:
    """A first plan is done by the day that was set; one after it as soon as it can be."""

    def check(plan: CorrectivePlan, work: Work) -> list[Problem]:
        late = turn == 1 and form.by and plan.done_by > max(form.by, work.today)
        if plan.done_by >= work.today and not late:
            return []
        until = f"应从今天到 must be from today to {form.by}" if turn == 1 else "不能早于今天 must not be before today"
        return [Problem("完成期限 done by", plan.done_by, until)]

    return check
