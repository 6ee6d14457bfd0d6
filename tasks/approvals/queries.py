"""The SQL of approvals: who stands on which rung, up to which amount."""

from decimal import Decimal

from schemas.words import Role
from tasks.approvals.rules import LADDER
from tasks.people.queries import people
from tasks.policies.queries import setting
from tasks.unit.work import Work


def holders(work: Work) -> dict[Role, frozenset[str]]:
    """Give the active staff of each rung of the ladder."""
    staff = [person for person in work.read(people).values() if person.active]
    return {rung: frozenset(person.code for person in staff if person.holds(rung)) for rung in LADDER}


def limits(work: Work) -> dict[Role, Decimal | None]:
    """Give each rung's authority in CNY, None for unlimited."""
    policy = setting(work, "ladder.limits")
    return {Role(role): None if limit is None else Decimal(str(limit)) for role, limit in policy.items()}
