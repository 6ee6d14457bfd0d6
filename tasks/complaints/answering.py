"""接听和记录: what is answered at once or handed on: enquiries, suggestions, repair requests, what is no claim on us."""

from datetime import datetime
from functools import partial
from itertools import count

from schemas.forms.complaints import CustomerTold, Relief, Satisfaction, UnitAnswer, UnitVerdict
from schemas.forms.contacts import FirstAnswer, FirstVerdict, RepairWay, VisitReport, VisitResult
from schemas.problems import Problem
from schemas.processes.complaint import ContactEnding
from schemas.words import DocumentKind, Role
from tasks.approvals.steps import Matter, approving
from tasks.branches.beside import Branch, alone
from tasks.branches.children import child_question
from tasks.complaints import rules
from tasks.complaints.relief import open_relief, relief_problems
from tasks.complaints.steps import FILE, PARTY, RECORD, REPLY, issue_paper, report_visit
from tasks.complaints.talk import ContactOver, Talk
from tasks.cycle.hours import hours, moment_of
from tasks.cycle.terms import Due, More, end_of, escalation, overdue, working_days
from tasks.durable.process import ask
from tasks.durable.signals import TimedOut
from tasks.people.queries import units
from tasks.policies.queries import setting
from tasks.unit.work import Work

ENDS_AS = {UnitVerdict.ADOPTED: ContactEnding.ADOPTED, UnitVerdict.NOT_ADOPTED: ContactEnding.NOT_ADOPTED}
HELPED = {VisitResult.PARTS: Relief.PARTS, VisitResult.WORKSHOP: Relief.REPAIR}
RIGHT = "同意即采纳客户异议 approving it means that the customer is right"


def answering(talk: Talk) -> FirstAnswer:
    """Ask for a first answer the same day; an interim one promises another call, which is due then.

    Where nobody can come somebody calls within 48 clock hours, then it is the SUPERVISOR's.
    """
    due, role, more = talk.took.due, Role.AGENT, More()
    told = [talk.took.said] if talk.took.said else []
    while True:
        try:
            said = talk.put(
                "first", "接听处理", role, FirstAnswer, due_at(due), RECORD, *told,
                check=partial(_first, talk), also=Role.COMPLAINT_HANDLER, **more,
            )  # fmt: skip
        except TimedOut:
            role, more = Role.SUPERVISOR, More()
            continue
        if said.verdict == FirstVerdict.PASS_ON and said.repair == RepairWay.GONE:
            due = talk.took.gone_by
            more = More(expires=due_at(due), remind=overdue(role, Role.SUPERVISOR)) if role == Role.AGENT else More()
        elif said.verdict == FirstVerdict.INTERIM:
            due, more = moment_of(said.callback, talk.limits.day_ends) or due, More()
        else:
            return said


def _first(talk: Talk, form: FirstAnswer, work: Work) -> list[Problem]:
    known = work.read(units)
    suppliers = {word for word, row in known.items() if row.kind == "supplier"}
    problems = rules.first_problems(form, talk.form, work.now, talk.limits.day_ends, suppliers)
    return problems + rules.unit_problems(form.unit, known)


def due_at(moment: datetime) -> Due:
    """Due at a moment."""
    return lambda _work: moment


def asking_unit(talk: Talk, said: FirstAnswer) -> None:
    """Have a unit answer a suggestion, or what it is the specialist for; the callback stays due. Then tell the customer."""
    promised = moment_of(said.callback or talk.form.callback, talk.limits.day_ends)
    talk.falls_to(said.unit)
    due = due_at(promised) if promised else working_days("unit_answer")
    answer = talk.put("unit", "单位答复", Role.RESPONSIBLE_UNIT, UnitAnswer, due, RECORD)
    reply = answer.answer
    if not talk.anonymous:
        told = f"**{answer.verdict.zh}** {reply}"
        reply = talk.put("told", "回复客户", Role.AGENT, CustomerTold, "reply", REPLY, told).reply
    paper = {"matter": talk.form.matter, "production_unit": talk.unit, "reply": f"{answer.verdict.zh} {reply}"}
    issue_paper(talk.case, DocumentKind.SUGGESTION, paper, turn="suggestion")
    raise ContactOver(ENDS_AS.get(answer.verdict, ContactEnding.ANSWERED), reply)


def repairing(talk: Talk, said: FirstAnswer) -> None:
    """报修: visit by appointment until it is repaired, there or by a case of parts or repair; nobody home: another day."""
    when, missed = moment_of(said.callback, talk.limits.day_ends), 0
    talk.falls_to(said.unit)
    if said.repair == RepairWay.SUPPLIER:
        paper = {"matter": talk.form.matter, "supplier": talk.unit, "wanted_on": said.callback}
        issue_paper(talk.case, DocumentKind.REPAIR_NOTICE, paper, turn="repair-notice")
    for turn in count(1):
        due = due_at(when) if when else working_days("visit")
        role = Role.SUPERVISOR if missed >= talk.limits.missed_visits else talk.by_unit or Role.OFFICE
        report = talk.put("visit", "上门维修", role, VisitReport, due, RECORD, check=_visit)
        if report.verdict == VisitResult.NOBODY:
            missed, when = missed + 1, moment_of(report.again, talk.limits.day_ends)
            continue
        report_visit(talk.case, report, turn=turn)
        if report.verdict == VisitResult.REPAIRED or _helped(talk, report):
            raise ContactOver(ContactEnding.REPAIRED, report.work)
        when = None


def _helped(talk: Talk, report: VisitReport) -> bool:
    """Have parts applied for, or goods repaired; says whether that helped."""
    key = talk.turn("child")
    if open_relief(talk.case, HELPED[report.verdict], report.part, report.quantity, key, turn=key) is None:
        return False
    due, remind = working_days("visit"), escalation(Role.SUPERVISOR)
    return ask(talk.case, child_question(key, "等待相关单据", due, RECORD, remind)).good


def _visit(form: VisitReport, work: Work) -> list[Problem]:
    _, end = hours(setting(work, "cc.hotline"))
    helps = HELPED.get(form.verdict)
    return [*rules.visit_problems(form, work.now, end), *relief_problems(work, helps, form.part, form.quantity)]


def replying(talk: Talk) -> Branch[None]:
    """Answer the authority by its deadline, whatever becomes of the contact meanwhile."""
    by, told = talk.form.answer_by, f"来件 {talk.form.file_no}，{talk.form.answer_by} 前回复 to be answered by then"
    talk.owes_reply, key = True, talk.turn("authority")
    role, said = talk.handled_by(key)

    def due(work: Work) -> datetime:
        return end_of(work, by or work.today)

    yield talk.gate(key, "回复主管部门", role, CustomerTold, due, FILE, told, *said)
    talk.owes_reply = False


def explaining(talk: Talk, ending: ContactEnding, why: str, ruler: Role = Role.SUPERVISOR) -> None:
    """Explain to the customer why it is no claim on us, and offer help; of an objection the SUPERVISOR decides.

    It goes on where the customer is right; else, and where nothing is said, it ends.
    """
    if ending == ContactEnding.NOT_OURS:
        paper = {"cause": why, "matter": talk.form.matter}
        issue_paper(talk.case, DocumentKind.SERVICE_REPORT, paper, turn=talk.turn("report"))
    if talk.anonymous:
        raise ContactOver(ending, why)
    try:
        said = talk.word("explained", "解释说明", Role.AGENT, PARTY, "word", f"**{why}**")
    except TimedOut:
        raise ContactOver(ending, why) from None
    if said.verdict != Satisfaction.UNSATISFIED:
        raise ContactOver(ending, why)
    shown = [RIGHT, f"我方解释 we say: {why}", f"客户异议 the customer: **{said.reason}**", *talk.brief()]
    matter = Matter(PARTY, talk.barred, shown.copy)
    if refused := alone(talk.case, approving(talk.case, talk.turn("ruling"), "异议裁定", ruler, matter, "release")):
        raise ContactOver(ending, refused)
