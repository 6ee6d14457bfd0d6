"""The SQL of those who keep warehouses: books as they were, and what was counted of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, select, text

from schemas.shapes import LineTable, Measure
from schemas.tables import case_line, document, part, service_case, stock_balance, stock_movement, warehouse
from schemas.words import DocumentKind, MovementKind
from tasks.applications.queries import catalogue_of
from tasks.applications.rules import Catalogue
from tasks.keeping.rules import UsedSlip
from tasks.stock.places import places
from tasks.unit.among import among

HEADINGS = ("行", "编码 Code", "配件 Part", "数量 Qty")
COUNTED = ("行", "编码 Code", "配件 Part", "账面 Book", "实盘 Counted", "差异原因 Cause")
BY_COUNT = [MovementKind.COUNT_GAIN, MovementKind.COUNT_LOSS]

# the opening stock was there before anything moved
_HAD = text("""
    SELECT b.warehouse, b.part, trim_scale(b.on_hand - coalesce(since.moved, 0)) AS had FROM stock_balance b LEFT JOIN (
        SELECT warehouse, part, sum(quantity) AS moved FROM stock_movement
        WHERE moved_at > :moment AND case_id IS NOT NULL GROUP BY warehouse, part) since USING (warehouse, part)
    ORDER BY b.warehouse, b.part""")
_HAD_HERE = text("""
    SELECT b.part, trim_scale(b.on_hand - coalesce(since.after, 0)) AS had,
           trim_scale(b.on_hand - coalesce(since.moved, 0)) AS before FROM stock_balance b LEFT JOIN (
        SELECT part, sum(quantity) AS moved, sum(quantity) FILTER (WHERE moved_at > :moment) AS after FROM stock_movement
        WHERE warehouse = :warehouse AND moved_at >= :moment AND case_id IS NOT NULL GROUP BY part) since USING (part)
    WHERE b.warehouse = :warehouse ORDER BY b.part""")


def stocked(connection: Connection, _case_ids: Sequence[int] = ()) -> Catalogue:
    """Load the parts as warehouses know them: the standard ones, and what was made for a case and is on their books."""
    return catalogue_of(connection, select(stock_balance.c.part))


# what repairs and their return lists brought into a warehouse and did not take out of it, as far as they are open
_OF_CUSTOMERS = text("""
    WITH open AS (SELECT id FROM service_case WHERE process = 'RR' AND closed_at IS NULL)
    SELECT part, least(sum(m.quantity), due.many) - coalesce(held.many, 0) AS many
    FROM stock_movement m JOIN service_case c ON c.id = m.case_id
    JOIN (SELECT l.part, sum(l.quantity) AS many FROM open JOIN case_line l ON l.case_id = open.id
          GROUP BY 1) due USING (part)
    LEFT JOIN (SELECT r.part, sum(r.quantity) AS many FROM open JOIN reservation r ON r.case_id = open.id
               WHERE r.state = 'held' AND r.warehouse = :warehouse GROUP BY 1) held USING (part)
    WHERE m.warehouse = :warehouse AND c.process IN ('RR', 'RL') GROUP BY part, due.many, held.many""")


def kept_for_customers(connection: Connection, where: str) -> dict[str, Decimal]:
    """Find how many of a warehouse's parts are customers' goods in repair, which are nobody else's: part → how many."""
    rows = connection.execute(_OF_CUSTOMERS, {"warehouse": where})
    return {row.part: row.many for row in rows if row.many > 0}


def book_at(connection: Connection, where: str, moment: datetime) -> dict[str, Decimal]:
    """Give what the books of a warehouse had of its parts at a moment: what they have without what moved since."""
    return {part: had for part, (had, _) in books_around(connection, where, moment).items()}


def books_around(connection: Connection, where: str, moment: datetime) -> dict[str, tuple[Decimal, Decimal]]:
    """Give what the books of a warehouse had of its parts when a moment was over, and before anything moved in it."""
    rows = connection.execute(_HAD_HERE, {"warehouse": where, "moment": moment})
    return {row.part: (row.had, row.before) for row in rows}


def adjust_alone(connection: Connection, code: str) -> None:
    """Let no other count adjust the books of a warehouse until the transaction ends."""
    connection.execute(select(warehouse.c.code).where(warehouse.c.code == code).with_for_update(key_share=True))


def adjusted_since(connection: Connection, where: str, moment: datetime) -> dict[str, str]:
    """Find the parts of a warehouse whose books counts have changed since a moment: part → the count's number."""
    of = stock_movement.c
    wanted = select(of.part, service_case.c.number).join(service_case, service_case.c.id == of.case_id)
    changed = of.warehouse == where, of.moved_at > moment, of.kind.in_(BY_COUNT), service_case.c.process == "SC"
    return dict(connection.execute(wanted.where(*changed)).tuples().all())


def warehouses_with_stock(connection: Connection, moment: datetime) -> list[str]:
    """List the warehouses that had anything on their books at a moment."""
    rows = connection.execute(_HAD, {"moment": moment})
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
    """Find slips by hand of own use by number; None where there is none: what a customer signed for is no own use."""
    of, red = document.c, document.alias()
    back = select(red.c.id).where(red.c.reverses == of.id).exists()
    by_hand = (
        select(of.number, of.id, of.content, back.label("back"))
        .join(service_case)
        .where(service_case.c.process == "GS")
    )
    rows = connection.execute(by_hand.where(among(of.number, numbers)))
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
