"""The SQL of approvals: who stands on which rung, up to which amount."""

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import Connection, select

from schemas.tables import staff, staff_role
from schemas.words import Role
from tasks.approvals.rules import LADDER, SIGNS_ONLY, Approver, Chain, appointed, free_rung
from tasks.policies.queries import setting
from tasks.unit.work import Work


def holders(connection: Connection, _case_ids: Sequence[int] = ()) -> dict[Role, frozenset[str]]:
    """Find the active staff of each rung of the ladder."""
    active = select(staff_role.c.role, staff_role.c.staff).join(staff).where(staff.c.active)
    held = set(connection.execute(active).tuples())
    return {rung: frozenset(code for role, code in held if role == rung) for rung in LADDER}


def limits(work: Work) -> dict[Role, Decimal | None]:
    """Give each rung's authority in CNY, None for unlimited; where each must sign, the lower ones only do that."""
    policy = setting(work, "ladder.limits")
    limits = {Role(role): None if limit is None else Decimal(str(limit)) for role, limit in policy.items()}
    return limits | dict.fromkeys(LADDER[:2], SIGNS_ONLY) if _signed(work) else limits


def stand_in(work: Work, role: Role, barred: frozenset[str]) -> Approver:
    """Find who approves in the place of a rung: itself, or the next one with somebody who is not barred.

    Where every application is signed, the SUPERVISOR is the first rung: who reviews it also signs it.
    """
    rungs = LADDER[max(LADDER.index(role), int(_signed(work))) :]
    held = work.read(holders)
    return appointed(free_rung(rungs, held, barred), held, work.case.applicant)


def _signed(work: Work) -> bool:
    return Chain(setting(work, "approval.chain")) == Chain.SIGNATURES
