"""The SQL of approvals: who stands on which rung."""

from schemas.words import Role
from tasks.approvals.rules import LADDER
from tasks.people.queries import people
from tasks.unit.work import Work


def holders(work: Work) -> dict[Role, frozenset[str]]:
    """Give the active staff of each rung of the ladder."""
    active = [
        (role, code) for code, person in work.read(people).items() if person.active for role, _, _ in person.roles
    ]
    return {rung: frozenset(code for role, code in active if role is rung) for rung in LADDER}
