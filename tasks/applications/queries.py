"""The SQL of applications: catalogue, offices, sales records, open lines."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select

from schemas.tables import case_line, office, part, part_price, sales_record, service_case
from tasks.applications.rules import Catalogue, Part, Twin
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.unit.among import among
from tasks.unit.work import Work


def catalogue(connection: Connection, _case_ids: Sequence[int] = ()) -> Catalogue:
    """Load the parts with the prices that are valid today."""
    today = shanghai_day(clock.now())
    valid = (part_price.c.valid_from <= today) & (part_price.c.valid_to.is_(None) | (part_price.c.valid_to >= today))
    rows = connection.execute(
        select(part, part_price.c.price).outerjoin(part_price, (part_price.c.part == part.c.code) & valid)
    )
    return Catalogue(
        [Part(r.code, r.name, r.category, r.specification, r.colour, r.unit, r.discontinued_on, r.price) for r in rows]
    )


def offices(connection: Connection, _case_ids: Sequence[int] = ()) -> dict[str, Row[Any]]:
    """Load the offices by code and by name."""
    rows = connection.execute(select(office)).all()
    return {row.code: row for row in rows} | {row.name: row for row in rows}


def open_lines(connection: Connection, orders: Sequence[str]) -> dict[str, dict[Twin, str]]:
    """Find the open lines of orders: order no → (part, reason) → case number."""
    return {order: {} for order in orders} | _open_lines(connection, among(case_line.c.order_no, orders))


def other_lines(work: Work) -> dict[Twin, str]:
    """Find the open lines of the case's order in other cases: (part, reason) → case number."""
    known = work.read(_lines_of_orders).get(work.case.order_no, {})
    return {twin: number for twin, number in known.items() if number != work.case.number}


def _lines_of_orders(connection: Connection, case_ids: Sequence[int]) -> dict[str, dict[Twin, str]]:
    orders = select(service_case.c.order_no).where(among(service_case.c.id, case_ids))
    return _open_lines(connection, case_line.c.order_no.in_(orders))


def _open_lines(connection: Connection, which: ColumnElement[bool]) -> dict[str, dict[Twin, str]]:
    found: dict[str, dict[Twin, str]] = {}
    for row in connection.execute(
        select(case_line.c.order_no, case_line.c.part, case_line.c.reason, service_case.c.number)
        .join(service_case, service_case.c.id == case_line.c.case_id)
        .where(case_line.c.open, which)
    ):
        found.setdefault(row.order_no, {})[row.part, row.reason] = row.number
    return found


def sales(connection: Connection, orders: Sequence[str]) -> dict[str, Row[Any]]:
    """Find the first line of each order in the sales records."""
    rows = select(sales_record).where(among(sales_record.c.order_no, orders))
    return {row.order_no: row for row in connection.execute(rows.order_by(sales_record.c.line_no.desc()))}


def sales_of_cases(connection: Connection, case_ids: Sequence[int]) -> dict[str, tuple[date | None, date | None]]:
    """Find signing and factory dates of the cases' orders: order no → (signed, factory)."""
    rows = connection.execute(
        select(sales_record.c.order_no, sales_record.c.signing_date, sales_record.c.factory_date)
        .join(service_case, service_case.c.order_no == sales_record.c.order_no)
        .where(among(service_case.c.id, case_ids))
        .order_by(sales_record.c.line_no.desc())
    )
    return {row.order_no: (row.signing_date, row.factory_date) for row in rows}
