"""Stock and what is being made: movements, balances, reservations, production orders."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    Uuid,
)

from schemas.tables.base import Moment, Quantity, metadata, of_case, one_of
from schemas.words import MovementKind, OrderState, Supply

stock_balance = Table(
    "stock_balance",
    metadata,
    Column("warehouse", ForeignKey("warehouse.code"), nullable=False),
    Column("part", ForeignKey("part.code"), nullable=False),
    Column("on_hand", Quantity, nullable=False, server_default="0"),
    Column("reserved", Quantity, nullable=False, server_default="0"),
    PrimaryKeyConstraint("warehouse", "part"),
    CheckConstraint("on_hand >= 0", name="on_hand"),
    CheckConstraint("reserved >= 0 AND reserved <= on_hand", name="reserved"),
)

stock_movement = Table(
    "stock_movement",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("case_id", ForeignKey("service_case.id")),
    Column("step_key", Text, nullable=False),
    Column("line_no", Integer, nullable=False, server_default="0"),
    Column("kind", String(20), nullable=False),
    Column("warehouse", ForeignKey("warehouse.code"), nullable=False),
    Column("part", ForeignKey("part.code"), nullable=False),
    Column(
        "quantity", Quantity, nullable=False, comment="signed: in is positive, out negative, reversals the other way"
    ),
    Column("moved_at", Moment, nullable=False),
    one_of("kind", MovementKind),
    CheckConstraint("quantity <> 0", name="quantity"),
)
Index("ix_stock_movement_case", stock_movement.c.case_id)
Index("ix_stock_movement_part", stock_movement.c.warehouse, stock_movement.c.part)

reservation = Table(
    "reservation",
    metadata,
    of_case(nullable=False),
    Column("line_no", Integer, nullable=False),
    Column("step_key", Text, nullable=False),
    Column("warehouse", ForeignKey("warehouse.code"), nullable=False),
    Column("part", ForeignKey("part.code"), nullable=False),
    Column("quantity", Quantity, nullable=False),
    Column("state", String(12), nullable=False, server_default="held"),
    PrimaryKeyConstraint("case_id", "line_no", "step_key"),
    CheckConstraint("quantity > 0", name="quantity"),
    CheckConstraint("state IN ('held', 'used', 'released')", name="state"),
)

production_order = Table(
    "production_order",
    metadata,
    of_case(nullable=False),
    Column("line_no", Integer, nullable=False),
    Column("turn", Integer, nullable=False),
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
    PrimaryKeyConstraint("case_id", "line_no", "turn"),
    one_of("state", OrderState),
    one_of("supply", Supply),
    CheckConstraint("quantity > 0", name="quantity"),
    CheckConstraint("made >= 0 AND made <= quantity", name="made"),
    CheckConstraint("scrapped >= 0", name="scrapped"),
)
Index(
    "ix_production_order_unit",
    production_order.c.unit,
    production_order.c.promised,
    postgresql_where=production_order.c.state == "open",
)
