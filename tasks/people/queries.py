"""The SQL of people: all staff with their roles, and where they work: offices and production units."""

from collections.abc import Sequence, Set
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from schemas.spelling import Known
from schemas.tables import office, production_unit, staff, staff_role
from schemas.words import Role
from tasks.unit.kept import kept

Offices = Set[str] | None  # whose cases and customers may be seen; None: those of all


class Person(NamedTuple):
    """A staff member; `roles` holds (role, office or None, unit or None)."""

    code: str
    name: str
    active: bool
    roles: frozenset[tuple[Role, str | None, str | None]]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def offices(self) -> Offices:
        """The offices whose cases and customers are this person's to see (DOMAIN, "Look-ups")."""
        bound = [office for _, office, _ in self.roles]
        return None if None in bound else frozenset(filter(None, bound))

    def holds(self, role: Role, office: str | None = None, unit: str | None = None) -> bool:
        """Say whether this person may act as `role`; an office or unit narrows it where the person has one."""
        return any(
            held == role and (not office or not o or o == office) and (not unit or not u or u == unit)
            for held, o, u in self.roles
        )


@kept
def people(connection: Connection, _case_ids: Sequence[int] = ()) -> dict[str, Person]:
    """Load all staff with their roles, by staff code."""
    roles: dict[str, set[tuple[Role, str | None, str | None]]] = {}
    for row in connection.execute(select(staff_role)):
        roles.setdefault(row.staff, set()).add((Role(row.role), row.office, row.unit))
    return {
        row.code: Person(row.code, row.name, row.active, frozenset(roles.get(row.code, ())))
        for row in connection.execute(select(staff))
    }


@kept
def offices(connection: Connection, _case_ids: Sequence[int] = ()) -> Known[Row[Any]]:
    """Load the offices by code and by name, in the order of their codes."""
    rows = connection.execute(select(office).order_by(office.c.code))
    return Known((word, row) for row in rows for word in (row.code, row.name))


@kept
def units(connection: Connection, _case_ids: Sequence[int] = ()) -> Known[Row[Any]]:
    """Load the production units by code and by name."""
    rows = connection.execute(select(production_unit))
    return Known((word, row) for row in rows for word in (row.code, row.name))
