"""The ladder by amount (DOMAIN "Approvals").

Nobody approves a case that they applied for, and nobody approves twice in one chain. Rungs climb in order
until a rung has approved whose limit covers the amount; a rung without anybody who may act is replaced by
the next one. Climbing only goes up, so a rung that stood in for a lower one has also done its own part.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Final, Literal

from schemas.words import Role

LADDER: Final = (Role.PARTS_REVIEWER, Role.SUPERVISOR, Role.MANAGER, Role.GENERAL_MANAGER)


class NoApprover(StrEnum):
    """The answer where the amount is not yet approved and nobody is left who may do it."""

    NO_APPROVER = "NO_APPROVER"


NO_APPROVER: Final[Literal[NoApprover.NO_APPROVER]] = NoApprover.NO_APPROVER


def next_rung(
    amount: Decimal,
    limits: Mapping[Role, Decimal | None],
    holders: Mapping[Role, frozenset[str]],
    barred: frozenset[str],
    climbed: Sequence[Role],
) -> Role | NoApprover | None:
    """Return the rung that must approve next, None when approved fully, NO_APPROVER when nobody is left.

    `limits` names every rung's authority in CNY, inclusive, None for unlimited; `holders` the staff of each
    role; `barred` the applicant and all earlier approvers of the case; `climbed` the rungs that approved.
    At least one rung approves, whatever the amount.
    """
    _check(amount, limits)
    done = [place for place, rung in enumerate(LADDER) if rung in climbed]
    if any(_covers(limits[LADDER[place]], amount) for place in done):
        return None
    for rung in LADDER[max(done, default=-1) + 1 :]:
        if holders.get(rung, frozenset()) - barred:
            return rung
    return NO_APPROVER


def _covers(limit: Decimal | None, amount: Decimal) -> bool:
    return limit is None or amount <= limit


def _check(amount: Decimal, limits: Mapping[Role, Decimal | None]) -> None:
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"amount is {amount}, expected CNY of 0 or more: correct the lines' quantities and prices")
    if missing := [rung.value for rung in LADDER if rung not in limits]:
        raise ValueError(
            f"the ladder has no limit for {', '.join(missing)}, expected an amount or None (unlimited) "
            "for every rung: complete the policy"
        )
