"""The SQL of a case's lines: what was applied for, and how far each line is."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Row, Select, bindparam, func, select

from schemas.shapes import LineTable, Measure
from schemas.tables import case_line, part, production_order, production_unit, reservation, stock_movement
from schemas.words import FeeCategory, MovementKind, Reason
from tasks.unit.among import among


def _total(figure: Column[Any], *which: ColumnElement[bool]) -> ColumnElement[Any]:
    """Add up a figure over all rows of a line, 0 where it has none."""
    rows = figure.table.c
    mine = (rows.case_id == case_line.c.case_id, rows.line_no == case_line.c.line_no)
    return func.coalesce(select(func.sum(figure)).where(*mine, *which).scalar_subquery(), 0)


_MOVED = stock_movement.c
_COMES_IN = _MOVED.kind.in_([kind for kind in MovementKind if kind.sign > 0])
_LINES: Select[Any] = (
    select(
        *(case_line.c[name] for name in ("line_no", "part", "specification", "colour", "quantity", "price", "fee")),
        *(case_line.c[name] for name in ("reason", "promised", "planned", "made_on", "in_on", "out_on", "picked_on")),
        case_line.c.part_name.label("name"),
        part.c.uom,
        production_unit.c.name.label("unit_name"),
        _total(reservation.c.quantity, reservation.c.state == "held").label("reserved"),
        _total(production_order.c.made).label("made"),
        _total(_MOVED.quantity, _COMES_IN).label("received"),
        (-_total(_MOVED.quantity, _MOVED.kind == MovementKind.DELIVERY_OUT)).label("sent"),
    )
    .join(part, part.c.code == case_line.c.part)
    .outerjoin(production_unit, production_unit.c.code == case_line.c.unit)
    .where(case_line.c.case_id == bindparam("case_id"))
    .order_by(case_line.c.line_no)
)


def parts_of(connection: Connection, case_ids: Collection[int]) -> dict[tuple[int, int], Row[Any]]:
    """Find part names and quantities of the lines of many cases: (case, line) → line."""
    wanted = select(case_line.c.case_id, case_line.c.line_no, case_line.c.part_name, case_line.c.quantity)
    rows = connection.execute(wanted.where(among(case_line.c.case_id, case_ids)))
    return {(row.case_id, row.line_no): row for row in rows}


HEADINGS = ("行", "配件 Part", "数量 Qty", "预留 Held", "完成 Made", "入库 In", "出库 Out", "承诺 Promised")


def line_table(connection: Connection, case_id: int) -> LineTable:
    """Show the lines of a case: the part with its reason, fee and price, and how far each line is."""
    lines = connection.execute(_LINES, {"case_id": case_id}).all()
    promised = [line.promised for line in lines if line.promised]
    facts = [("承诺 Promised", str(max(promised)))] if promised else []
    return LineTable(HEADINGS, [_cells(line) for line in lines], facts, [line._asdict() for line in lines])


def _cells(line: Row[Any]) -> tuple[Any, ...]:
    about = [Reason(line.reason).zh, *([FeeCategory(line.fee).zh] if line.fee else []), f"{line.price} CNY"]
    name = " ".join(filter(None, [f"**{line.name}**", line.specification, line.colour]))
    promised = " ".join(filter(None, [str(line.promised or ""), line.unit_name]))
    counts = (line.reserved, line.made, line.received, line.sent)
    return (line.line_no, " · ".join([name, *about]), Measure(line.quantity, line.uom), *counts, promised)
