"""The SQL of approvals: who stands on which rung, up to which amount."""

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import Connection

from schemas.words import Role
from tasks.approvals.rules import LADDER
from tasks.people.queries import people
from tasks.policies.queries import setting
from tasks.unit.work import Work


def holders(work: Work) -> dict[Role, frozenset[str]]:
    """Give the active staff of each rung of the ladder; a unit looks once."""
    known = work.read(_holders)
    if not known:
        active = [(role, p.code) for p in work.read(people).values() if p.active for role, _, _ in p.roles]
        known |= {rung: frozenset(code for role, code in active if role is rung) for rung in LADDER}
    return known


def _holders(_connection: Connection, _case_ids: Sequence[int]) -> dict[Role, frozenset[str]]:
    return {}  # filled when it is first needed


def limits(work: Work) -> dict[Role, Decimal | None]:
    """Give each rung's authority in CNY, None for unlimited."""
    policy = setting(work, "ladder.limits")
    return {Role(role): None if limit is None else Decimal(str(limit)) for role, limit in policy.items()}
