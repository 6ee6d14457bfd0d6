"""The SQL of the daily closing: which movements are a day's, what they came to, the journals and who signed them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, text, update

from schemas.tables import document, stock_closing, stock_journal, warehouse
from schemas.words import DocumentKind, MovementKind
from tasks.unit.among import among

_NOT_CLOSED = "NOT EXISTS (SELECT FROM stock_closed c WHERE c.movement_id = m.id)"
# a leg that was at work then may commit after the closing: what it moved is the next day's
_TAKE = text(f"""
    WITH taken AS (INSERT INTO stock_closed (movement_id, day)
                   SELECT id, CAST(:day AS date) FROM stock_movement m WHERE moved_at < :until AND {_NOT_CLOSED} RETURNING 1)
    INSERT INTO stock_closing (day, until, closed_at, movements)
    SELECT CAST(:day AS date), :until, :now, count(*) FROM taken""")
# what had moved before the first day that is closed was there when it began
_ADD_UP = text("""
    INSERT INTO stock_day (warehouse, part, day, opening, came, went, closing)
    SELECT warehouse, part, CAST(:day AS date), opening, came, went, opening + came - went FROM (
        SELECT warehouse, part, coalesce((SELECT closing FROM stock_day d WHERE (d.warehouse, d.part) = (m.warehouse, m.part)
                                          ORDER BY day DESC LIMIT 1), 0)
                                + coalesce(sum(quantity) FILTER (WHERE moved_at < :since), 0) AS opening,
               coalesce(sum(quantity) FILTER (WHERE moved_at >= :since AND kind <> ALL(:out)), 0) AS came,
               coalesce(-sum(quantity) FILTER (WHERE moved_at >= :since AND kind = ANY(:out)), 0) AS went
        FROM stock_closed c JOIN stock_movement m ON m.id = c.movement_id WHERE c.day = :day GROUP BY 1, 2) of_day""")
_DIFFER = text(f"""
    SELECT warehouse, part, coalesce(closing, 0) + coalesce(later, 0) AS booked, coalesce(on_hand, 0) AS on_hand
    FROM (SELECT warehouse, part, closing FROM stock_day
          JOIN (SELECT warehouse, part, max(day) AS day FROM stock_day GROUP BY 1, 2) last USING (warehouse, part, day)) d
    FULL JOIN (SELECT warehouse, part, sum(quantity) AS later FROM stock_movement m WHERE {_NOT_CLOSED} GROUP BY 1, 2) l
        USING (warehouse, part)
    FULL JOIN stock_balance USING (warehouse, part)
    WHERE coalesce(closing, 0) + coalesce(later, 0) <> coalesce(on_hand, 0) ORDER BY 1, 2""")
_MOVED = text("""
    WITH moved AS MATERIALIZED (  -- a day's movements are few, by their keys; a part's or a warehouse's are not
        SELECT m.* FROM stock_closed c JOIN stock_movement m ON m.id = c.movement_id
        WHERE c.day = :day AND m.moved_at >= :since)
    SELECT m.warehouse, w.name AS warehouse_name, w.office, m.part, p.name, p.specification, p.uom, m.kind,
           m.quantity, m.moved_at, d.opening, s.number, s.model,
           (SELECT string_agg(slip.number, ' ' ORDER BY slip.number)
                   FILTER (WHERE slip.step_key = m.step_key AND slip.kind = ANY(:slips))
            FROM document slip WHERE slip.case_id = m.case_id) AS slips
    FROM moved m JOIN warehouse w ON w.code = m.warehouse JOIN part p ON p.code = m.part
    JOIN stock_day d ON (d.warehouse, d.part, d.day) = (m.warehouse, m.part, :day)
    LEFT JOIN service_case s ON s.id = m.case_id ORDER BY w.code, m.part, m.moved_at, m.id""")
_SLIPS = [DocumentKind.INBOUND_SLIP, DocumentKind.OUTBOUND_SLIP, DocumentKind.TRANSFER, DocumentKind.REPAIR_OUTBOUND]
_SUMS = text("""
    SELECT w.code, w.name, count(*)::int AS parts, sum(came) AS came, sum(went) AS went, sum(closing) AS closing,
           max(n.number) AS number, max(j.signed_by) AS signed_by
    FROM stock_day d JOIN warehouse w ON w.code = d.warehouse
    LEFT JOIN stock_journal j ON (j.day, j.warehouse) = (d.day, d.warehouse) LEFT JOIN document n ON n.id = j.document_id
    WHERE d.day = :day AND (came <> 0 OR went <> 0 OR j.day IS NOT NULL) GROUP BY 1, 2 ORDER BY 1""")
LONG_AGO = datetime.fromisoformat("1900-01-01T00:00:00+00:00")


def close_alone(connection: Connection) -> None:
    """Let nobody else close a day until the transaction ends."""
    connection.execute(text("LOCK TABLE stock_closing IN EXCLUSIVE MODE"))


def last_closed(connection: Connection) -> date | None:
    """Give the last day that was closed; None where none was."""
    last: date | None = connection.execute(select(func.max(stock_closing.c.day))).scalar_one()
    return last


def take_movements(connection: Connection, day: date, until: datetime, now: datetime) -> None:
    """Let all that moved before a moment, and is of no closed day, be a day's."""
    connection.execute(_TAKE, {"day": day, "until": until, "now": now})


def add_up(connection: Connection, day: date, since: datetime) -> None:
    """Write down, of all that is a day's, what there was, came, went and is left by warehouse and part."""
    given = {"day": day, "since": since, "out": [kind.value for kind in MovementKind if kind.goes]}
    connection.execute(_ADD_UP, given)


def differences(connection: Connection) -> Sequence[Row[Any]]:
    """Find where the last closed day and what moved since do not come to what is there."""
    return connection.execute(_DIFFER).all()


def moved_since(connection: Connection, day: date, since: datetime) -> Sequence[Row[Any]]:
    """Load a closed day's movements by warehouse, part and time, with their slips."""
    return connection.execute(_MOVED, {"day": day, "since": since, "slips": [one.value for one in _SLIPS]}).all()


def day_sums(connection: Connection, day: date) -> Sequence[Row[Any]]:
    """Add up a closed day by warehouse, with its journal."""
    return connection.execute(_SUMS, {"day": day}).all()


def keep_journals(connection: Connection, day: date, due_on: date, documents: Mapping[str, Any]) -> None:
    """Note which document is which warehouse's journal of a day: warehouse → document."""
    rows = [{"document_id": ref, "day": day, "warehouse": code, "due_on": due_on} for code, ref in documents.items()]
    if rows:
        connection.execute(insert(stock_journal), rows)


def journals_named(connection: Connection, numbers: Collection[str]) -> dict[str, Row[Any]]:
    """Find journals by their numbers, held until the transaction ends."""
    found = _journals().where(among(document.c.number, numbers)).with_for_update(of=stock_journal)
    return {row.number: row for row in connection.execute(found)}


def journals_waiting(connection: Connection) -> Sequence[Row[Any]]:
    """List the journals that nobody has signed yet, the oldest first."""
    return connection.execute(_journals().where(stock_journal.c.signed_at.is_(None))).all()


def late_since(connection: Connection, moment: datetime) -> Sequence[Row[Any]]:
    """List the journals that came late since a moment, each with its reason."""
    late = (stock_journal.c.reason != "") & (stock_journal.c.signed_at >= moment)
    return connection.execute(_journals().where(late)).all()


def _journals() -> Any:
    columns = (*stock_journal.c, document.c.number, warehouse.c.name, warehouse.c.office)
    joined = stock_journal.join(document).join(warehouse)
    # all of them are journals: said so that they are not looked for among all documents
    journals = document.c.kind == DocumentKind.JOURNAL
    return select(*columns).select_from(joined).where(journals).order_by(stock_journal.c.day, document.c.number)


def sign(connection: Connection, refs: Collection[Any], **said: Any) -> None:
    """Note who signed journals, and what was said of them."""
    connection.execute(update(stock_journal).where(among(stock_journal.c.document_id, refs)).values(**said))
