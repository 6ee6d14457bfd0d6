"""The SQL of safety stock and lots: what is in force, low, consumed, proposed; what there is by lot."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from schemas.tables import safety_proposal, safety_stock, warehouse
from tasks.rounds.rules import Period

# what moved since is taken off again
STOOD = """
    SELECT warehouse, part, sum(quantity) AS quantity FROM (
        SELECT warehouse, part, on_hand AS quantity FROM stock_balance
        UNION ALL SELECT warehouse, part, -quantity FROM stock_movement WHERE moved_at >= :end) one GROUP BY 1, 2"""
_SAFE = """
    SELECT code, name, uom, discontinued_on, coalesce(
        (SELECT quantity FROM safety_stock WHERE part = code AND set_at < :end ORDER BY set_at DESC LIMIT 1), safety_stock
    ) AS safety FROM part"""
_LOW = text(f"""
    SELECT p.code, p.name, p.uom, p.safety, coalesce(s.quantity, 0) AS quantity FROM ({_SAFE}) p
    LEFT JOIN (SELECT part, sum(quantity) AS quantity FROM ({STOOD}) stood
               WHERE warehouse = ANY(:good) GROUP BY 1) s ON s.part = p.code
    WHERE p.safety > 0 AND coalesce(s.quantity, 0) <= p.safety
          AND (p.discontinued_on IS NULL OR p.discontinued_on > :last)
    ORDER BY coalesce(s.quantity, 0) / p.safety, p.code""")
_LOTS = text("""
    SELECT w.code, w.name AS warehouse, l.part, p.name, p.uom, l.came_on, l.expires_on, sum(l.quantity) AS quantity FROM (
        SELECT warehouse, part, came_on, expires_on, on_hand AS quantity FROM stock_lot WHERE on_hand > 0
        UNION ALL SELECT warehouse, part, came_on, expires_on, -quantity FROM stock_movement WHERE moved_at >= :end) l
    JOIN warehouse w ON w.code = l.warehouse JOIN part p ON p.code = l.part
    WHERE (CAST(:warehouse AS text) IS NULL OR w.code = :warehouse) AND (CAST(:part AS text) IS NULL OR p.code = :part)
    GROUP BY w.code, w.name, l.part, p.name, p.uom, l.came_on, l.expires_on HAVING sum(l.quantity) > 0
    ORDER BY w.code, l.part, l.expires_on, l.came_on""")
_CONSUMED = text("""
    SELECT p.code AS part, -sum(m.quantity) AS consumed FROM stock_movement m JOIN part p ON p.code = m.part
    WHERE m.kind IN ('delivery_out', 'own_use_out') AND m.warehouse = ANY(:good) AND m.moved_at >= :start AND m.moved_at < :end
          AND p.made_for IS NULL AND (p.discontinued_on IS NULL OR p.discontinued_on > :last)
    GROUP BY 1 HAVING sum(m.quantity) < 0 ORDER BY 1""")
_PROPOSED = text(f"""
    SELECT o.part, p.name, p.uom, o.consumed, p.safety, o.quantity, o.confirmed_at
    FROM safety_proposal o JOIN ({_SAFE}) p ON p.code = o.part WHERE o.last = :last ORDER BY o.part""")


def lots(
    connection: Connection, end: datetime, warehouse: str | None = None, part: str | None = None
) -> Sequence[Row[Any]]:
    """Load the lots that there were at a moment, of a warehouse and part or of all, those that are taken first first."""
    return connection.execute(_LOTS, {"end": end, "warehouse": warehouse, "part": part}).all()


def low_parts(connection: Connection, end: datetime, last: date) -> Sequence[Row[Any]]:
    """Find the parts of which the group's own good warehouses had no more than their safety stock then, the lowest first."""
    return connection.execute(_LOW, {"end": end, "last": last, "good": _good(connection)}).all()


def consumed(connection: Connection, start: datetime, end: datetime, last: date) -> dict[str, Decimal]:
    """Add up what left the group's own good warehouses for good between two moments: part → quantity."""
    given = {"start": start, "end": end, "last": last, "good": _good(connection)}
    return dict(connection.execute(_CONSUMED, given).tuples().all())


def _good(connection: Connection) -> list[str]:
    own = select(warehouse.c.code).where(warehouse.c.kind == "good", warehouse.c.office.is_(None))
    return list(connection.execute(own).scalars())


def keep_proposal(connection: Connection, last: date, proposed: Sequence[dict[str, Any]]) -> None:
    """Write down a month's proposal; one that is there already stays as it is."""
    if proposed and not hold_proposal(connection, last):
        rows = upsert(safety_proposal).values([{"last": last} | one for one in proposed])
        connection.execute(rows.on_conflict_do_nothing())


def proposal(connection: Connection, period: Period, now: datetime) -> Sequence[Row[Any]]:
    """Load a month's proposal beside what is in force."""
    return connection.execute(_PROPOSED, {"last": period.last, "end": now}).all()


def hold_proposal(connection: Connection, last: date) -> Sequence[Row[Any]]:
    """Load a month's proposal, held until the transaction ends."""
    mine = select(safety_proposal).where(safety_proposal.c.last == last)
    return connection.execute(mine.order_by(safety_proposal.c.part).with_for_update()).all()


def last_confirmed(connection: Connection) -> date:
    """Give the last month whose proposal was confirmed, its last day."""
    of = safety_proposal.c
    last = select(func.coalesce(func.max(of.last), date.min)).where(of.confirmed_at.is_not(None))
    confirmed: date = connection.execute(last).scalar_one()
    return confirmed


def waiting(connection: Connection) -> Sequence[Row[Any]]:
    """List the months whose proposals wait, and how many parts each has; one before a confirmed month waits no more."""
    of = safety_proposal.c
    months = select(of.last, func.count().label("parts")).where(of.last > last_confirmed(connection))
    return connection.execute(months.group_by(of.last).order_by(of.last)).all()


def set_safe(connection: Connection, last: date, rows: Sequence[dict[str, Any]], now: datetime) -> None:
    """Let these quantities be in force from now on, and the month's proposal be confirmed."""
    if rows:
        connection.execute(insert(safety_stock), rows)
    connection.execute(update(safety_proposal).where(safety_proposal.c.last == last).values(confirmed_at=now))
