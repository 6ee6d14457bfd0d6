"""The SQL of a case's lines: what was applied for, and how far each line is."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Connection, Row, Select, bindparam, case, func, select

from schemas.shapes import LineTable, Measure
from schemas.tables import case_line, part, production_order, production_unit, reservation, stock_movement
from schemas.words import FeeCategory, MovementKind, Reason
from tasks.unit.among import among

_ID: BindParameter[int] = bindparam("case_id")


class LineView(NamedTuple):
    """A line as it stands; quantities in the part's own unit `uom`, price in CNY per unit."""

    line_no: int
    part: str
    name: str
    specification: str
    colour: str
    uom: str
    quantity: Decimal
    price: Decimal
    fee: FeeCategory | None
    reason: Reason
    unit_name: str | None
    promised: date | None
    planned: date | None
    made_on: date | None
    in_on: date | None
    out_on: date | None
    picked_on: date | None
    reserved: Decimal
    made: Decimal
    received: Decimal
    sent: Decimal


_RESERVED = (
    select(reservation.c.line_no, func.sum(reservation.c.quantity).label("reserved"))
    .where(reservation.c.case_id == _ID, reservation.c.state == "held")
    .group_by(reservation.c.line_no)
    .subquery()
)
_MADE = (
    select(production_order.c.line_no, func.sum(production_order.c.made).label("made"))
    .where(production_order.c.case_id == _ID)
    .group_by(production_order.c.line_no)
    .subquery()
)
_IN_KINDS = [kind.value for kind in MovementKind if kind.sign > 0]
_MOVED = (
    select(
        stock_movement.c.line_no,
        func.sum(case((stock_movement.c.kind.in_(_IN_KINDS), stock_movement.c.quantity))).label("received"),
        func.sum(case((stock_movement.c.kind == MovementKind.DELIVERY_OUT.value, -stock_movement.c.quantity))).label(
            "sent"
        ),
    )
    .where(stock_movement.c.case_id == _ID)
    .group_by(stock_movement.c.line_no)
    .subquery()
)
_LINES: Select[Any] = (
    select(
        case_line.c.line_no, case_line.c.part, case_line.c.part_name.label("name"), case_line.c.specification,
        case_line.c.colour, part.c.uom, case_line.c.quantity, case_line.c.price, case_line.c.fee,
        case_line.c.reason, production_unit.c.name.label("unit_name"), case_line.c.promised,
        case_line.c.planned, case_line.c.made_on, case_line.c.in_on, case_line.c.out_on,
        case_line.c.picked_on, *(
            func.coalesce(sum_, 0).label(sum_.name)
            for sum_ in (_RESERVED.c.reserved, _MADE.c.made, _MOVED.c.received, _MOVED.c.sent)
        ),
    )
    .join(part, part.c.code == case_line.c.part)
    .outerjoin(production_unit, production_unit.c.code == case_line.c.unit)
    .outerjoin(_RESERVED, _RESERVED.c.line_no == case_line.c.line_no)
    .outerjoin(_MADE, _MADE.c.line_no == case_line.c.line_no)
    .outerjoin(_MOVED, _MOVED.c.line_no == case_line.c.line_no)
    .where(case_line.c.case_id == _ID)
    .order_by(case_line.c.line_no)
)  # fmt: skip


def part_lines(connection: Connection, case_id: int) -> list[LineView]:
    """Load the lines of a case as they stand."""
    return [
        LineView(**{**row._mapping, "fee": FeeCategory(row.fee) if row.fee else None, "reason": Reason(row.reason)})
        for row in connection.execute(_LINES, {"case_id": case_id})
    ]


def parts_of(connection: Connection, case_ids: Collection[int]) -> dict[tuple[int, int], Row[Any]]:
    """Find part names and quantities of the lines of many cases: (case, line) → line."""
    wanted = select(case_line.c.case_id, case_line.c.line_no, case_line.c.part_name, case_line.c.quantity)
    rows = connection.execute(wanted.where(among(case_line.c.case_id, case_ids)))
    return {(row.case_id, row.line_no): row for row in rows}


HEADINGS = ("行", "配件 Part", "数量 Qty", "预留 Held", "完成 Made", "入库 In", "出库 Out", "承诺 Promised")


def line_table(connection: Connection, case_id: int) -> LineTable:
    """Show the lines of a case: the part with its reason, fee and price, and how far each line is."""
    lines = part_lines(connection, case_id)
    promised = [line.promised for line in lines if line.promised]
    facts = [("承诺 Promised", str(max(promised)))] if promised else []
    return LineTable(HEADINGS, [_cells(line) for line in lines], facts, [line._asdict() for line in lines])


def _cells(line: LineView) -> tuple[Any, ...]:
    about = [line.reason.zh, *([line.fee.zh] if line.fee else []), f"{line.price} CNY"]
    name = " ".join(filter(None, [f"**{line.name}**", line.specification, line.colour]))
    promised = " ".join(filter(None, [str(line.promised or ""), line.unit_name]))
    counts = (line.reserved, line.made, line.received, line.sent)
    return (line.line_no, " · ".join([name, *about]), Measure(line.quantity, line.uom), *counts, promised)
