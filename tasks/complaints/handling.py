"""协调责任方 and 提出处理方案: whose a complaint is, what is done about it, who releases that (DOMAIN 3; S3 §8 5.3–5.5)."""

from functools import partial

from schemas.forms.complaints import (
    CauseFound,
    CauseVerdict,
    ComplaintPlan,
    Coordination,
    DifficultConfirmed,
    JointReview,
    Measures,
    PlanVerdict,
)
from schemas.forms.contacts import CustomerStanding, SpecialMatter
from schemas.forms.sales import YesNo
from schemas.problems import Problem
from schemas.processes.complaint import ContactEnding
from schemas.words import DocumentKind, Role
from tasks.applications.queries import catalogue
from tasks.approvals.steps import Matter, approving
from tasks.branches.beside import alone
from tasks.complaints import rules
from tasks.complaints.answering import explaining
from tasks.complaints.relief import relief_problems
from tasks.complaints.steps import PARTY, PLAN, issue_paper, reinspect, waive_warranty_of
from tasks.complaints.talk import ContactOver, Talk
from tasks.cycle.terms import More, overdue, working_days
from tasks.durable.signals import TimedOut
from tasks.people.queries import units
from tasks.policies.queries import setting
from tasks.unit.work import Work


def leader_says(talk: Talk, name: str, title: str, role: Role, link: str, *more: str) -> str:
    """Ask for a leader's word, of somebody who has approved nothing of the case; gives the reason of a refusal."""
    shown = [*more, *talk.brief()]
    matter = Matter(link, talk.barred, shown.copy)
    return alone(talk.case, approving(talk.case, talk.turn(name), title, role, matter, "release"))


def heed_specials(talk: Talk) -> None:
    """Have leaders say what is theirs: a waiver, a special request, a difficult customer (DOMAIN-BRANCHES 3)."""
    special, known = talk.form.special, set(talk.barred)
    if talk.form.standing == CustomerStanding.DIFFICULT:
        talk.put("difficult", "疑难客户确认", Role.SUPERVISOR, DifficultConfirmed, "approval", PARTY)
    if special == SpecialMatter.REQUEST and (why := leader_says(talk, "request", "特殊要求", Role.MANAGER, PARTY)):
        explaining(talk, ContactEnding.INVALID, why, Role.GENERAL_MANAGER)
    if special == SpecialMatter.WAIVER:
        if why := leader_says(talk, "waiver", "放弃保修", Role.SUPERVISOR, PARTY):
            raise ContactOver(ContactEnding.INVALID, why)
        waive_warranty_of(talk.case, talk.form, max(talk.barred - known))
        raise ContactOver(ContactEnding.ANSWERED, special.zh)


def coordinate(talk: Talk) -> None:
    """协调责任方: the handler takes it over and says whose it is, or QUALITY does; who was asked first stays on it so long."""
    first = f"首问负责 asked first: {talk.form.applicant}，接手前仍由其负责"
    while True:
        said = talk.put(
            "coordinate", "协调责任方", None, Coordination, "coordination", PARTY, first,
            check=partial(_coordination, talk), also=Role.AGENT,
        )  # fmt: skip
        talk.falls_to(said.unit)
        if said.ask_quality == YesNo.NO:
            return None
        due, remind = working_days("cause"), overdue(Role.QUALITY)
        try:
            found = talk.put(
                "cause", "责任判定", Role.QUALITY, CauseFound, due, PARTY, check=_cause, expires=due, remind=remind
            )
        except TimedOut:
            return review(talk, "责任逾期未定 responsibility was not decided in time")
        talk.falls_to(found.unit)
        talk.cause, talk.trace = found.cause, found.trace
        talk.quality = found.verdict == CauseVerdict.OURS and found.quality == YesNo.YES
        if found.tested:
            reinspect(talk.case, found, turn=talk.turn("reinspect"))
            talk.tested = f"{found.tested}，不合格 {found.failed}"
        if found.verdict == CauseVerdict.UNCLEAR:
            return review(talk, f"责任不清 unclear: {found.cause}")
        if found.verdict == CauseVerdict.OURS:
            return None
        explaining(talk, ContactEnding.NOT_OURS, found.cause)


def _coordination(talk: Talk, form: Coordination, work: Work) -> list[Problem]:
    lacks = talk.form.special == SpecialMatter.LEGAL and not form.lawyer
    problems = [Problem("律师 lawyer", "", "法律事务必填 is required of a legal matter")] if lacks else []
    return problems + rules.unit_problems(form.unit, work.read(units))


def _cause(form: CauseFound, work: Work) -> list[Problem]:
    problems = rules.unit_problems(form.unit, work.read(units), form.verdict == CauseVerdict.OURS)
    if form.tested and form.part not in work.read(catalogue):
        problems.append(Problem("配件 part", form.part, "重检时须为标准配件 must be a standard part"))
    if form.failed > form.tested:
        problems.append(Problem("不合格件数 failed", form.failed, f"最多 {form.tested} at most what was tested"))
    return problems + rules.category_problems(form.category, setting(work, "cc.causes"))


def _measures(talk: Talk, form: Measures, work: Work) -> list[Problem]:
    if isinstance(form, ComplaintPlan) and form.verdict != PlanVerdict.PLAN:
        return rules.plan_problems(form, talk.unit, talk.moved, talk.limits.transfers, work.read(units))
    unit = form.unit if isinstance(form, JointReview) else ""
    problems = rules.measures_problems(form, work.today)
    if isinstance(form, ComplaintPlan):
        problems += rules.category_problems(form.category, setting(work, "cc.causes"))
    problems += relief_problems(work, form.relief, form.part, form.quantity)
    return problems + rules.unit_problems(unit, work.read(units))


def review(talk: Talk, why: str) -> None:
    """会审: the departments decide, of quality before the GENERAL_MANAGER, else before the SALES_MANAGER; it is binding."""
    role = Role.GENERAL_MANAGER if talk.quality or talk.level == rules.TOP else Role.SALES_MANAGER
    check = partial(_measures, talk)
    talk.binding = said = talk.put("review", "会审", role, JointReview, "review", PARTY, f"**{why}**", check=check)
    talk.falls_to(said.unit)
    talk.failed, talk.released_by = 0, "会审 joint review"
    minutes = {"minutes": said.minutes, "remedy": rules.said_of(said), "production_unit": talk.unit}
    issue_paper(talk.case, DocumentKind.REVIEW_MINUTES, minutes, turn=talk.turn("minutes"))


def next_plan(talk: Talk) -> Measures:
    """提出处理方案: a plan that is released, or what a joint review decides; it may change hands once."""
    denied, why = 0, ""
    while talk.binding is None:
        plan = ask_plan(talk, why)
        if plan.verdict == PlanVerdict.MOVE:
            talk.falls_to(plan.unit)
            talk.moved += 1
        elif plan.verdict == PlanVerdict.DISPUTE:
            review(talk, plan.reason)
        elif not (why := released(talk, plan)):
            if not (heavy := talk.needs_review):
                return plan
            review(talk, f"{heavy}: {rules.said_of(plan)}")
        else:
            denied += 1
            if denied >= talk.limits.refused_plans:
                review(talk, f"方案 {denied} 次未批准 was refused so often: {why}")
    decided, talk.binding = talk.binding, None
    return decided


def ask_plan(talk: Talk, why: str) -> ComplaintPlan:
    """Ask for a plan; of a unit that is silent its head is told, two working days later the MANAGER plans in its place."""
    told, within = [f"未批准 not released: **{why}**"] if why else [], "plan_again" if why else "plan"
    talk.made_by, more = talk.planner, More()
    if talk.made_by == Role.RESPONSIBLE_UNIT:
        more = More(remind=overdue(talk.made_by, Role.SUPERVISOR), expires=working_days("silent_unit"))
    while True:
        try:
            form, check = ComplaintPlan, partial(_measures, talk)
            return talk.put("plan", "处理方案", talk.made_by, form, within, PLAN, *told, check=check, **more)
        except TimedOut:
            talk.made_by, more = Role.MANAGER, More()


def released(talk: Talk, plan: ComplaintPlan) -> str:
    """Have a plan released by whom severity and level say, anew where it has become graver; gives why it was not."""
    by = set[Role]()
    talk.barred.add(plan.staff)
    level = max(talk.level, rules.LEVELS.index(talk.made_by) + 1 if talk.made_by in rules.LEVELS else 0)
    while not rules.ruled(talk.level, talk.made_by) and (role := rules.releaser(talk.severity, level)) not in by:
        said = f"方案 plan: **{rules.said_of(plan)}**"
        if why := leader_says(talk, "release", "方案批准", role, PLAN, said):
            return why
        by.add(role)
    talk.released_by = "、".join(role.zh for role in by) or "裁定 ruled"
    return ""
