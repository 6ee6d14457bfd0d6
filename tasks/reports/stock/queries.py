"""The SQL of the stock report: balances as they stood at the end of a period, and what moved in it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select, text

from schemas.tables import warehouse
from tasks.reports.counting import bounds
from tasks.rounds.rules import Period

# what moved since is taken off again
_STOOD = """
    SELECT warehouse, part, sum(quantity) AS quantity FROM (
        SELECT warehouse, part, on_hand AS quantity FROM stock_balance
        UNION ALL SELECT warehouse, part, -quantity FROM stock_movement WHERE moved_at >= :end) one GROUP BY 1, 2"""
_BALANCES = text(f"""
    SELECT w.name AS warehouse, count(*) FILTER (WHERE s.quantity > 0)::int AS parts, sum(s.quantity) AS quantity
    FROM ({_STOOD}) s JOIN warehouse w ON w.code = s.warehouse GROUP BY w.code, w.name ORDER BY w.code""")
_LOW = text(f"""
    SELECT p.code, p.name, p.uom, p.safety_stock AS safety, coalesce(s.quantity, 0) AS quantity FROM part p
    LEFT JOIN (SELECT part, sum(quantity) AS quantity FROM ({_STOOD}) stood
               WHERE warehouse = ANY(:good) GROUP BY 1) s ON s.part = p.code
    WHERE p.safety_stock > 0 AND coalesce(s.quantity, 0) <= p.safety_stock
          AND (p.discontinued_on IS NULL OR p.discontinued_on > :last)
    ORDER BY coalesce(s.quantity, 0) / p.safety_stock, p.code""")
_MOVED = text("""
    SELECT kind, count(*)::int AS movements, coalesce(sum(quantity) FILTER (WHERE quantity > 0), 0) AS came,
           -coalesce(sum(quantity) FILTER (WHERE quantity < 0), 0) AS went
    FROM stock_movement WHERE moved_at >= :start AND moved_at < :end GROUP BY 1 ORDER BY 1""")


def balances(connection: Connection, period: Period) -> Sequence[Row[Any]]:
    """Add up what each warehouse had at the end of a period: kinds of parts, pieces."""
    return connection.execute(_BALANCES, bounds(period)).all()


def low_parts(connection: Connection, period: Period) -> Sequence[Row[Any]]:
    """Find the parts of which the group's own good warehouses had no more than their safety stock, the lowest first."""
    own = select(warehouse.c.code).where(warehouse.c.kind == "good", warehouse.c.office.is_(None))
    given = {"good": list(connection.execute(own).scalars()), "last": period.last}
    return connection.execute(_LOW, bounds(period) | given).all()


def moved(connection: Connection, period: Period) -> Sequence[Row[Any]]:
    """Add up what moved in a period, by kind; a reversal counts the other way."""
    return connection.execute(_MOVED, bounds(period)).all()
