"""Approvals: the ladder by amount with separation of duties, and a leader's single word (DOMAIN, "Approvals")."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from schemas.forms.approvals import ApprovalDecision
from schemas.problems import Problem
from schemas.words import Role, Verdict
from tasks.approvals.queries import holders
from tasks.approvals.rules import LADDER, NO_APPROVER, next_rung
from tasks.cycle.terms import escalation, working_days
from tasks.durable.process import Case, ask
from tasks.durable.question import Question
from tasks.durable.step import step
from tasks.policies.queries import setting
from tasks.unit.work import Work

NOBODY = "没有可审批的人 nobody is left who may approve"


@step("确定审批人", link="")
def find_approver(work: Work, amount: Decimal, barred: frozenset[str], climbed: list[Role], turn: str) -> Role | None:
    """Find the rung that must approve next; None when the amount is approved, SYSTEM when nobody is left."""
    limits = {
        Role(role): None if limit is None else Decimal(str(limit))
        for role, limit in setting(work, "ladder.limits").items()
    }
    rung = next_rung(amount, limits, holders(work), barred, climbed)
    return Role.SYSTEM if rung is NO_APPROVER else rung


def find_reviewer(work: Work, barred: frozenset[str]) -> Role | None:
    """Find who reviews: the first rung with somebody who is not barred; None when there is nobody."""
    by_rung = holders(work)
    return next((rung for rung in LADDER if by_rung[rung] - barred), None)


def climb_ladder(
    case: Case,
    amount: Decimal,
    applicant: str,
    reviewer: tuple[Role, str],
    brief: Callable[[], Sequence[str]],
    turn: int,
    link: str,
) -> tuple[frozenset[str], str]:
    """Ask the rungs above the reviewer in order; gives who approved, and the reason if one refused."""
    climbed, approvers = [reviewer[0]], frozenset({reviewer[1]})
    while True:
        name = f"{turn}-{len(climbed)}"
        barred = approvers | {applicant}
        rung = find_approver(case, amount, barred, list(climbed), turn=name)
        if rung is None:
            return approvers, ""
        if rung == Role.SYSTEM:
            return approvers, NOBODY
        decision = ask(
            case,
            approval(
                f"approve-{name}",
                "金额审批",
                rung,
                barred,
                lambda: [*brief(), f"金额 Amount: **{amount:,.2f} CNY**"],
                link,
            ),
        )
        if decision.verdict == Verdict.REJECT:
            return approvers, decision.reason
        climbed.append(rung)
        approvers |= {decision.staff}


def approval(
    key: str,
    title: str,
    role: Role,
    barred: frozenset[str],
    brief: Callable[[], Sequence[str]],
    link: str,
    term: str = "pa.approval.days",
) -> Question[ApprovalDecision]:
    """Ask a leader for approval; a refusal needs a reason."""
    return Question(
        key=key,
        title=title,
        role=role,
        form=ApprovalDecision,
        link=link,
        due=working_days(term),
        barred=barred,
        brief=brief,
        check=reason_needed(lambda form: form.verdict == Verdict.REJECT),
        remind=escalation(role),
    )


def reason_needed(when: Callable[[ApprovalDecision], bool]) -> Callable[[ApprovalDecision, Work], list[Problem]]:
    """Check that a refusal carries its reason."""

    def check(form: ApprovalDecision, _work: Work) -> list[Problem]:
        missing = when(form) and not form.reason
        return [Problem("原因 reason", "", "不同意时必填 is required to refuse")] if missing else []

    return check
