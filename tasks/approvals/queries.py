"""The SQL of approvals: who stands on which rung, up to which amount."""

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import Connection, select

from schemas.tables import staff, staff_role
from schemas.words import Role
from tasks.approvals.rules import LADDER
from tasks.policies.queries import setting
from tasks.unit.work import Work


def holders(connection: Connection, _case_ids: Sequence[int] = ()) -> dict[Role, frozenset[str]]:
    """Find the active staff of each rung of the ladder."""
    active = select(staff_role.c.role, staff_role.c.staff).join(staff).where(staff.c.active)
    held = set(connection.execute(active).tuples())
    return {rung: frozenset(code for role, code in held if role == rung) for rung in LADDER}


def limits(work: Work) -> dict[Role, Decimal | None]:
    """Give each rung's authority in CNY, None for unlimited."""
    policy = setting(work, "ladder.limits")
    return {Role(role): None if limit is None else Decimal(str(limit)) for role, limit in policy.items()}
