"""Reference data: offices, people and roles, parts and prices, standards, calendar, policies, sales records."""

from sqlalchemy import Boolean, CheckConstraint, Column, Date, ForeignKey, Integer, String, Text, UniqueConstraint

from schemas.tables.base import Json, Money, Quantity, one_of, table
from schemas.words import Role, Urgency

office = table(
    "office",
    Column("code", String(12), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("region", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("phone", Text, nullable=False),
)

staff = table(
    "staff",
    Column("code", String(12), primary_key=True),
    Column("name", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("active", Boolean, nullable=False),
)

production_unit = table(
    "production_unit",
    Column("code", String(12), primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("calendar", String(8), nullable=False),
    one_of("kind", ["own", "outsourced", "supplier"]),
)

staff_role = table(
    "staff_role",
    Column("staff", ForeignKey("staff.code"), nullable=False),
    Column("role", String(20), nullable=False),
    Column("office", ForeignKey("office.code"), comment="empty: of every office"),
    Column("unit", ForeignKey("production_unit.code"), comment="empty: of every unit"),
    one_of("role", Role),
    # an empty office or unit is a value too
    UniqueConstraint("staff", "role", "office", "unit", name="uq_staff_role", postgresql_nulls_not_distinct=True),
)

warehouse = table(
    "warehouse",
    Column("code", String(20), primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", String(8), nullable=False),
    Column("office", ForeignKey("office.code")),
    one_of("kind", ["good", "damaged"]),
)

part_category = table(
    "part_category", Column("code", String(12), primary_key=True), Column("name", Text, nullable=False)
)

part = table(
    "part",
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

part_price = table(
    "part_price",
    Column("part", ForeignKey("part.code"), primary_key=True),
    Column("price", Money, nullable=False),
    Column("valid_from", Date, primary_key=True),
    Column("valid_to", Date),
    Column("source", Text, nullable=False),
    CheckConstraint("price >= 0", name="price"),
)

route_price = table(
    "route_price",
    Column("office", ForeignKey("office.code"), primary_key=True),
    Column("reference_price", Money, nullable=False),
    Column("valid_from", Date, primary_key=True),
    Column("valid_to", Date),
    Column("source", Text, nullable=False),
)

carrier = table(
    "carrier",
    Column("code", String(12), primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", String(12), nullable=False),
)

cycle_standard = table(
    "cycle_standard",
    Column("process", String(8), primary_key=True),
    Column("category", ForeignKey("part_category.code"), primary_key=True),
    Column("unit", String(12), primary_key=True, server_default="", comment="empty: any unit"),
    Column("urgency", String(8), primary_key=True),
    Column("days", Integer, nullable=False),
    Column("valid_from", Date, primary_key=True),
    Column("valid_to", Date),
    Column("source", Text, nullable=False),
    one_of("urgency", Urgency),
    CheckConstraint("days > 0", name="days"),
)

holiday = table(
    "holiday",
    Column("day", Date, primary_key=True),
    Column("working", Boolean, nullable=False),
    Column("name", Text, nullable=False),
)

policy_version = table(
    "policy_version",
    Column("version", Integer, primary_key=True),
    Column("valid_from", Date, nullable=False, unique=True),
    Column("note", Text, nullable=False),
)

policy = table(
    "policy",
    Column("version", ForeignKey("policy_version.version"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Json, nullable=False),
    Column("unit", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("meaning", Text, nullable=False),
)

sales_record = table(
    "sales_record",
    Column("order_no", Text, primary_key=True),
    Column("line_no", Integer, primary_key=True),
    Column("office", ForeignKey("office.code"), nullable=False),
    Column("customer_name", Text, nullable=False),
    Column("customer_phone", Text, nullable=False, index=True),
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
    one_of("channel", ["shop", "remote"]),
)
