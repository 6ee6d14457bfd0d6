"""Stock and what is being made: movements, balances, reservations, production orders."""

from sqlalchemy import Boolean, CheckConstraint, Column, Date, ForeignKey, Index, Integer, Text, Uuid

from schemas.shapes import NEVER
from schemas.tables.base import Moment, Quantity, codes_of, each, index, of_case, table, word_of
from schemas.words import MovementKind, OrderState, Supply

stock_balance = table(
    "stock_balance",
    *codes_of("warehouse", "part", primary_key=True),
    *each(Quantity, "on_hand", "reserved", server_default="0"),
    CheckConstraint("on_hand >= 0", name="on_hand"),
    CheckConstraint("reserved >= 0 AND reserved <= on_hand", name="reserved"),
)

stock_lot = table(
    "stock_lot",
    *codes_of("warehouse", "part", primary_key=True),
    Column("came_on", Date, primary_key=True),
    Column("expires_on", Date, primary_key=True),
    Column("on_hand", Quantity, nullable=False, server_default="0"),
    CheckConstraint("on_hand >= 0", name="on_hand"),
)
index("ix_stock_lot_there", stock_lot.c.part, where=stock_lot.c.on_hand > 0)

stock_movement = table(
    "stock_movement",
    Column("id", Uuid, primary_key=True),
    Column("case_id", ForeignKey("service_case.id"), index=True),
    Column("step_key", Text, nullable=False),
    Column("line_no", Integer, nullable=False, server_default="0"),
    *word_of(MovementKind, "kind", 20),
    *codes_of("warehouse", "part"),
    Column("quantity", Quantity, nullable=False, comment="in is positive, out negative, reversals the other way"),
    Column("moved_at", Moment, nullable=False),
    Column("came_on", Date, nullable=False, comment="its lot: the day on which the goods came into this warehouse"),
    Column("expires_on", Date, nullable=False, server_default=str(NEVER)),
    CheckConstraint("quantity <> 0", name="quantity"),
)
_book = (stock_movement.c.warehouse, stock_movement.c.part, stock_movement.c.moved_at)
Index("ix_stock_movement_part", *_book)

reservation = table(
    "reservation",
    of_case(primary_key=True),
    Column("line_no", Integer, primary_key=True),
    Column("step_key", Text, primary_key=True),
    *codes_of("warehouse", "part"),
    Column("quantity", Quantity, nullable=False),
    *word_of(["held", "used", "released"], "state", 12, server_default="held"),
    CheckConstraint("quantity > 0", name="quantity"),
)

repair = table(
    "repair",
    of_case(primary_key=True),
    Column("line_no", Integer, primary_key=True),
    *codes_of("part"),
    Column("order_no", Text, nullable=False, index=True),
    Column("old_no", Text, nullable=False, server_default="", index=True),
    Column("cause", Text, nullable=False, server_default=""),
    Column("quantity", Quantity, nullable=False),
    Column("outcome", Text, nullable=False, comment="how the line ended"),
    Column("done_at", Moment, nullable=False),
)

production_order = table(
    "production_order",
    of_case(primary_key=True),
    *each(Integer, "line_no", "turn", primary_key=True),
    Column("unit", ForeignKey("production_unit.code"), nullable=False),
    *word_of(Supply, "supply", 12),
    *codes_of("part"),
    Column("quantity", Quantity, nullable=False),
    *each(Quantity, "made", "scrapped", server_default="0"),
    *each(Date, "since", "promised", "planned"),
    Column("days", Integer, nullable=False, comment="standard working days from `since` to the promise"),
    *each(Date, "made_on", "in_on", nullable=True),
    *word_of(OrderState, "state", 12, server_default="open"),
    Column("placed_at", Moment, nullable=False),
    of_case("cycle_id", index=True, comment="the case that controls its cycle"),
    Column("followed", Boolean, nullable=False, server_default="false", comment="its case's news reach that control"),
    CheckConstraint("quantity > 0", name="quantity"),
    CheckConstraint("made >= 0 AND made <= quantity", name="made"),
    CheckConstraint("scrapped >= 0", name="scrapped"),
)
_unit_and_day = (production_order.c.unit, production_order.c.promised)
index("ix_production_order_unfollowed", production_order.c.case_id, where=~production_order.c.followed)
index("ix_production_order_unit", *_unit_and_day, where=production_order.c.state == "open")
