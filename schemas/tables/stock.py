"""Stock and what is being made: movements, balances, reservations, production orders."""

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Index, Integer, String, Text, Uuid

from schemas.tables.base import Moment, Quantity, index, of_case, one_of, table
from schemas.words import MovementKind, OrderState, Supply

stock_balance = table(
    "stock_balance",
    Column("warehouse", ForeignKey("warehouse.code"), primary_key=True),
    Column("part", ForeignKey("part.code"), primary_key=True),
    Column("on_hand", Quantity, nullable=False, server_default="0"),
    Column("reserved", Quantity, nullable=False, server_default="0"),
    CheckConstraint("on_hand >= 0", name="on_hand"),
    CheckConstraint("reserved >= 0 AND reserved <= on_hand", name="reserved"),
)

stock_movement = table(
    "stock_movement",
    Column("id", Uuid, primary_key=True),
    Column("case_id", ForeignKey("service_case.id"), index=True),
    Column("step_key", Text, nullable=False),
    Column("line_no", Integer, nullable=False, server_default="0"),
    Column("kind", String(20), nullable=False),
    Column("warehouse", ForeignKey("warehouse.code"), nullable=False),
    Column("part", ForeignKey("part.code"), nullable=False),
    Column("quantity", Quantity, nullable=False, comment="in is positive, out negative, reversals the other way"),
    Column("moved_at", Moment, nullable=False),
    one_of("kind", MovementKind),
    CheckConstraint("quantity <> 0", name="quantity"),
)
Index("ix_stock_movement_part", stock_movement.c.warehouse, stock_movement.c.part)

reservation = table(
    "reservation",
    of_case(primary_key=True),
    Column("line_no", Integer, primary_key=True),
    Column("step_key", Text, primary_key=True),
    Column("warehouse", ForeignKey("warehouse.code"), nullable=False),
    Column("part", ForeignKey("part.code"), nullable=False),
    Column("quantity", Quantity, nullable=False),
    Column("state", String(12), nullable=False, server_default="held"),
    CheckConstraint("quantity > 0", name="quantity"),
    one_of("state", ["held", "used", "released"]),
)

production_order = table(
    "production_order",
    of_case(primary_key=True),
    Column("line_no", Integer, primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("unit", ForeignKey("production_unit.code"), nullable=False),
    Column("supply", String(12), nullable=False),
    Column("part", ForeignKey("part.code"), nullable=False),
    Column("quantity", Quantity, nullable=False),
    Column("made", Quantity, nullable=False, server_default="0"),
    Column("scrapped", Quantity, nullable=False, server_default="0"),
    Column("promised", Date, nullable=False),
    Column("planned", Date, nullable=False),
    Column("state", String(12), nullable=False, server_default="open"),
    Column("placed_at", Moment, nullable=False),
    one_of("state", OrderState),
    one_of("supply", Supply),
    CheckConstraint("quantity > 0", name="quantity"),
    CheckConstraint("made >= 0 AND made <= quantity", name="made"),
    CheckConstraint("scrapped >= 0", name="scrapped"),
)
_unit_and_day = (production_order.c.unit, production_order.c.promised)
index("ix_production_order_unit", *_unit_and_day, where=production_order.c.state == "open")
