"""The SQL of repairs: what was repaired before, and which goods of an office wait for a list."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Row, select, text

from schemas.forms.base import form_path
from schemas.forms.return_lists import ListSent
from schemas.tables import repair
from tasks.repair.shapes import RepairGoods
from tasks.unit.among import among
from tasks.unit.work import Work

BY_OFFICE = attrgetter("office")  # of forms and of cases
_WAITING = text("""
    SELECT c.office, l.output FROM service_case c
    JOIN work_item i ON i.case_id = c.id AND i.state = 'open' AND i.form = :form
    JOIN ledger l ON l.case_id = c.id AND l.step_key = 'collect-goods-' || substring(i.step_key FROM '[0-9]+$')
    WHERE c.office = ANY(:offices) AND c.closed_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM letter w WHERE w.case_id = c.id AND w.key = i.step_key)
    ORDER BY c.number, i.step_key""")


def repairs_of(connection: Connection, orders: Sequence[str]) -> dict[str, list[Row[Any]]]:
    """Find how goods of orders ended that were sent in for repair before: order → rows."""
    found: dict[str, list[Row[Any]]] = {order: [] for order in orders}
    for row in connection.execute(select(repair).where(among(repair.c.order_no, orders))):
        found[row.order_no].append(row)
    return found


def waiting_goods(connection: Connection, offices: Sequence[str]) -> dict[str, list[RepairGoods]]:
    """Find the goods of offices that wait for a list, and that none has taken."""
    found: dict[str, list[RepairGoods]] = {office: [] for office in offices}
    for row in connection.execute(_WAITING, {"form": form_path(ListSent), "offices": list(offices)}):
        found[row.office].append(RepairGoods.model_validate(row.output))
    return found


def waiting_here(work: Work) -> list[RepairGoods]:
    """Give the goods of the case's office that wait for a list."""
    return work.unit.read_by(waiting_goods, BY_OFFICE, work.case) or []
