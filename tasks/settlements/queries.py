"""The SQL of settlement: what is to be settled with whom, each thing once; what a period came to; objections."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from schemas.forms.anomalies import PartyKind
from schemas.processes.repair_return import RepairEnding
from schemas.tables import settlement, settlement_item, settlement_objection
from schemas.words import DocumentKind, RefundState, Verdict
from tasks.rounds.rules import Period

_DAY = "CAST(timezone('Asia/Shanghai', {}) AS date)"
_PARTY = f"""CASE h.party_kind WHEN '{PartyKind.SUPPLIER}' THEN 'unit' WHEN '{PartyKind.UNIT}' THEN 'unit'
    WHEN '{PartyKind.CARRIER}' THEN 'carrier' WHEN '{PartyKind.OFFICE}' THEN 'office' ELSE 'department' END"""
_COLLECT = text(f"""
    WITH freight AS (  -- the signed copy settles it: once all that left is collected
        SELECT d.number AS source, c.number, c.office, d.content ->> 'carrier' AS carrier,
               (d.content ->> 'freight')::numeric AS amount, max(l.picked_on) AS happened_on
        FROM document d JOIN service_case c ON c.id = d.case_id JOIN case_line l ON l.case_id = c.id
        WHERE d.kind = '{DocumentKind.DISPATCH_NOTE}' AND l.out_on IS NOT NULL
        GROUP BY d.id, c.id HAVING bool_and(l.picked_on IS NOT NULL)
        UNION ALL
        SELECT c.number, c.number, c.office, l.output ->> 'carrier', coalesce((l.output ->> 'freight')::numeric, 0),
               {_DAY.format("l.finished_at")}
        FROM ledger l JOIN service_case c ON c.id = l.case_id
        WHERE c.process = 'RL' AND l.kind = 'decision' AND l.step_key = 'logistics'),
    repaired AS (
        SELECT 'repair:' || r.case_id || ':' || r.line_no AS source, c.number, c.office, o.unit, said.fee,
               {_DAY.format("r.done_at")} AS happened_on
        FROM repair r JOIN service_case c ON c.id = r.case_id
        JOIN LATERAL (SELECT (output ->> 'fee')::numeric AS fee FROM ledger l WHERE l.case_id = r.case_id AND l.kind = 'decision'
                      AND l.step_key LIKE 'repair-' || r.line_no || '-%' ORDER BY l.seq DESC LIMIT 1) said ON true
        JOIN LATERAL (SELECT unit FROM production_order p WHERE p.case_id = r.case_id AND p.line_no = r.line_no
                      ORDER BY p.turn DESC LIMIT 1) o ON true
        WHERE r.outcome = '{RepairEnding.REPAIRED}'),
    one (source, party_kind, party, kind, amount, happened_on, case_no) AS (
        SELECT 'parts:' || c.id || ':' || l.line_no, 'office', c.office, 'parts', (l.quantity - l.replaced) * l.price,
               l.picked_on, c.number
        FROM case_line l JOIN service_case c ON c.id = l.case_id WHERE l.picked_on IS NOT NULL AND c.process <> 'RR'
        UNION ALL
        SELECT 'made:' || c.id || ':' || o.line_no || ':' || o.turn, 'unit', o.unit, 'parts', -o.made * l.price,
               o.made_on, c.number
        FROM production_order o JOIN case_line l USING (case_id, line_no) JOIN service_case c ON c.id = o.case_id
        WHERE o.made_on IS NOT NULL AND o.state <> 'cancelled' AND c.process <> 'RR'
        UNION ALL SELECT concat_ws(':', source, 'office'), 'office', office, 'repair_fee', fee, happened_on, number FROM repaired
        UNION ALL SELECT concat_ws(':', source, 'unit'), 'unit', unit, 'repair_fee', -fee, happened_on, number FROM repaired
        UNION ALL
        SELECT concat_ws(':', 'freight', source, 'office'), 'office', office, 'freight', amount, happened_on, number FROM freight
        UNION ALL
        SELECT concat_ws(':', 'freight', source, 'carrier'), 'carrier', coalesce(k.code, f.carrier), 'freight', -amount,
               happened_on, number
        FROM freight f LEFT JOIN carrier k ON f.carrier IN (k.code, k.name) OR f.carrier = ANY(string_to_array(k.aliases, ' '))
        UNION ALL
        SELECT 'charge:' || h.id, {_PARTY}, h.party, CASE h.kind WHEN 'complaint' THEN 'penalty' ELSE 'anomaly' END, h.amount,
               {_DAY.format("h.charged_at")}, h.source FROM charge h
        UNION ALL
        SELECT concat_ws(':', 'penalty', p.case_id, p.line_no, p.turn, p.made_on), 'unit', p.unit, 'penalty', p.confirmed,
               p.made_on, c.number FROM penalty p JOIN service_case c ON c.id = p.case_id WHERE p.confirmed > 0
        UNION ALL
        SELECT 'refund:' || r.case_id || ':' || r.turn, 'office', c.office, 'refund', r.amount, r.paid_on, c.number
        FROM refund r JOIN service_case c ON c.id = r.case_id WHERE r.state = '{RefundState.PAID}')
    INSERT INTO settlement_item (source, last, party_kind, party, kind, amount, happened_on, case_no)
    SELECT DISTINCT ON (source) source, CAST(:last AS date), party_kind, party, kind, round(amount, 2), happened_on, case_no
    FROM one WHERE happened_on <= :last AND round(amount, 2) <> 0 ON CONFLICT (source) DO NOTHING""")
_SUMS = text("""
    SELECT i.party_kind, i.party, coalesce(o.name, u.name, k.name, i.party) AS name,
           sum(amount) FILTER (WHERE i.kind = 'parts') AS parts, sum(amount) FILTER (WHERE i.kind = 'repair_fee') AS repair_fee,
           sum(amount) FILTER (WHERE i.kind = 'freight') AS freight, sum(amount) FILTER (WHERE i.kind = 'anomaly') AS anomaly,
           sum(amount) FILTER (WHERE i.kind = 'penalty') AS penalty, sum(amount) FILTER (WHERE i.kind = 'refund') AS refund,
           sum(amount) AS total, count(*)::int AS items, min(happened_on) AS first, max(happened_on) AS latest
    FROM settlement_item i LEFT JOIN office o ON i.party_kind = 'office' AND o.code = i.party
    LEFT JOIN production_unit u ON i.party_kind = 'unit' AND u.code = i.party
    LEFT JOIN carrier k ON i.party_kind = 'carrier' AND k.code = i.party
    WHERE i.last = :last GROUP BY 1, 2, 3 ORDER BY 1, 2""")
_PENDING = text("""
    SELECT p.unit, u.name, sum(p.amount) AS amount, count(*)::int AS lines
    FROM penalty p JOIN production_unit u ON u.code = p.unit
    WHERE p.confirmed IS NULL AND p.made_on <= :last GROUP BY 1, 2 ORDER BY 1""")


def settlement_of(connection: Connection, last: date) -> Row[Any] | None:
    """Give the settlement of the period that ends on a day, held until the transaction ends; None where there is none."""
    return connection.execute(select(settlement).where(settlement.c.last == last).with_for_update()).first()


def collect(connection: Connection, period: Period, now: datetime, until: date) -> bool:
    """Take up all that happened by the end of a period and is not settled; False where that was done before."""
    made = upsert(settlement).values(**period._asdict(), collected_at=now, objections_until=until)
    if connection.execute(made.on_conflict_do_nothing().returning(settlement.c.last)).first() is None:
        return False
    connection.execute(_COLLECT, {"last": period.last})
    return True


def sums(connection: Connection, last: date) -> Sequence[Row[Any]]:
    """Add up what was settled with each party, by kind, CNY."""
    return connection.execute(_SUMS, {"last": last}).all()


def pending_penalties(connection: Connection, last: date) -> Sequence[Row[Any]]:
    """Find the penalties that nobody has confirmed yet: they settle when they are."""
    return connection.execute(_PENDING, {"last": last}).all()


def objections(connection: Connection, last: date) -> Sequence[Row[Any]]:
    """Load the objections to a settlement in the order in which they came."""
    of = settlement_objection
    return connection.execute(select(of).where(of.c.last == last).order_by(of.c.objected_at)).all()


def object_to_party_items(connection: Connection, last: date, kind: str, party: str, **said: Any) -> bool:
    """Note that a party objects; False where it has before."""
    row = upsert(settlement_objection).values(last=last, party_kind=kind, party=party, **said)
    return connection.execute(row.on_conflict_do_nothing().returning(settlement_objection.c.last)).first() is not None


def note_ruling(connection: Connection, objection: Row[Any], staff: str, verdict: Verdict, ruling: str) -> None:
    """Note what was decided of an objection; where the party is right, what is settled with it waits for the next period."""
    of = settlement_objection.c
    mine = and_(*(of[name] == getattr(objection, name) for name in ("last", "party_kind", "party")))
    decided = {"decided_by": staff, "verdict": verdict, "ruling": ruling}
    connection.execute(update(settlement_objection).where(mine).values(**decided))
    if verdict == Verdict.APPROVE:
        item = settlement_item.c
        theirs = (item.last == objection.last, item.party_kind == objection.party_kind, item.party == objection.party)
        connection.execute(settlement_item.delete().where(*theirs))


def note_confirmation(connection: Connection, last: date, staff: str, now: datetime) -> None:
    """Note that FINANCE has confirmed a settlement."""
    confirmed = {"confirmed_by": staff, "confirmed_at": now}
    connection.execute(update(settlement).where(settlement.c.last == last).values(**confirmed))
