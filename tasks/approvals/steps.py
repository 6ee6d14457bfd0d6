"""Approvals: the ladder by amount with separation of duties, and a leader's single word (DOMAIN, "Approvals")."""

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count
from typing import TypeVar, Unpack

from schemas.forms.approvals import ApprovalDecision
from schemas.forms.base import Decision, Form
from schemas.problems import Problem
from schemas.words import Role, Verdict
from tasks.approvals.queries import holders, limits, stand_in
from tasks.approvals.rules import LADDER, NOBODY, Approver, appointed, next_rung, reason_needed
from tasks.branches.beside import Branch, OthersBarred
from tasks.cycle.terms import Due, More, gate
from tasks.durable.process import Case
from tasks.durable.question import Question
from tasks.durable.step import step
from tasks.people.rights import BARRED, SIGNER
from tasks.unit.work import Work

F = TypeVar("F", bound=Form)


@dataclass(frozen=True)
class Matter:
    """What is to be approved: what the approver sees, at which link, and who may not be it.

    `barred` are the applicant and all who have approved something of this case, also those who do so meanwhile;
    `last`: nobody else is left, so that who is barred may refuse; `least`: the lowest rung whose limit counts;
    `waits`: why it cannot be approved yet; `within`: the term of each rung of the ladder.
    """

    link: str
    barred: set[str]
    brief: Callable[[], Sequence[str]]
    last: bool = False
    title: str = "金额审批"
    least: Role = LADDER[0]
    waits: Callable[[Work], list[Problem]] = lambda _work: []
    within: str | Due = "approval"


@step("确定审批人", link="")
def find_approver(
    work: Work, amount: Decimal, barred: frozenset[str], climbed: list[Role], turn: str, least: Role = LADDER[0]
) -> Approver | None:
    """Find who must approve an amount next; None when it is approved."""
    held = work.read(holders)
    rung = next_rung(amount, limits(work), held, barred, climbed, least)
    return None if rung is None else appointed(rung, held, work.case.applicant)


@step("确定负责人", link="")
def find_leader(work: Work, role: Role, barred: frozenset[str], turn: str) -> Approver:
    """Find who gives a leader's word: the role, or the next rung in the place of who is barred."""
    return stand_in(work, role, barred)


def asking(
    key: str,
    approver: Approver,
    find: Callable[[str], Approver | None],
    question: Callable[[str, Approver], Question[F]],
) -> Branch[tuple[F, Approver, str]]:
    """Ask an approver; where others become barred while they wait, by another key whoever has to approve by then.

    Gives what was decided, on which rung, and the question's key.
    """
    asked = question(key, approver)
    for number in count(2):
        try:
            return (yield asked), approver, asked.key
        except OthersBarred:
            anew = f"{key}-anew-{number}"
            if (now := find(anew)) and now != approver:
                approver, asked = now, question(anew, now)
    raise AssertionError("count() has no end")


def approving(
    case: Case, key: str, title: str, role: Role, matter: Matter, within: str | Due, **more: Unpack[More]
) -> Branch[str]:
    """Ask for a leader's word, who is barred then; gives the reason of a refusal."""

    def find(key: str) -> Approver:
        return find_leader(case, role, frozenset(matter.barred), turn=key)

    def question(key: str, leader: Approver) -> Question[ApprovalDecision]:
        return approval(key, title, leader.role, replace(matter, last=leader.last), within, **more)

    said, *_ = yield from asking(key, find(key), find, question)
    if said.verdict == Verdict.REJECT:
        return str(said.reason)
    matter.barred.add(said.staff)
    return ""


def may_not(barred: set[str], last: bool) -> set[str]:
    """Say who may not answer: who is barred; where nobody is left they may, only not approve (`barred_problems`)."""
    return set() if last else barred


def barred_problems(form: Decision, barred: Set[str]) -> list[Problem]:
    """Check that who approves is not barred."""
    return [Problem(SIGNER, form.staff, BARRED)] if form.staff in barred else []


def climbing(case: Case, amount: Decimal, reviewer: Role | None, matter: Matter, turn: str) -> Branch[str]:
    """Ask the rungs above the reviewer in order (None: all of them), each then barred; gives the reason if one refused."""
    climbed = [reviewer] if reviewer else []

    def shown() -> list[str]:
        return [*matter.brief(), f"金额 Amount: **{amount:,.2f} CNY**"]

    def find(key: str) -> Approver | None:
        return find_approver(case, amount, frozenset(matter.barred), list(climbed), turn=key, least=matter.least)

    def question(key: str, approver: Approver) -> Question[ApprovalDecision]:
        return approval(
            key, matter.title, approver.role, replace(matter, brief=shown, last=approver.last), matter.within
        )

    while approver := find(f"{turn}-{len(climbed)}"):
        decision, approver, _ = yield from asking(f"approve-{turn}-{len(climbed)}", approver, find, question)
        if decision.verdict == Verdict.REJECT:
            return str(decision.reason)
        climbed.append(approver.role)
        matter.barred.add(decision.staff)
        if approver.last:
            break
    return ""


def approval(
    key: str, title: str, role: Role, matter: Matter, within: str | Due = "approval", **more: Unpack[More]
) -> Question[ApprovalDecision]:
    """Ask a leader for approval; a refusal needs a reason."""

    def check(form: ApprovalDecision, work: Work) -> list[Problem]:
        if form.verdict == Verdict.REJECT:
            return reason_needed(form.reason, True, "不同意时必填 is required to refuse")
        return barred_problems(form, matter.barred) + matter.waits(work)

    def brief() -> list[str]:
        return [*([f"**{NOBODY}**"] if matter.last else []), *matter.brief()]

    more["barred"] = may_not(matter.barred, matter.last)
    return gate(key, title, role, ApprovalDecision, within, matter.link, brief, check=check, **more)
