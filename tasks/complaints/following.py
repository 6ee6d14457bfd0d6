"""回复确认 to 结案归档: the customer's word, what is done by when, whether it helped, the file and the callback (DOMAIN 3)."""

from datetime import date, datetime
from functools import partial
from itertools import count
from typing import Any

from schemas.forms.complaints import ComplaintFiled, CustomerHeard, CustomerTold, MeasureDone, Measures, Satisfaction
from schemas.forms.contacts import CustomerStanding
from schemas.forms.quality import Passed, QualityInspection
from schemas.problems import Problem
from schemas.processes.complaint import ContactEnding
from schemas.shapes import money
from schemas.words import DocumentKind, Role
from tasks.approvals.rules import reason_needed
from tasks.branches.beside import Branch, Hearing, beside, drop, next_answer
from tasks.branches.children import OF_CUSTOMERS, child_question
from tasks.complaints import rules
from tasks.complaints.handling import leader_says, next_plan, review
from tasks.complaints.relief import OPENS, open_relief
from tasks.complaints.steps import (
    FILE,
    FOLLOW,
    REPLY,
    archive_complaint,
    issue_paper,
    note_word,
    propose_fault,
    reopen_complaint,
    settle_fault,
)
from tasks.complaints.talk import ContactOver, Talk
from tasks.control.penalties import judging
from tasks.cycle.terms import Due, calendar_days, end_of, escalation, overdue, working_days
from tasks.durable.process import answered_at, ask_first
from tasks.durable.question import Question
from tasks.durable.signals import TimedOut
from tasks.unit.work import Work

NO_AGREEMENT = "裁定后客户仍不接受，已告知可向消协投诉 the customer was told of the consumers' association"


def settle(talk: Talk) -> Measures:
    """Plan, reply and do until the customer accepts and it has helped; gives what did."""
    talk.clock = talk.clock or beside(talk.case, talk.ageing())
    while True:
        plan = next_plan(talk)
        talk.report(plan)
        if agreed(talk, plan) and done(talk, plan) and helped(talk, plan):
            drop(talk.case, talk.clock)
            talk.clock = None
            return plan


def agreed(talk: Talk, plan: Measures) -> bool:
    """回复确认: tell the customer, whose word it is; after the MANAGER's ruling there is no other plan."""
    if talk.anonymous:
        return True
    said, why = f"方案 plan: **{rules.said_of(plan)}**", ""
    while True:
        told = talk.put("reply", "回复客户", None, CustomerTold, "reply", REPLY, said, *filter(None, [why]))
        if talk.form.standing != CustomerStanding.KEY:
            break
        if not (why := leader_says(talk, "reply-release", "回复批准", Role.MANAGER, REPLY, told.reply)):
            break
    paper = {"matter": talk.form.matter, "cause": talk.cause, "trace": talk.trace, "remedy": rules.said_of(plan)}
    paper |= {"reply": told.reply}
    issue_paper(talk.case, DocumentKind.CONFIRMATION, paper, turn=talk.turn("confirmation"))
    while (word := talk.reach("answer", "客户确认", None, REPLY, said)) is None:
        await_contact(talk)
    if word.verdict == Satisfaction.SATISFIED:
        if plan.amount:
            terms = {"amount": money(plan.amount), "clause": rules.said_of(plan), "remark": word.signed}
            issue_paper(talk.case, DocumentKind.AGREEMENT, terms, turn=talk.turn("agreement"))
        return True
    talk.refused += 1
    if talk.refused > talk.limits.refused_plans + 1:
        paper = {"matter": talk.form.matter, "reply": NO_AGREEMENT}
        issue_paper(talk.case, DocumentKind.CUSTOMER_NOTICE, paper, turn=talk.turn("notice"))
        raise ContactOver(ContactEnding.NO_AGREEMENT, NO_AGREEMENT)
    return False


def await_contact(talk: Talk) -> None:
    """File as unreachable; any contact within 90 days lets it go on, else it ends so."""
    archive_complaint(talk.case, ContactEnding.UNREACHABLE.zh, turn=talk.turn("archive"))
    due = calendar_days("reopen")
    try:
        talk.called_again("contact", "客户来电", Role.AGENT, CustomerTold, due, expires=due)
    except TimedOut:
        raise ContactOver(ContactEnding.UNREACHABLE, "逾期无联系 no contact in time") from None
    reopen_complaint(talk.case, "客户又来电 the customer called", turn=talk.turn("reopened"))


def done(talk: Talk, plan: Measures) -> bool:
    """跟踪实施: follow what is done to its dates, and the case that was opened for it; what is late goes to a joint review."""
    turn, child = talk.turn("done"), ""
    waiting: list[Question[Any]] = [measure(talk, f"{turn}-remedy", plan.remedy, plan.by)]
    if plan.corrective:
        waiting.append(measure(talk, f"{turn}-corrective", plan.corrective, plan.corrective_by))
    if plan.relief in OPENS:
        child = talk.turn("child")
        if open_relief(talk.case, plan.relief, plan.part, plan.quantity, child, turn=child) is None:
            return failed(talk, "单据无法建立 the case could not be opened")
        remind = escalation(Role.COMPLAINT_HANDLER)
        waiting.append(child_question(child, "等待相关单据", day_due(plan.by), FOLLOW, remind))
    while waiting:
        try:
            question, said = ask_first(talk.case, *waiting)
        except TimedOut:
            review(talk, f"措施逾期 a measure is overdue: {rules.said_of(plan)}")
            return False
        waiting.remove(question)
        if question.key == child and not said.good:
            return failed(talk, f"{said.number} {said.reason}")
        if question.key != child and said.minutes:
            issue_paper(talk.case, DocumentKind.SITE_MINUTES, {"minutes": said.minutes}, turn=f"site-{question.key}")
    return True


def measure(talk: Talk, key: str, what: str, by: date | None) -> Question[MeasureDone]:
    """Ask for a measure by its date; TimedOut after it."""
    due, role = day_due(by), talk.by_unit or Role.COMPLAINT_HANDLER
    return talk.gate(key, "措施完成", role, MeasureDone, due, FOLLOW, f"**{what}**", expires=due, remind=overdue(role))


def day_due(day: date | None) -> Due:
    """Due at the end of working time of a day; where that has passed before it could begin, some working days from now."""

    def due(work: Work) -> datetime:
        end = end_of(work, day or work.today)
        return end if end > work.now else working_days("begin")(work)

    return due


def helped(talk: Talk, plan: Measures) -> bool:
    """QUALITY and AGENT verify the effect, both at once; the AGENT has the customer's answer."""
    words, found = list[str](), list[QualityInspection]()
    beside(talk.case, verifying(talk, plan, found))
    if not talk.anonymous:
        said = f"**{rules.said_of(plan)}**"
        while (word := talk.reach("effect", "客户确认效果", Role.AGENT, FOLLOW, said)) is None:
            await_contact(talk)
        words = [word.reason] if word.verdict == Satisfaction.UNSATISFIED else []
    while not found:
        next_answer(talk.case)
    wrong = [*words, *([found[0].reason] if found[0].verdict == Passed.FAIL else [])]
    if wrong:
        return failed(talk, "；".join(wrong))
    talk.report(plan, effect=f"有效 {found[0].tests}", customer_says="满意" if not talk.anonymous else "")
    return True


def verifying(talk: Talk, plan: Measures, found: list[QualityInspection]) -> Branch[None]:
    """Have QUALITY verify the effect."""

    def check(form: QualityInspection, _work: Work) -> list[Problem]:
        return reason_needed(form.reason, form.verdict == Passed.FAIL, "不合格时必填 is required to fail it")

    key, said = talk.turn("verify"), f"**{rules.said_of(plan)}**"
    found.append(
        (yield talk.gate(key, "效果验证", Role.QUALITY, QualityInspection, "effect", FOLLOW, said, check=check))
    )


def failed(talk: Talk, why: str) -> bool:
    """A plan came to nothing: there is a new one, the second time by a joint review."""
    talk.failed += 1
    if talk.failed >= talk.limits.refused_plans:
        review(talk, f"方案 {talk.failed} 次无效 came to nothing so often: {why}")
    return False


def file(talk: Talk) -> None:
    """结案归档: once the authority is answered, file the complaint; a unit's fault may cost it a penalty, beside."""
    while talk.owes_reply:
        next_answer(talk.case)
    filed = talk.put("file", "投诉归档", None, ComplaintFiled, "file", FILE, check=partial(_filed, talk))
    if filed.penalty:
        beside(talk.case, penalising(talk, filed))
    archive_complaint(talk.case, filed.summary, turn=talk.turn("archive"))


def _filed(talk: Talk, form: ComplaintFiled, _work: Work) -> list[Problem]:
    if form.penalty and not (talk.unit and form.fault):
        return [Problem("处罚金额 penalty", form.penalty, "须有责任单位和处罚原因 needs a unit and its fault")]
    return []


def penalising(talk: Talk, filed: ComplaintFiled) -> Branch[None]:
    """处罚: the opinion, the unit's objection, the MANAGER's confirmation, the notice, as for a delay (DOMAIN 4)."""
    key = talk.turn("fault")
    fault = propose_fault(talk.case, talk.unit, filed, turn=key)
    decision = yield from judging(talk.case, fault, key, FILE, {filed.staff})
    settle_fault(talk.case, fault, decision, turn=key)


def content(talk: Talk) -> bool:
    """回访: hear what the customer says who is called, or surveyed; unsatisfied within 30 days, one level higher.

    Nobody is asked here: one call a customer answers for all that the customer is called about (S2).
    """
    if talk.anonymous:
        return True
    due = working_days("callback")
    over = calendar_days("callback_window", answered_at(talk.case, f"file-{talk.turns['file']}"))
    try:
        talk.called_again("callback", "结案回访", Role.SYSTEM, CustomerHeard, due, expires=over)
    except TimedOut:
        return True
    if talk.heard and talk.heard.verdict != Satisfaction.UNSATISFIED:
        return True
    why = talk.heard.reason if talk.heard else "再次来电 called again"
    reopen_complaint(talk.case, why, turn=talk.turn("reopened"))
    talk.level, talk.refused, talk.failed = min(talk.level + 1, rules.TOP), 0, 0
    return False


def hearing_customer(talk: Talk) -> Branch[None]:
    """Hear what follow-up calls and surveys say of the customer; while it is filed, that is the callback's answer."""
    for turn in count(1):
        due = working_days("word")
        question = Hearing(f"customer-{turn}", "客户评价", Role.SYSTEM, CustomerHeard, due, FILE, letters=OF_CUSTOMERS)
        talk.heard = yield question
        if talk.heard.verdict == Satisfaction.UNSATISFIED:
            note_word(talk.case, talk.heard, turn=turn)
