"""The SQL of repairs: what was repaired before, and which goods of an office wait for a list."""

from collections import defaultdict
from collections.abc import Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select, text

from schemas.forms.base import form_path
from schemas.forms.return_lists import ListSent
from schemas.shapes import LineTable, Measure
from schemas.tables import repair
from tasks.durable import clock
from tasks.repair.shapes import ListedGoods, RepairGoods
from tasks.unit.among import among
from tasks.unit.work import Work

BY_OFFICE = attrgetter("office")  # of forms and of cases
_WAITING = text("""
    SELECT c.office, l.output FROM service_case c
    JOIN work_item i ON i.case_id = c.id AND i.closed_at IS NULL AND i.form = :form
    JOIN ledger l ON l.case_id = c.id AND l.step_key = 'collect-goods-' || substring(i.step_key FROM '[0-9]+$')
    WHERE c.office = ANY(:offices) AND c.closed_at IS NULL AND i.expires_at > :now
      AND NOT EXISTS (SELECT 1 FROM letter w WHERE w.case_id = c.id AND w.key = i.step_key)
    ORDER BY c.number, i.step_key""")


class Piece(NamedTuple):
    """What goods are known by: their order, and their old part number where they have one."""

    order_no: str
    old_no: str = ""


def piece_of(one: Any) -> Piece:
    """Give what a line's goods are known by; of a case or an application, its order."""
    return Piece(one.order_no, getattr(one, "old_no", ""))


def repairs_of(connection: Connection, pieces: Sequence[Piece]) -> dict[Piece, list[Row[Any]]]:
    """Find how goods of these orders, or of these numbers in other orders, ended that were sent in for repair before."""
    of_order, of_number = defaultdict[str, list[Row[Any]]](list), defaultdict[str, list[Row[Any]]](list)
    numbers = {one.old_no for one in pieces if one.old_no}
    wanted = among(repair.c.order_no, {one.order_no for one in pieces}) | among(repair.c.old_no, numbers)
    for row in connection.execute(select(repair).where(wanted)):
        of_order[row.order_no].append(row)
        of_number[row.old_no].append(row)
    elsewhere = {one: [row for row in of_number[one.old_no] if row.order_no != one.order_no] for one in pieces}
    return {one: of_order[one.order_no] + (elsewhere[one] if one.old_no else []) for one in pieces}


_LISTED = text("""
    SELECT output FROM ledger WHERE case_id = :case AND (step_key = 'send-list' OR step_key LIKE 'draw-up-list-%')
    ORDER BY seq DESC LIMIT 1""")
_CAME = text("""
    SELECT line_no, sum(quantity) FROM stock_movement WHERE case_id = :case AND kind = 'transfer_in' GROUP BY line_no""")
HEADINGS = ("行", "返修单 Repair", "配件 Part", "损坏原因 Cause", "箱号 Package", "数量 Qty", "实收 Counted")


def list_table(connection: Connection, case_id: int) -> LineTable:
    """Show what is on a list: of which repair, in which package, and how many of it have come."""
    of = {"case": case_id}
    came = dict(connection.execute(_CAME, of).tuples().all())
    listed = [ListedGoods.model_validate(one) for one in connection.execute(_LISTED, of).scalar() or ()]
    rows = [
        (one.line_no, one.number, f"**{one.name}** {one.specification} {one.colour}".strip(), one.cause, one.package,
         Measure(one.quantity, one.uom), came.get(one.line_no))
        for one in listed
    ]  # fmt: skip
    return LineTable(HEADINGS, rows, [], [one.model_dump(mode="json") for one in listed])


def waiting_goods(connection: Connection, offices: Sequence[str]) -> dict[str, list[RepairGoods]]:
    """Find the goods of offices that wait for a list, and that none has taken."""
    found: dict[str, list[RepairGoods]] = {office: [] for office in offices}
    for row in connection.execute(
        _WAITING, {"form": form_path(ListSent), "offices": list(offices), "now": clock.now()}
    ):
        found[row.office].append(RepairGoods.model_validate(row.output))
    return found


def waiting_here(work: Work) -> list[RepairGoods]:
    """Give the goods of the case's office that wait for a list."""
    return work.unit.read_by(waiting_goods, BY_OFFICE, work.case) or []
