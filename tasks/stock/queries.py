"""The SQL of stock: balances and reservations."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from schemas.tables import case_line, document, part, reservation, stock_balance, stock_lot, stock_movement, warehouse
from tasks.stock.rules import Lot
from tasks.unit.among import among

WarehousePart = tuple[str, str]  # warehouse and part


@dataclass
class Reservation:
    """Goods of a warehouse that are kept for a case's line; `state` follows what steps of this unit do."""

    line_no: int
    step_key: str
    warehouse: str
    part: str
    quantity: Decimal
    state: str

    @property
    def place(self) -> dict[str, str]:
        """The key of the balance that it is kept of."""
        return {"warehouse": self.warehouse, "part": self.part}


def free_stock(connection: Connection, case_ids: Sequence[int]) -> dict[str, Decimal]:
    """Find how many of the cases' parts the main warehouse has that nobody has reserved.

    Nothing is held yet: who reserves what another takes meanwhile is refused by the balance's bounds, and asks again.
    """
    return _free(connection, part.c.code.in_(select(case_line.c.part).where(among(case_line.c.case_id, case_ids))))


def free_of(connection: Connection, known: dict[str, Decimal], code: str) -> Decimal:
    """Give what is free of a part; one that the cases got only in this unit is looked up now."""
    if code not in known:
        known |= _free(connection, part.c.code == code)
    return known[code]


def _free(connection: Connection, which: ColumnElement[bool]) -> dict[str, Decimal]:
    free = func.trim_scale(func.coalesce(stock_balance.c.on_hand - stock_balance.c.reserved, 0))
    here = (stock_balance.c.part == part.c.code) & (stock_balance.c.warehouse == main_warehouse(connection))
    return dict(
        connection.execute(select(part.c.code, free).outerjoin(stock_balance, here).where(which)).tuples().all()
    )


def reservations(connection: Connection, case_ids: Sequence[int]) -> dict[int, list[Reservation]]:
    """Load the reservations of cases by line and step."""
    found: dict[int, list[Reservation]] = {case_id: [] for case_id in case_ids}
    of = reservation.c
    held = select(of.case_id, of.line_no, of.step_key, of.warehouse, of.part, func.trim_scale(of.quantity), of.state)
    by_line = held.where(among(of.case_id, case_ids)).order_by(of.case_id, of.line_no, of.step_key)
    for case_id, *row in connection.execute(by_line):
        found[case_id].append(Reservation(*row))
    return found


def warehouses(connection: Connection, _case_ids: Sequence[int] = ()) -> dict[str, str]:
    """Load the names of the warehouses: code → name."""
    return dict(connection.execute(select(warehouse.c.code, warehouse.c.name)).tuples().all())


def warehouses_of(connection: Connection, _case_ids: Sequence[int] = ()) -> dict[tuple[str, str | None], str]:
    """Load the first warehouse of each kind of the group itself (None) and of each office: (kind, office) → code."""
    rows = connection.execute(select(warehouse).order_by(warehouse.c.code.desc()))
    return {(row.kind, row.office): row.code for row in rows}


def main_warehouse(connection: Connection, _case_ids: Sequence[int] = (), kind: str = "good") -> str:
    """Give the group's own warehouse of good stock."""
    own = select(warehouse.c.code).where(warehouse.c.kind == kind, warehouse.c.office.is_(None))
    return str(connection.execute(own.order_by(warehouse.c.code).limit(1)).scalar_one())


def damaged_warehouse(connection: Connection, _case_ids: Sequence[int] = ()) -> str:
    """Give the group's own warehouse of damaged stock."""
    return main_warehouse(connection, kind="damaged")


def lots_of_cases(
    connection: Connection, case_ids: Sequence[int], where: str
) -> dict[WarehousePart, dict[Lot, Decimal]]:
    """Load what a warehouse has of the cases' parts in lots: warehouse and part → lot → quantity.

    Offices keep what they collect for long: of the others nothing is loaded.
    """
    of_cases = stock_lot.c.part.in_(select(case_line.c.part).where(among(case_line.c.case_id, case_ids)))
    return _lots(connection, where, of_cases)


def lots_of_part(connection: Connection, where: str, code: str) -> dict[WarehousePart, dict[Lot, Decimal]]:
    """The same of one part."""
    return _lots(connection, where, stock_lot.c.part == code)


def _lots(connection: Connection, where: str, which: ColumnElement[bool]) -> dict[WarehousePart, dict[Lot, Decimal]]:
    of, found = stock_lot.c, dict[WarehousePart, dict[Lot, Decimal]]()
    there = select(of.part, of.expires_on, of.came_on, func.trim_scale(of.on_hand)).where(of.warehouse == where)
    for code, expires_on, came_on, many in connection.execute(there.where(which, of.on_hand > 0)):
        found.setdefault((where, code), {})[Lot(expires_on, came_on)] = many
    return found


def lots_moved(connection: Connection, case_ids: Sequence[int]) -> list[tuple[Any, ...]]:
    """Load what cases moved by lot: case, line, kind, warehouse, part, expiry, day, quantity."""
    of = stock_movement.c
    moved = select(of.case_id, of.line_no, of.kind, of.warehouse, of.part, of.expires_on, of.came_on, of.quantity)
    return [tuple(row) for row in connection.execute(moved.where(among(of.case_id, case_ids)))]


def lots_of_slip(connection: Connection, document_id: str) -> dict[int, dict[Lot, Decimal]]:
    """Load the lots that a slip's step moved: line → lot → how many."""
    of, found = stock_movement.c, defaultdict[int, dict[Lot, Decimal]](dict)
    its = (document.c.case_id == of.case_id) & (document.c.step_key == of.step_key) & (document.c.id == document_id)
    moved = select(of.line_no, of.expires_on, of.came_on, func.abs(of.quantity)).join(document, its)
    for line_no, expires_on, came_on, many in connection.execute(moved):
        found[line_no][Lot(expires_on, came_on)] = many
    return found


def shelf_days(connection: Connection, _case_ids: Sequence[int] = ()) -> dict[str, int]:
    """Load how many days the parts last that do not last for ever."""
    lasting = select(part.c.code, part.c.shelf_days).where(part.c.shelf_days.is_not(None))
    return dict(connection.execute(lasting).tuples().all())
