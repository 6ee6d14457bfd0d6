"""The SQL of people: all staff with their roles, where they work (offices, production units), stores and dealers."""

from collections.abc import Sequence, Set
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from schemas.spelling import Known, person_name, phone_number
from schemas.tables import office, production_unit, staff, staff_role, store
from schemas.words import Role
from tasks.unit.kept import kept


class Seen(NamedTuple):
    """Whose cases and customers may be looked up: those of offices (None: of all); a `store`, what it sold or filed."""

    offices: Set[str] | None = None
    store: Row[Any] | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """What SQL is told of it: a store files by its phone or its name."""
        own = self.store and {
            "store": self.store.code,
            "store_phone": phone_number(self.store.phone) or None,
            "store_name": person_name(self.store.name),
        }
        none = dict.fromkeys(("store", "store_phone", "store_name"))
        return {"offices": None if self.offices is None else sorted(self.offices)} | (own or none)


ALL = Seen()


class Person(NamedTuple):
    """A staff member; `roles` holds (role, office or None, unit or None)."""

    code: str
    name: str
    active: bool
    roles: frozenset[tuple[Role, str | None, str | None]]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def offices(self) -> Set[str] | None:
        """The offices whose cases and customers are this person's to see (DOMAIN, "Look-ups"); None: those of all."""
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


def stores(connection: Connection) -> Known[Row[Any]]:
    """Load the stores and dealers by code and by name."""
    rows = connection.execute(select(store).order_by(store.c.code))
    return Known((word, row) for row in rows for word in (row.code, row.name))
