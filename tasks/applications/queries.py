"""The SQL of applications: catalogue, sales records, open lines."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, select

from schemas.tables import case_line, part, part_price, sales_record, service_case
from tasks.applications.rules import Catalogue, Part, Twin
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.policies.queries import valid_on
from tasks.unit.among import among
from tasks.unit.work import Work


def catalogue(connection: Connection, _case_ids: Sequence[int] = ()) -> Catalogue:
    """Load the parts with the prices that are valid today."""
    valid = (part_price.c.part == part.c.code) & valid_on(part_price, shanghai_day(clock.now()))
    known = (part_price.c.price if name == "price" else part.c[name] for name in Part._fields)
    parts = (Part(*row) for row in connection.execute(select(*known).outerjoin(part_price, valid)))
    return {word: one for one in parts for word in (one.code, one.name)}


def open_lines(connection: Connection, orders: Sequence[str]) -> dict[str, dict[Twin, str]]:
    """Find the open lines of orders: order no → (part, reason) → case number."""
    return {order: {} for order in orders} | _open_lines(connection, among(case_line.c.order_no, orders))


def other_lines(work: Work) -> dict[Twin, str]:
    """Find the open lines of the case's order in other cases: (part, reason) → case number."""
    known = work.read(_lines_of_orders).get(work.case.order_no, {})
    return {twin: number for twin, number in known.items() if number != work.case.number}


def _lines_of_orders(connection: Connection, case_ids: Sequence[int]) -> dict[str, dict[Twin, str]]:
    return _open_lines(connection, case_line.c.order_no.in_(_orders_of(case_ids)))


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
    return _sales(connection, among(sales_record.c.order_no, orders))


def sales_of_cases(connection: Connection, case_ids: Sequence[int]) -> dict[str, Row[Any]]:
    """Find the first line in the sales records of each order that the cases are about."""
    return _sales(connection, sales_record.c.order_no.in_(_orders_of(case_ids)))


def _sales(connection: Connection, which: ColumnElement[bool]) -> dict[str, Row[Any]]:
    rows = connection.execute(select(sales_record).where(which).order_by(sales_record.c.line_no.desc()))
    return {row.order_no: row for row in rows}


def _orders_of(case_ids: Sequence[int]) -> Select[tuple[str]]:
    return select(service_case.c.order_no).where(among(service_case.c.id, case_ids))
