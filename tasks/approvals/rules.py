"""The ladder by amount (DOMAIN "Approvals").

Nobody approves a case that they applied for, and nobody approves twice in one chain. Rungs climb in order
until a rung has approved whose limit covers the amount; a rung without anybody who may act is replaced by
the next one. Climbing only goes up, so a rung that stood in for a lower one has also done its own part.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from schemas.problems import Problem
from schemas.words import Role

LADDER: Final = (Role.PARTS_REVIEWER, Role.SUPERVISOR, Role.MANAGER, Role.GENERAL_MANAGER)
NO_APPROVER: Final = Role.SYSTEM  # nobody is left who may do it

Holders = Mapping[Role, frozenset[str]]
Limits = Mapping[Role, Decimal | None]


def next_rung(
    amount: Decimal, limits: Limits, holders: Holders, barred: frozenset[str], climbed: Sequence[Role]
) -> Role | None:
    """Return the rung that must approve next, None when approved fully, NO_APPROVER when nobody is left.

    `limits` names every rung's authority in CNY, inclusive, None for unlimited; `holders` the staff of each
    role; `barred` the applicant and all earlier approvers of the case; `climbed` the rungs that approved.
    At least one rung approves, whatever the amount.
    """
    _check(amount, limits)
    done = [place for place, rung in enumerate(LADDER) if rung in climbed]
    reached = [limits[LADDER[place]] for place in done]
    if any(limit is None or amount <= limit for limit in reached):
        return None
    return free_rung(LADDER[max(done, default=-1) + 1 :], holders, barred)


def free_rung(rungs: Sequence[Role], holders: Holders, barred: frozenset[str]) -> Role:
    """Return the first of these rungs with somebody who may act, NO_APPROVER where there is none."""
    return next((rung for rung in rungs if holders.get(rung, frozenset()) - barred), NO_APPROVER)


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
