"""Reference data: offices, people and roles, parts and prices, standards, calendar, policies, sales records."""

from sqlalchemy import (
    Boolean,
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
)

from schemas.tables.base import Json, Money, Quantity, metadata, one_of
from schemas.words import Role, Urgency

office = Table(
    "office",
    metadata,
    Column("code", String(12), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("region", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("phone", Text, nullable=False),
)

staff = Table(
    "staff",
    metadata,
    Column("code", String(12), primary_key=True),
    Column("name", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("active", Boolean, nullable=False),
)

production_unit = Table(
    "production_unit",
    metadata,
    Column("code", String(12), primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("calendar", String(8), nullable=False),
    one_of("kind", ["own", "outsourced", "supplier"]),
)

staff_role = Table(
    "staff_role",
    metadata,
    Column("staff", ForeignKey("staff.code"), nullable=False),
    Column("role", String(20), nullable=False),
    Column("office", ForeignKey("office.code"), comment="empty: of every office"),
    Column("unit", ForeignKey("production_unit.code"), comment="empty: of every unit"),
    one_of("role", Role),
)
Index(
    "uq_staff_role",
    staff_role.c.staff,
    staff_role.c.role,
    staff_role.c.office,
    staff_role.c.unit,
    unique=True,
    postgresql_nulls_not_distinct=True,  # an empty office or unit is a value too
)

warehouse = Table(
    "warehouse",
    metadata,
    Column("code", String(20), primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", String(8), nullable=False),
    Column("office", ForeignKey("office.code")),
    one_of("kind", ["good", "damaged"]),
)

part_category = Table(
    "part_category", metadata, Column("code", String(12), primary_key=True), Column("name", Text, nullable=False)
)

part = Table(
    "part",
    metadata,
    Column("code", String(20), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("category", ForeignKey("part_category.code"), nullable=False),
    Column("specification", Text, nullable=False),
    Column("colour", Text, nullable=False),
    Column("uom", Text, nullable=False),
    Column("unit", ForeignKey("production_unit.code"), nullable=False, comment="that usually makes it"),
    Column("discontinued_on", Date),
    Column("safety_stock", Quantity, nullable=False),
)

part_price = Table(
    "part_price",
    metadata,
    Column("part", ForeignKey("part.code"), nullable=False),
    Column("price", Money, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("source", Text, nullable=False),
    PrimaryKeyConstraint("part", "valid_from"),
    CheckConstraint("price >= 0", name="price"),
)

route_price = Table(
    "route_price",
    metadata,
    Column("office", ForeignKey("office.code"), nullable=False),
    Column("reference_price", Money, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("source", Text, nullable=False),
    PrimaryKeyConstraint("office", "valid_from"),
)

carrier = Table(
    "carrier",
    metadata,
    Column("code", String(12), primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", String(12), nullable=False),
)

cycle_standard = Table(
    "cycle_standard",
    metadata,
    Column("process", String(8), nullable=False),
    Column("category", ForeignKey("part_category.code"), nullable=False),
    Column("unit", String(12), nullable=False, server_default="", comment="empty: any unit"),
    Column("urgency", String(8), nullable=False),
    Column("days", Integer, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("source", Text, nullable=False),
    PrimaryKeyConstraint("process", "category", "unit", "urgency", "valid_from"),
    one_of("urgency", Urgency),
    CheckConstraint("days > 0", name="days"),
)

holiday = Table(
    "holiday",
    metadata,
    Column("day", Date, primary_key=True),
    Column("working", Boolean, nullable=False),
    Column("name", Text, nullable=False),
)

policy_version = Table(
    "policy_version",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("valid_from", Date, nullable=False, unique=True),
    Column("note", Text, nullable=False),
)

policy = Table(
    "policy",
    metadata,
    Column("version", ForeignKey("policy_version.version"), nullable=False),
    Column("key", Text, nullable=False),
    Column("value", Json, nullable=False),
    Column("unit", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("meaning", Text, nullable=False),
    PrimaryKeyConstraint("version", "key"),
)

sales_record = Table(
    "sales_record",
    metadata,
    Column("order_no", Text, nullable=False),
    Column("line_no", Integer, nullable=False),
    Column("office", ForeignKey("office.code"), nullable=False),
    Column("customer_name", Text, nullable=False),
    Column("customer_phone", Text, nullable=False),
    Column("customer_address", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("model_name", Text, nullable=False),
    Column("quantity", Quantity, nullable=False),
    Column("price_paid", Money, nullable=False),
    Column("factory", Text, nullable=False),
    Column("factory_date", Date, nullable=False),
    Column("delivery_date", Date),
    Column("signing_date", Date),
    Column("channel", String(8), nullable=False),
    Column("custom_made", Boolean, nullable=False),
    PrimaryKeyConstraint("order_no", "line_no"),
    one_of("channel", ["shop", "remote"]),
)
Index("ix_sales_record_customer_phone", sales_record.c.customer_phone)
