"""The SQL of the stock report: balances as they stood at the end of a period, and what moved in it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, text

from tasks.reports.counting import bounds
from tasks.rounds.rules import Period
from tasks.safety.queries import STOOD

_BALANCES = text(f"""
    SELECT w.name AS warehouse, count(*) FILTER (WHERE s.quantity > 0)::int AS parts, sum(s.quantity) AS quantity
    FROM ({STOOD}) s JOIN warehouse w ON w.code = s.warehouse GROUP BY w.code, w.name ORDER BY w.code""")
_MOVED = text("""
    SELECT kind, count(*)::int AS movements, coalesce(sum(quantity) FILTER (WHERE quantity > 0), 0) AS came,
           -coalesce(sum(quantity) FILTER (WHERE quantity < 0), 0) AS went
    FROM stock_movement WHERE moved_at >= :start AND moved_at < :end GROUP BY 1 ORDER BY 1""")


def balances(connection: Connection, period: Period) -> Sequence[Row[Any]]:
    """Add up what each warehouse had at the end of a period: kinds of parts, pieces."""
    return connection.execute(_BALANCES, bounds(period)).all()


def moved(connection: Connection, period: Period) -> Sequence[Row[Any]]:
    """Add up what moved in a period, by kind; a reversal counts the other way."""
    return connection.execute(_MOVED, bounds(period)).all()
