"""Reference data: offices, people and roles, parts and prices, standards, calendar, policies, sales records."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    Uuid,
)

from schemas.tables.base import Json, Moment, Money, Quantity, codes_of, each, in_force, named, of_case, table, word_of
from schemas.words import Role, Urgency

office = table("office", *named(12, unique=True), *each(Text, "region", "address", "phone"))

staff = table("staff", *named(12), Column("phone", Text, nullable=False), Column("active", Boolean, nullable=False))

production_unit = table(
    "production_unit",
    *named(12),
    *word_of(["own", "outsourced", "supplier"], "kind", 12),
    Column("calendar", String(8), nullable=False),
)

staff_role = table(
    "staff_role",
    *codes_of("staff"),
    *word_of(Role, "role", 20),
    Column("office", ForeignKey("office.code"), comment="empty: of every office"),
    Column("unit", ForeignKey("production_unit.code"), comment="empty: of every unit"),
    # an empty office or unit is a value too
    UniqueConstraint("staff", "role", "office", "unit", name="uq_staff_role", postgresql_nulls_not_distinct=True),
)

warehouse = table("warehouse", *named(20), *word_of(["good", "damaged"], "kind", 8), *codes_of("office", nullable=True))

part_category = table("part_category", *named(12))

part = table(
    "part",
    *named(20, unique=True),
    Column("category", ForeignKey("part_category.code"), nullable=False),
    *each(Text, "specification", "colour", "uom"),
    Column("unit", ForeignKey("production_unit.code"), nullable=False, comment="that usually makes it"),
    Column("discontinued_on", Date),
    Column("shelf_days", Integer, comment="from the day it comes in to its expiry; empty: it has none"),
    Column("safety_stock", Quantity, nullable=False),
    CheckConstraint("shelf_days > 0", name="shelf_days"),
    of_case("made_for", index=True, comment="the case that it is made for; empty: a standard part"),
)

part_price = table(
    "part_price",
    *codes_of("part", primary_key=True),
    Column("price", Money, nullable=False),
    *in_force(),
    CheckConstraint("price >= 0", name="price"),
)

route_price = table(
    "route_price", *codes_of("office", primary_key=True), Column("reference_price", Money, nullable=False), *in_force()
)

carrier = table("carrier", *named(12), *each(String(12), "kind"), *each(Text, "aliases", server_default=""))

cycle_standard = table(
    "cycle_standard",
    Column("process", String(8), primary_key=True),
    Column("category", ForeignKey("part_category.code"), primary_key=True),
    Column("unit", String(12), primary_key=True, server_default="", comment="empty: any unit"),
    *word_of(Urgency, "urgency", 8, primary_key=True),
    Column("days", Integer, nullable=False),
    *in_force(),
    CheckConstraint("days > 0", name="days"),
)

holiday = table(
    "holiday",
    Column("day", Date, primary_key=True),
    Column("working", Boolean, nullable=False),
    *each(Text, "name", "source"),
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
    *each(Text, "unit", "source", "meaning"),
)

reference_stamp = table(
    "reference_stamp",
    Column("one", Boolean, CheckConstraint("one", name="one"), primary_key=True),
    Column("stamp", Uuid, nullable=False, comment="another one after each change of a table that is STAMPED"),
)
STAMPED = [
    one.name for one in (office, staff, staff_role, production_unit, cycle_standard, holiday, policy_version, policy)
]

sales_record = table(
    "sales_record",
    Column("order_no", Text, primary_key=True),
    Column("line_no", Integer, primary_key=True),
    *codes_of("office"),
    *each(Text, "customer_name", "customer_phone", index=True),
    *each(Text, "customer_address", "model", "model_name", "factory"),
    Column("quantity", Quantity, nullable=False),
    Column("price_paid", Money, nullable=False),
    Column("factory_date", Date, nullable=False),
    *each(Date, "delivery_date", "signing_date", "installation_date", nullable=True),
    *word_of(["shop", "remote"], "channel", 8),
    Column("store", ForeignKey("store.code"), comment="that sold it, whose look-ups find it; empty: none did"),
    *each(Boolean, "custom_made", "custom_confirmed"),
    Column("list_price", Money, comment="of all of it, before discounts; empty: what was paid"),
    *each(Money, "coupon", "delivery_fee", "offer_from", server_default="0"),
    # what came back of it: claimed by open returns or settled, CNY given back of goods and of delivery,
    # CNY taken off because too little of an offer was kept, CNY paid in addition for a dearer article in exchange
    *each(Quantity, "returned", "settled", server_default="0"),
    *each(Money, "refunded", "fee_refunded", "offer_lost", "paid_more", server_default="0"),
    Column("exchanged_on", Date, comment="periods start anew"),
    CheckConstraint("custom_made OR NOT custom_confirmed", name="custom_confirmed"),
    CheckConstraint("coupon >= 0 AND coupon <= price_paid AND delivery_fee >= 0 AND offer_from >= 0", name="paid"),
    CheckConstraint("settled >= 0 AND settled <= returned AND returned <= quantity", name="returned"),
    CheckConstraint("refunded >= 0 AND refunded <= price_paid + paid_more", name="refunded"),
    CheckConstraint("offer_lost >= 0 AND paid_more >= 0", name="more"),
    CheckConstraint("fee_refunded >= 0 AND fee_refunded <= delivery_fee", name="fee_refunded"),
)
CAME_BACK = {
    "returned",
    "settled",
    "refunded",
    "fee_refunded",
    "offer_lost",
    "paid_more",
    "exchanged_on",
}  # of a sale, as returns write it

sales_change = table(
    "sales_change",
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("order_no", Text, nullable=False),
    Column("line_no", Integer, nullable=False),
    *codes_of("staff"),
    Column("changed_at", Moment, nullable=False),
    Column("changes", Json, nullable=False, comment="by column what it was and became; empty: the record was new"),
    ForeignKeyConstraint(["order_no", "line_no"], ["sales_record.order_no", "sales_record.line_no"]),
    Index(None, "order_no", "line_no"),
)
