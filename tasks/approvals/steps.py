"""Approvals: the ladder by amount with separation of duties, and a leader's single word (DOMAIN, "Approvals")."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from schemas.forms.approvals import ApprovalDecision
from schemas.problems import Problem
from schemas.words import Role, Verdict
from tasks.approvals.queries import holders, limits
from tasks.approvals.rules import NO_APPROVER, next_rung, reason_needed
from tasks.cycle.terms import gate
from tasks.durable.process import Case, ask
from tasks.durable.question import Question
from tasks.durable.step import step
from tasks.unit.work import Work

NOBODY = "没有可审批的人 nobody is left who may approve"


@dataclass(frozen=True)
class Matter:
    """What is to be approved: what the approver sees, at which link, and who may not be it.

    `barred` are the applicant and all who have approved something of this case.
    """

    link: str
    barred: frozenset[str]
    brief: Callable[[], Sequence[str]]


@step("确定审批人", link="")
def find_approver(work: Work, amount: Decimal, barred: frozenset[str], climbed: list[Role], turn: str) -> Role | None:
    """Find the rung that must approve next; None when the amount is approved, SYSTEM when nobody is left."""
    return next_rung(amount, limits(work), work.read(holders), barred, climbed)


def climb_ladder(case: Case, amount: Decimal, reviewer: Role, matter: Matter, turn: int) -> tuple[frozenset[str], str]:
    """Ask the rungs above the reviewer in order; gives who is barred by now, and the reason if one refused."""
    climbed, barred = [reviewer], matter.barred
    while rung := find_approver(case, amount, barred, list(climbed), turn=f"{turn}-{len(climbed)}"):
        if rung == NO_APPROVER:
            return barred, NOBODY
        asked = Matter(matter.link, barred, lambda: [*matter.brief(), f"金额 Amount: **{amount:,.2f} CNY**"])
        decision = ask(case, approval(f"approve-{turn}-{len(climbed)}", "金额审批", rung, asked))
        if decision.verdict == Verdict.REJECT:
            return barred, decision.reason
        climbed.append(rung)
        barred |= {decision.staff}
    return barred, ""


def approval(key: str, title: str, role: Role, matter: Matter, within: str = "approval") -> Question[ApprovalDecision]:
    """Ask a leader for approval; a refusal needs a reason."""

    def check(form: ApprovalDecision, _work: Work) -> list[Problem]:
        return reason_needed(form.reason, form.verdict == Verdict.REJECT, "不同意时必填 is required to refuse")

    return gate(
        key, title, role, ApprovalDecision, within, matter.link, matter.brief, check=check, barred=matter.barred
    )
