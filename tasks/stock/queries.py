"""The SQL of stock: balances and reservations."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection, select

from schemas.tables import case_line, reservation, stock_balance, warehouse
from tasks.unit.among import among

Place = tuple[str, str]  # warehouse, part
Balance = tuple[Decimal, Decimal]  # on hand, reserved


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


def balances(connection: Connection, case_ids: Sequence[int]) -> dict[Place, Balance]:
    """Load the balances of the cases' parts; parts without one have nothing.

    Nothing is held yet: who reserves what another takes meanwhile is refused by the balance's bounds, and asks again.
    """
    parts = set(connection.execute(select(case_line.c.part).where(among(case_line.c.case_id, case_ids))).scalars())
    nothing = dict.fromkeys(((main_warehouse(connection), part) for part in parts), (Decimal(0), Decimal(0)))
    return nothing | _of_parts(connection, parts)


def balance(connection: Connection, known: dict[Place, Balance], store: str, part: str) -> Balance:
    """Give a part's balance; one that the cases got only in this unit is loaded now."""
    if (store, part) not in known:
        known |= {(store, part): (Decimal(0), Decimal(0))} | _of_parts(connection, [part])
    return known[store, part]


def _of_parts(connection: Connection, parts: Collection[str]) -> dict[Place, Balance]:
    rows = connection.execute(select(stock_balance).where(among(stock_balance.c.part, parts)))
    return {(row.warehouse, row.part): (_plain(row.on_hand), _plain(row.reserved)) for row in rows}


def reservations(connection: Connection, case_ids: Sequence[int]) -> dict[int, list[Reservation]]:
    """Load the reservations of cases, oldest first."""
    found: dict[int, list[Reservation]] = {case_id: [] for case_id in case_ids}
    mine = select(reservation).where(among(reservation.c.case_id, case_ids))
    oldest_first = mine.order_by(reservation.c.case_id, reservation.c.line_no, reservation.c.step_key)
    for row in connection.execute(oldest_first):
        quantity = _plain(row.quantity)
        held = Reservation(row.line_no, row.step_key, row.warehouse, row.part, quantity, row.state)
        found[row.case_id].append(held)
    return found


def main_warehouse(connection: Connection, _case_ids: Sequence[int] = ()) -> str:
    """Give the group's own warehouse of good stock."""
    good = select(warehouse.c.code).where(warehouse.c.kind == "good", warehouse.c.office.is_(None))
    return str(connection.execute(good.order_by(warehouse.c.code).limit(1)).scalar_one())


def _plain(quantity: Decimal) -> Decimal:
    """Write a quantity as people do: 4, not 4.00."""
    return Decimal(f"{quantity.normalize():f}")
