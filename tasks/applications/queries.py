"""The SQL of applications: catalogue, sales records, open lines, how far what is open is."""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Label, Row, Select, and_, func, select, text, union_all

from schemas.processes.repair_return import RepairEnding
from schemas.spelling import Known
from schemas.tables import case_line, part, part_price, sales_record, service_case, warranty_waiver
from tasks.applications.rules import Catalogue, Part, Twin
from tasks.applications.warranty import Cover, cover_of
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.policies.queries import settings, valid_on
from tasks.unit.among import among
from tasks.unit.work import Work

BY_ORDER = attrgetter("order_no")  # of forms and of cases


def catalogue(connection: Connection, case_ids: Sequence[int] = ()) -> Catalogue:
    """Load the parts with the prices that are valid today: the standard ones, of those made for a case its own.

    Its own are also those on the lines of a case, or of the one that opened it.
    """
    opened_by = select(service_case.c.parent_id).where(among(service_case.c.id, case_ids))
    on_lines = select(case_line.c.part)
    own = (on_lines.where(among(case_line.c.case_id, case_ids)), on_lines.where(case_line.c.case_id.in_(opened_by)))
    return catalogue_of(connection, *own)


def catalogue_of(connection: Connection, *others: Select[tuple[str]]) -> Catalogue:
    """Load the standard parts, and those of other codes, with the prices that are valid today.

    By one list of codes: as alternatives PostgreSQL would look through all lines, and all parts ever made for a case.
    """
    which = part.c.code.in_(union_all(select(part.c.code).where(part.c.made_for.is_(None)), *others))
    valid = (part_price.c.part == part.c.code) & valid_on(part_price, shanghai_day(clock.now()))
    known = (part_price.c.price if name == "price" else part.c[name] for name in Part._fields)
    parts = (Part(*row) for row in connection.execute(select(*known).outerjoin(part_price, valid).where(which)))
    return Known((word, one) for one in parts for word in (one.code, one.name))


def open_lines(
    connection: Connection, orders: Sequence[str], *which: ColumnElement[bool]
) -> dict[str, dict[Twin, str]]:
    """Find the open lines of orders, all or some: order no → (part, reason) → case number."""
    wanted = select(case_line.c.order_no, case_line.c.part, case_line.c.reason, service_case.c.number)
    of_cases = wanted.join(service_case, service_case.c.id == case_line.c.case_id)
    found: dict[str, dict[Twin, str]] = {order: {} for order in orders}
    for row in connection.execute(of_cases.where(case_line.c.open, among(case_line.c.order_no, orders), *which)):
        found[row.order_no][row.part, row.reason] = row.number
    return found


def applied_lines(connection: Connection, orders: Sequence[str]) -> dict[str, dict[Twin, str]]:
    """Find the open lines that offices applied for; those that were ordered again are nobody's duplicates."""
    return open_lines(connection, orders, ~case_line.c.again)


def other_lines(work: Work) -> dict[Twin, str]:
    """Find the open lines of the case's order in other cases: (part, reason) → case number."""
    known = work.unit.read_by(applied_lines, BY_ORDER, work.case) or {}
    return {twin: number for twin, number in known.items() if number != work.case.number}


def repair_days() -> Label[int]:
    """Give the column of how many days goods of a sales record were in repair, those of what was exchanged left out."""
    of, since = service_case.c, func.coalesce(sales_record.c.exchanged_on, sales_record.c.factory_date)
    days = func.ceil(func.extract("epoch", of.closed_at - of.opened_at) / 86_400)
    ended = of.ending.in_((RepairEnding.REPAIRED, RepairEnding.UNREPAIRED))
    repaired = func.sum(days).filter(of.process == "RR", of.opened_at >= since, ended)
    # an order has few cases: they are found by it alone, not among all repairs since then
    counted = select(func.coalesce(repaired, 0).cast(Integer)).where(of.order_no == sales_record.c.order_no)
    return counted.scalar_subquery().label("repair_days")


def sales(connection: Connection, orders: Sequence[str]) -> dict[str, Row[Any]]:
    """Find the first line of each order in the sales records."""
    same = [warranty_waiver.c[key] == sales_record.c[key] for key in ("order_no", "line_no")]
    sold = select(sales_record, warranty_waiver.c.waived_on, repair_days()).outerjoin(warranty_waiver, and_(*same))
    of_orders = sold.where(among(sales_record.c.order_no, orders))
    return {row.order_no: row for row in connection.execute(of_orders.order_by(sales_record.c.line_no.desc()))}


def cover(work: Work) -> Cover:
    """Give what is known today of the warranty of a case's goods."""
    return cover_of(settings(work).__getitem__, work.today, work.unit.read_by(sales, BY_ORDER, work.case))


_PROGRESS = text("""
    SELECT s.number, s.process, o.name AS office, s.urgency, s.opened_at, s.link, s.step, s.holder, s.due_at
    FROM service_case s JOIN office o ON o.code = s.office
    WHERE s.process = ANY(:codes) AND s.closed_at IS NULL ORDER BY s.due_at NULLS LAST, s.opened_at, s.number""")
_MOVED = text("""
    SELECT process, count(*) FILTER (WHERE opened_at >= :begins AND opened_at < :ends) AS opened,
           count(*) FILTER (WHERE closed_at >= :begins AND closed_at < :ends) AS closed
    FROM service_case WHERE process = ANY(:codes)
      AND (opened_at >= :begins AND opened_at < :ends OR closed_at >= :begins AND closed_at < :ends)
    GROUP BY process""")


def applications_open(connection: Connection, codes: Sequence[str]) -> Sequence[Row[Any]]:
    """Find the open cases of processes, what is due first first."""
    return connection.execute(_PROGRESS, {"codes": list(codes)}).all()


def came_and_went(
    connection: Connection, codes: Sequence[str], begins: datetime, ends: datetime
) -> dict[str, tuple[int, int]]:
    """Count how many cases of each process were opened and closed between two moments."""
    given = {"codes": list(codes), "begins": begins, "ends": ends}
    return {row.process: (row.opened, row.closed) for row in connection.execute(_MOVED, given)}
