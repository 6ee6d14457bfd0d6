"""Approvals: the ladder by amount with separation of duties, and a leader's single word (DOMAIN, "Approvals")."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from schemas.forms.approvals import ApprovalDecision
from schemas.problems import Problem
from schemas.words import Role, Verdict
from tasks.approvals.queries import holders, limits, stand_in
from tasks.approvals.rules import NOBODY, Approver, appointed, next_rung, reason_needed
from tasks.branches.beside import Branch
from tasks.cycle.terms import gate
from tasks.durable.process import Case
from tasks.durable.question import Question
from tasks.durable.step import step
from tasks.people.rights import BARRED, SIGNER
from tasks.unit.work import Work


@dataclass(frozen=True)
class Matter:
    """What is to be approved: what the approver sees, at which link, and who may not be it.

    `barred` are the applicant and all who have approved something of this case, also those who do so meanwhile;
    `last`: nobody else is left, so that who is barred may refuse.
    """

    link: str
    barred: set[str]
    brief: Callable[[], Sequence[str]]
    last: bool = False


@step("确定审批人", link="")
def find_approver(
    work: Work, amount: Decimal, barred: frozenset[str], climbed: list[Role], turn: str
) -> Approver | None:
    """Find who must approve an amount next; None when it is approved."""
    held = work.read(holders)
    rung = next_rung(amount, limits(work), held, barred, climbed)
    return None if rung is None else appointed(rung, held, work.case.applicant)


@step("确定负责人", link="")
def find_leader(work: Work, role: Role, barred: frozenset[str], turn: str) -> Approver:
    """Find who gives a leader's word: the role, or the next rung in the place of who is barred."""
    return stand_in(work, role, barred)


def climbing(case: Case, amount: Decimal, reviewer: Role, matter: Matter, turn: str) -> Branch[str]:
    """Ask the rungs above the reviewer in order, each then barred; gives the reason if one refused."""
    climbed = [reviewer]

    def shown() -> list[str]:
        return [*matter.brief(), f"金额 Amount: **{amount:,.2f} CNY**"]

    while approver := find_approver(
        case, amount, frozenset(matter.barred), list(climbed), turn=f"{turn}-{len(climbed)}"
    ):
        asked = replace(matter, brief=shown, last=approver.last)
        decision = yield approval(f"approve-{turn}-{len(climbed)}", "金额审批", approver.role, asked)
        if decision.verdict == Verdict.REJECT:
            return str(decision.reason)
        climbed.append(approver.role)
        matter.barred.add(decision.staff)
        if approver.last:
            break
    return ""


def approval(key: str, title: str, role: Role, matter: Matter, within: str = "approval") -> Question[ApprovalDecision]:
    """Ask a leader for approval; a refusal needs a reason."""

    def check(form: ApprovalDecision, _work: Work) -> list[Problem]:
        if form.verdict == Verdict.REJECT:
            return reason_needed(form.reason, True, "不同意时必填 is required to refuse")
        return [Problem(SIGNER, form.staff, BARRED)] if form.staff in matter.barred else []

    def brief() -> list[str]:
        return [*([f"**{NOBODY}**"] if matter.last else []), *matter.brief()]

    barred = set[str]() if matter.last else matter.barred
    return gate(key, title, role, ApprovalDecision, within, matter.link, brief, check=check, barred=barred)
