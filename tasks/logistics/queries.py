"""The SQL of logistics: reference prices by route, what freight is free, what waits to be collected."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, select, text

from schemas.forms.logistics import FreightMethod
from schemas.tables import carrier, route_price
from schemas.words import DocumentKind, Role
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.logistics.rules import FreightLimits
from tasks.policies.queries import setting, valid_on
from tasks.unit.work import Work


def route_prices(connection: Connection, _case_ids: Sequence[int] = ()) -> dict[str, Decimal]:
    """Load the reference price of each office's route that is valid today, CNY a shipment."""
    valid = select(route_price).where(valid_on(route_price, shanghai_day(clock.now())))
    return {row.office: row.reference_price for row in connection.execute(valid)}


def carriers(connection: Connection, _case_ids: Sequence[int] = ()) -> dict[str, FreightMethod]:
    """Give how known carriers go, by name, by code and by what people write for them."""
    known = connection.execute(select(carrier).order_by(carrier.c.code)).all()
    return {word: FreightMethod(row.kind) for row in known for word in (row.name, row.code, *row.aliases.split())}


def freight_limits(work: Work) -> FreightLimits:
    """Give what freight needs no approval, and who approves the rest."""
    names = ("freight.hired_over_reference", "freight.express_free")
    approved = (FreightMethod.HIRED, FreightMethod.EXPRESS, FreightMethod.AIR)
    approvers = {method: Role(setting(work, f"freight.{method}.approval_role")) for method in approved}
    hired_over, express_free = (Decimal(str(setting(work, name))) for name in names)
    return FreightLimits(hired_over, express_free, approvers)


_WAITING_GOODS = text("""
    SELECT s.number, o.name AS office, i.title, coalesce(d.tracking, '') AS tracking, i.opened_at, i.due_at, i.role, n.told
    FROM work_item i JOIN service_case s ON s.id = i.case_id JOIN office o ON o.code = s.office
    LEFT JOIN LATERAL (
        SELECT content ->> 'tracking' AS tracking FROM document
        WHERE case_id = s.id AND kind = :slip ORDER BY issued_at DESC, serial DESC LIMIT 1) d ON true
    LEFT JOIN LATERAL (
        SELECT json_agg(json_build_array(kind, sent_at) ORDER BY sent_at, kind) AS told FROM notice
        WHERE case_id = i.case_id AND step_key = i.step_key) n ON true
    WHERE i.closed_at IS NULL AND i.form = ANY(:forms) ORDER BY i.opened_at, s.number, i.step_key""")


def waiting_goods(connection: Connection, forms: Sequence[str]) -> Sequence[Row[Any]]:
    """Find the goods that wait to be collected, checked or handed over, the longest first, and what was said of each."""
    return connection.execute(_WAITING_GOODS, {"forms": list(forms), "slip": DocumentKind.DISPATCH_NOTE}).all()


_ROUTE_COSTS = text("""
    SELECT o.name AS office, r.reference_price AS price, r.valid_from, r.source, w.many, w.mean, w.most
    FROM office o
    LEFT JOIN route_price r ON r.office = o.code AND r.valid_from <= :today AND coalesce(r.valid_to >= :today, true)
    CROSS JOIN LATERAL (
        SELECT count(*) AS many, avg(freight) AS mean, max(freight) AS most FROM (
            SELECT CAST(d.content ->> 'freight' AS numeric) AS freight
            FROM document d JOIN service_case s ON s.id = d.case_id
            WHERE s.office = o.code AND d.kind = :slip AND d.content ->> 'method' = :hired
                  AND d.issued_at >= :since AND d.issued_at < :until) sent) w
    ORDER BY o.code""")


def route_costs(connection: Connection, today: date, since: datetime, until: datetime) -> Sequence[Row[Any]]:
    """Find each route's reference price, and how often and for how much hired transport went there in a time."""
    asked = {"slip": DocumentKind.DISPATCH_NOTE, "hired": FreightMethod.HIRED.option}
    return connection.execute(_ROUTE_COSTS, asked | {"today": today, "since": since, "until": until}).all()
