"""Warehouses as places that somebody keeps, and what each of them has (DOMAIN, "Stock")."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from schemas.shapes import Shape
from schemas.spelling import Known
from schemas.tables import stock_balance, warehouse
from schemas.words import Role
from tasks.people.queries import Person
from tasks.unit.among import among
from tasks.unit.work import Work


class Warehouse(Shape):
    """A warehouse: damaged goods are kept apart, an office's are its own."""

    code: str
    name: str
    kind: str
    office: str | None

    @property
    def keeper(self) -> Role:
        """Who counts its goods in and out."""
        return Role.OFFICE if self.office else Role.WAREHOUSE

    def kept_by(self, person: Person) -> bool:
        """Say whether somebody is its keeper."""
        return person.holds(self.keeper, self.office)

    @property
    def said(self) -> str:
        """Its name and code."""
        return f"{self.name} {self.code}"


class OnHand(NamedTuple):
    """What a warehouse has of a part, and how many of these are reserved."""

    on_hand: Decimal
    reserved: Decimal

    @property
    def free(self) -> Decimal:
        """What nobody has reserved."""
        return self.on_hand - self.reserved


NOTHING = OnHand(Decimal(0), Decimal(0))


def places(connection: Connection, _case_ids: Sequence[int] = ()) -> Known[Warehouse]:
    """Load the warehouses by code and by name."""
    rows = connection.execute(select(warehouse).order_by(warehouse.c.code))
    known = [Warehouse(code=row.code, name=row.name, kind=row.kind, office=row.office) for row in rows]
    return Known((word, one) for one in known for word in (one.code, one.name))


def held_at(connection: Connection, codes: Sequence[str]) -> dict[str, dict[str, OnHand]]:
    """Load what warehouses have: warehouse → part → how many."""
    of, found = stock_balance.c, {code: dict[str, OnHand]() for code in codes}
    figures = func.trim_scale(of.on_hand), func.trim_scale(of.reserved)
    wanted = select(of.warehouse, of.part, *figures).where(among(of.warehouse, codes)).order_by(of.part)
    for code, part_code, on_hand, reserved in connection.execute(wanted):
        found[code][part_code] = OnHand(on_hand, reserved)
    return found


def stock_here(work: Work, place: Warehouse) -> Mapping[str, OnHand]:
    """Give what a warehouse has at this moment, with what this unit has moved so far."""
    known = held_at(work.unit.connection, [place.code])[place.code]
    return {code: _shifted(work, place, code, held) for code, held in known.items()}


def _shifted(work: Work, place: Warehouse, code: str, held: OnHand) -> OnHand:
    key = {"warehouse": place.code, "part": code}
    return OnHand(*(getattr(held, name) + work.unit.shifted(stock_balance, key, name) for name in OnHand._fields))
