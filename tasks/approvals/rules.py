"""The ladder by amount (DOMAIN "Approvals").

Nobody approves a case that they applied for, and nobody approves twice in one chain. Rungs climb in order
until a rung has approved whose limit covers the amount; a rung without anybody who may act is replaced by
the next one. Climbing only goes up, so a rung that stood in for a lower one has also done its own part.
Where nobody is left the MANAGER decides what becomes of it, of a MANAGER's own case the GENERAL_MANAGER.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Final

from schemas.problems import Problem
from schemas.shapes import Shape
from schemas.words import Role

LADDER: Final = (Role.PARTS_REVIEWER, Role.SUPERVISOR, Role.MANAGER, Role.GENERAL_MANAGER)
NO_APPROVER: Final = Role.SYSTEM  # nobody is left who may do it
SIGNS_ONLY: Final = Decimal(-1)  # the limit of a rung whose signature alone covers no amount
NOBODY = "没有可审批的人 nobody is left who may approve"

Holders = Mapping[Role, frozenset[str]]
Limits = Mapping[Role, Decimal | None]


class Chain(StrEnum):
    """Policy `approval.chain`: who approves an application; SIGNATURES: every one is signed twice (S3 §4 1.3.2)."""

    LADDER = "ladder"
    SIGNATURES = "signatures"


class Approver(Shape):
    """Whose approval is asked for; `last`: nobody is left who may give it, so they say what becomes of it."""

    role: Role
    last: bool = False

    @property
    def said(self) -> str:
        """Who is asked, where it is not the one whose turn it was."""
        return f"{NOBODY} → {self.role.zh}" if self.last else ""


def next_rung(
    amount: Decimal,
    limits: Limits,
    holders: Holders,
    barred: frozenset[str],
    climbed: Sequence[Role],
    least: Role = LADDER[0],
) -> Role | None:
    """Return the rung that must approve next, None when approved fully, NO_APPROVER when nobody is left.

    `limits` names every rung's authority in CNY, inclusive, None for unlimited; `holders` the staff of each
    role; `barred` the applicant and all earlier approvers of the case; `climbed` the rungs that approved.
    At least one rung approves, whatever the amount, and one that is `least` or above.
    """
    _check(amount, limits)
    done = [place for place, rung in enumerate(LADDER) if rung in climbed]
    reached = [limits[LADDER[place]] for place in done if place >= LADDER.index(least)]
    if any(covers(limit, amount) for limit in reached):
        return None
    return free_rung(LADDER[max(done, default=-1) + 1 :], holders, barred)


def covers(limit: Decimal | None, amount: Decimal) -> bool:
    """Say whether a rung's authority covers an amount; None is unlimited."""
    return limit is None or amount <= limit


def free_rung(rungs: Sequence[Role], holders: Holders, barred: frozenset[str]) -> Role:
    """Return the first of these rungs with somebody who may act, NO_APPROVER where there is none."""
    return next((rung for rung in rungs if holders.get(rung, frozenset()) - barred), NO_APPROVER)


def appointed(rung: Role, holders: Holders, applicant: str) -> Approver:
    """Appoint a rung; for NO_APPROVER the MANAGER, or the GENERAL_MANAGER where a MANAGER applied (DOMAIN)."""
    if rung != NO_APPROVER:
        return Approver(role=rung)
    own = applicant in holders.get(Role.MANAGER, frozenset())
    return Approver(role=Role.GENERAL_MANAGER if own else Role.MANAGER, last=True)


def reason_needed(reason: str, needed: bool, when: str) -> list[Problem]:
    """Check that a decision that needs a reason has one; `when` says in what case it is needed."""
    return [Problem("原因 reason", "", when)] if needed and not reason else []


def _check(amount: Decimal, limits: Limits) -> None:
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"amount is {amount}, expected CNY of 0 or more: correct the lines' quantities and prices")
    if missing := [rung.value for rung in LADDER if rung not in limits]:
        raise ValueError(
            f"the ladder has no limit for {', '.join(missing)}, expected an amount or None (unlimited) "
            "for every rung: complete the policy"
        )
