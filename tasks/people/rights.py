"""Who may decide and who may take a case back (DOMAIN, "Who", "What every case has"); refusals say what it takes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from schemas.answers import Answer
from schemas.forms.base import Decision
from schemas.problems import BadInput, Problem
from schemas.words import Channel, Role
from tasks.durable.question import Question
from tasks.durable.step import began
from tasks.people.queries import Person, Seen, people, stores
from tasks.policies.queries import setting
from tasks.unit.unit import Unit
from tasks.unit.work import Work

SIGNER = f"{Decision.model_fields['staff'].alias} staff"
BARRED = "申请人或已审批过本单的人不能审批 the applicant and earlier approvers may not approve this case"
NOBODY = "没有这位在职员工，也没有这个专卖店或经销商，请核对 no active staff member, store or dealer has this number"
ENDED = "已撤回或关闭，只待清点或退款，或已处理、只待查责 has been withdrawn, closed or settled already, "
ENDED += "only a count, a payment or who is responsible is waited for"


def may_decide(work: Work, question: Question[Any], answer: Answer) -> Problem | None:
    """Say why whoever signs may not answer a question, or None."""
    if answer.channel == Channel.SYSTEM and question.role == Role.SYSTEM:
        return None
    person = on_staff(work.unit, answer.by)
    if isinstance(person, Problem):
        return person
    offices = {Role.OFFICE: question.office or work.case.office}
    able = filter(None, (question.role, question.also))
    if not any(person.holds(role, offices.get(role), question.unit) for role in able):
        place = offices.get(question.role) or question.unit
        where = f"（{place}）" if place else ""
        return _refused(person, f"需要{question.role.zh}{where}的权限 must hold {question.role.value}")
    return _refused(person, BARRED) if person.code in question.barred else None


def applicant_until(
    *steps: tuple[Callable[..., Any], str, str],
    ended: Sequence[Callable[..., Any]] = (),
    never: Sequence[Callable[..., Any]] = (),
    why: str = "",
) -> Callable[[Work, Answer], Problem | None]:
    """Let the applicant take a case back until one of these steps is done, later only a SUPERVISOR (DOMAIN; a policy).

    Each says in Chinese and English what has happened then: 生产已开始, production has started. After a step of
    `ended` nobody may: the case has been withdrawn, closed or settled, and waits only for its last count or payment;
    after one of `never` neither, and `why` says what has happened then.
    """

    def may_withdraw(work: Work, answer: Answer) -> Problem | None:
        if began(work, *ended):
            return Problem("单据 case", work.case.number, ENDED)
        if began(work, *never):
            return Problem("单据 case", work.case.number, why)
        if answer.channel == Channel.SYSTEM:
            return None
        person = on_staff(work.unit, answer.by)
        if isinstance(person, Problem):
            return person
        leader = Role(setting(work, "withdraw.later_role"))
        late = next(((zh, en) for one, zh, en in steps if began(work, one)), None)
        if person.holds(leader) or (person.code == work.case.applicant and not late):
            return None
        if late:
            zh, en = late
            return _refused(person, f"{zh}，只有{leader.zh}可以撤回 {en}: only a {leader.value} may withdraw")
        may = f"只有申报人或{leader.zh}可以撤回 only the applicant or a {leader.value} may withdraw"
        return _refused(person, may)

    return may_withdraw


def on_staff(unit: Unit, code: str, field: str = SIGNER) -> Person | Problem:
    """Find somebody who works here by the staff number, by default whoever signs; else say what is wrong with it."""
    return at_work_here(unit.read(people), code, field)


def at_work_here(staff: Mapping[str, Person], code: str, field: str = SIGNER) -> Person | Problem:
    """The same among staff that are known."""
    person = staff.get(code)
    if person and person.active:
        return person
    return Problem(field, code, "没有这位在职员工，请核对工号 no active staff member has this number")


def signer_at_work(connection: Connection, code: str) -> Person:
    """Give who signs what is no answer of a case; BadInput where nobody who works here has the number."""
    person = at_work_here(people(connection), code)
    if isinstance(person, Problem):
        raise BadInput([person])
    return person


def seen_by(connection: Connection, code: str) -> Seen:
    """Say what who asks may look up: staff what is of their offices, a store its own (DOMAIN-BRANCHES 2); BadInput: nobody."""
    if store := stores(connection).get(code):
        return Seen(store=store)
    person = at_work_here(people(connection), code)
    if isinstance(person, Problem):
        raise BadInput([replace(person, expected=NOBODY)])
    return Seen(person.offices)


def _refused(person: Person, why: str) -> Problem:
    return Problem(SIGNER, str(person), why)
