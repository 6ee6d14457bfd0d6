"""The SQL of those who keep warehouses: books as they were, and what was counted of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, select, text

from schemas.shapes import LineTable, Measure
from schemas.tables import case_line, document, part, service_case, stock_movement
from schemas.words import DocumentKind, MovementKind
from tasks.keeping.rules import UsedSlip
from tasks.stock.places import places
from tasks.unit.among import among

HEADINGS = ("行", "编码 Code", "配件 Part", "数量 Qty")
COUNTED = ("行", "编码 Code", "配件 Part", "账面 Book", "实盘 Counted", "差异原因 Cause")


_HAD = text("""
    SELECT b.warehouse, b.part, trim_scale(b.on_hand - coalesce(since.moved, 0)) AS had FROM stock_balance b LEFT JOIN (
        SELECT warehouse, part, sum(quantity) AS moved FROM stock_movement
        WHERE moved_at > :moment AND case_id IS NOT NULL  -- the opening stock was there before anything moved
        GROUP BY warehouse, part) since USING (warehouse, part)
    WHERE :warehouse IN (b.warehouse, '')
    ORDER BY b.warehouse, b.part""")


def book_at(connection: Connection, warehouse: str, moment: datetime) -> dict[str, Decimal]:
    """Give what the books of a warehouse had of its parts at a moment: what they have without what moved since."""
    rows = connection.execute(_HAD, {"warehouse": warehouse, "moment": moment})
    return {row.part: row.had for row in rows}


def adjusted_since(connection: Connection, warehouse: str, moment: datetime) -> dict[str, str]:
    """Find the parts of a warehouse whose books counts have changed since a moment: part → the count's number."""
    of, by_count = stock_movement.c, [MovementKind.COUNT_GAIN, MovementKind.COUNT_LOSS]
    wanted = select(of.part, service_case.c.number).join(service_case, service_case.c.id == of.case_id)
    changed = of.warehouse == warehouse, of.moved_at > moment, of.kind.in_(by_count), service_case.c.process == "SC"
    return dict(connection.execute(wanted.where(*changed)).tuples().all())


def warehouses_with_stock(connection: Connection, moment: datetime) -> list[str]:
    """List the warehouses that had anything on their books at a moment."""
    rows = connection.execute(_HAD, {"warehouse": "", "moment": moment})
    return list(dict.fromkeys(row.warehouse for row in rows if row.had))


def count_table(connection: Connection, case_id: int) -> LineTable:
    """Show what was counted last, part by part."""
    sheets = select(document.c.content).where(
        document.c.case_id == case_id, document.c.kind == DocumentKind.COUNT_SHEET
    )
    last = connection.execute(sheets.order_by(document.c.serial.desc()).limit(1)).scalar()
    request = connection.execute(select(service_case.c.request).where(service_case.c.id == case_id)).scalar_one()
    rows = [
        (one["line_no"], one["part"], f"**{one['name']}**", one["book"], one["quantity"], one["reason"])
        for one in (last or {"lines": []})["lines"]
    ]
    return LineTable(COUNTED, rows, facts_of(connection, request))


def slips_named(connection: Connection, numbers: Sequence[str]) -> dict[str, UsedSlip | None]:
    """Find slips of own use by number; None where there is none."""
    of, red = document.c, document.alias()
    back = select(red.c.id).where(red.c.reverses == of.id).exists()
    rows = connection.execute(select(of.number, of.id, of.content, back.label("back")).where(among(of.number, numbers)))
    return dict.fromkeys(numbers) | {
        row.number: UsedSlip(
            str(row.id),
            row.content["warehouse"].partition(" ")[0],
            {one["part"]: (one["line_no"], Decimal(one["quantity"])) for one in row.content["lines"]},
            row.back,
        )
        for row in rows
        if row.content.get("category") == MovementKind.OWN_USE_OUT.zh and not row.content["red"]
    }


def goods_table(connection: Connection, case_id: int) -> LineTable:
    """Show the lines of a case about warehouses, and what its request says of them."""
    of = case_line.c
    wanted = select(of.line_no, of.part, of.part_name, func.trim_scale(of.quantity), part.c.uom)
    rows = connection.execute(
        wanted.join(part, part.c.code == of.part).where(of.case_id == case_id).order_by(of.line_no)
    )
    listed = [(no, code, f"**{name}**", Measure(many, uom)) for no, code, name, many, uom in rows]
    request = connection.execute(select(service_case.c.request).where(service_case.c.id == case_id)).scalar_one()
    return LineTable(HEADINGS, listed, facts_of(connection, request))


def facts_of(connection: Connection, request: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Say the warehouses and words of a request under their names on its own form."""
    titles = {"sender": "调出 From", "receiver": "调入 To", "warehouse": "仓库 Warehouse", "remark": "备注 Remark"}
    told = {title: str(request[name]) for name, title in titles.items() if request.get(name)}
    known = places(connection)
    remark = titles["remark"]
    return [(title, known[said].said if title != remark and said in known else said) for title, said in told.items()]
