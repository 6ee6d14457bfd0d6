"""The duty roster: written by the SUPERVISOR, changed by swaps that are approved; deputies (S1 1.3.2, S3 §6 七)."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from schemas.answers import Answer
from schemas.forms.approvals import ApprovalDecision
from schemas.forms.contacts import DutyLine, DutyPlan, Shift
from schemas.problems import Problem
from schemas.tables import duty
from schemas.words import Channel, DocumentKind, Role, Verdict
from tasks.approvals.rules import reason_needed
from tasks.cycle.queries import calendars
from tasks.cycle.rules import at, shanghai_day
from tasks.cycle.terms import Due, gate
from tasks.documents.steps import issue
from tasks.durable import clock
from tasks.durable.question import Question
from tasks.durable.step import step
from tasks.duty.queries import deputies, roster, swaps
from tasks.people.queries import offices, people
from tasks.people.rights import SIGNER, may_decide, on_staff
from tasks.policies.queries import policies, version_today
from tasks.unit.unit import Unit
from tasks.unit.work import Work

APPLICANT, DAY, STAFF = "申报人工号 applicant", "值班日期 day", "值班工号 on duty"
NOT_PLANNED = "该班次没有值班人，或与申报人无关 nobody is on duty then, or neither party is the applicant"
ONE_SWAP = "换班一次一个班次 a swap is of one shift"
ON_HOLIDAY = "节假日不能换班 no swaps on public holidays"


def accept_duty(form: DutyPlan, unit: Unit, _channel: Channel) -> tuple[Mapping[str, Any], list[Problem]]:
    """Give the facts of a plan and every problem: the SUPERVISOR's is the roster, anybody else's is one swap."""
    office, person = unit.read(offices).get(form.office), on_staff(unit, form.applicant, APPLICANT)
    if office is None or isinstance(person, Problem):
        return {}, [person if isinstance(person, Problem) else Problem("办事处 office", form.office, "没有 unknown")]
    problems = [problem for line in form.lines for problem in duty_line_problems(line, unit)]
    today, version = shanghai_day(clock.now()), unit.read(version_today)
    problems += [
        Problem(DAY, line.day, "不能早于今天 must not be in the past") for line in form.lines if line.day < today
    ]
    if not (problems or person.holds(Role.SUPERVISOR)):
        most, holidays = unit.read(policies)[version]["dr.swaps_per_month"], unit.read(calendars)[version].exceptions
        problems = swap_problems(form, unit, most, {day for day, worked in holidays.items() if not worked})
    facts = {"office": office.code, "applicant": form.applicant, "urgency": form.urgency}
    return facts | {"policy_version": version}, problems


def swap_problems(form: DutyPlan, unit: Unit, most: int, holidays: Any) -> list[Problem]:
    """Say what is wrong with a swap: whose shift it is, how many this month, on a public holiday."""
    line, problems = form.lines[0], [Problem("明细 lines", len(form.lines), ONE_SWAP)] if len(form.lines) > 1 else []
    planned = [row for row in unit.read(roster) if (row.day.year, row.day.month) == (line.day.year, line.day.month)]
    now = [row for row in planned if (row.day, row.shift) == (line.day, line.shift) and row.staff != line.on_duty]
    parties = {line.on_duty, *(row.staff for row in now)}
    if not now or form.applicant not in parties or line.shift == Shift.LEAVE:
        problems.append(Problem("班次 shift", line.shift.zh, NOT_PLANNED))
    if line.day in holidays:
        problems.append(Problem(DAY, line.day, ON_HOLIDAY))
    if any(row.shift == Shift.LEAVE and (row.day, row.staff) == (line.day, line.on_duty) for row in planned):
        problems.append(Problem(STAFF, line.on_duty, "当天休假 is on leave on that day"))
    often = Counter(one for swap in unit.read(swaps) if swap.month == f"{line.day:%Y-%m}" for one in swap.parties)
    return problems + [
        Problem("换班人 party", one, f"本月已换班 {most} 次 has swapped so often this month")
        for one in sorted(parties)
        if often[one] >= most
    ]


def duty_line_problems(line: DutyLine, unit: Unit) -> list[Problem]:
    """Say what is wrong with who is on duty, or stands in for whom on leave."""
    named = [code for code in (line.on_duty, line.deputy) if code]
    problems = [wrong for code in named if isinstance(wrong := on_staff(unit, code, STAFF), Problem)]
    if not problems and line.shift != Shift.LEAVE and not unit.read(people)[line.on_duty].holds(Role.AGENT):
        problems.append(Problem(STAFF, line.on_duty, "须为客服专员 must be an agent"))
    if line.deputy == line.on_duty:
        problems.append(Problem("代理工号 deputy", line.deputy, "代理须为另一人 must be another person"))
    return problems


def said_of(form: DutyPlan) -> list[str]:
    """Say who is on duty when."""
    return [f"**{line.day} {line.shift.zh}** {line.on_duty} {line.deputy}" for line in form.lines] + [form.reason]


def until_its_day(form: DutyPlan) -> Due:
    """A swap waits until its day is over: nobody is put on duty afterwards."""
    return lambda _work: at(form.lines[0].day + timedelta(days=1))


def party_question(form: DutyPlan, other: str) -> Question[ApprovalDecision]:
    """Ask the other party of a swap, who signs in person."""

    def check(said: ApprovalDecision, _work: Work) -> list[Problem]:
        refused = reason_needed(said.reason, said.verdict == Verdict.REJECT, "不同意时必填 is required to refuse")
        mine = (
            []
            if said.staff == other
            else [Problem(SIGNER, said.staff, f"须由对方 {other} 本人 must be the other party")]
        )
        return mine + refused

    brief = said_of(form)
    return gate(
        "party", "换班确认", Role.AGENT, ApprovalDecision, "consent", "值班换班", brief.copy, check=check,
        expires=until_its_day(form),
    )  # fmt: skip


@step("换班双方", link="值班换班")
def other_party(work: Work, form: DutyPlan) -> str:
    """Say who besides the applicant must agree; nobody to the SUPERVISOR's roster."""
    if work.read(people)[form.applicant].holds(Role.SUPERVISOR):
        return ""
    line = form.lines[0]
    return line.on_duty if line.on_duty != form.applicant else _before(work, line)


@step("批准生效")
def write_roster(work: Work, form: DutyPlan, swap: bool) -> None:
    """Write who is on duty; of a swap also whose shift it was, in a 换班登记表."""
    rows, staff = list[dict[str, str]](), work.read(people)
    for line in form.lines:
        key = {"day": line.day, "shift": line.shift.value}
        before = _before(work, line) if swap else ""
        work.delete(duty, key | ({} if line.shift != Shift.LEAVE else {"staff": line.on_duty}))
        work.insert(duty, **key, staff=line.on_duty, deputy=line.deputy or None, swapped_from=before or None)
        names = {name: str(staff[code]) for name, code in (("on_duty", line.on_duty), ("was_on_duty", before)) if code}
        shown = {"issued_on": str(line.day), "shift": line.shift.zh, **names}
        rows.append(shown)
    if swap:
        issue(work, DocumentKind.DUTY_SWAP, {"case": work.case.number, "remark": form.reason, "lines": rows})


def _before(work: Work, line: DutyLine) -> str:
    found = [row.staff for row in work.read(roster) if (row.day, row.shift) == (line.day, line.shift)]
    return next((staff for staff in found if staff != line.on_duty), "")


def deputies_may_decide(work: Work, question: Question[Any], answer: Answer) -> Problem | None:
    """Say why whoever signs may not answer; the roster's deputies of who is on leave may for the handlers."""
    refused = may_decide(work, question, answer)
    acting = set(deputies(work.read(roster)).values())
    stands_in = question.role == Role.COMPLAINT_HANDLER and answer.by in acting - question.barred
    return None if stands_in else refused
