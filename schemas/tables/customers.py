"""The customer file: who returned a warranty card, for which line of an order, and until when that is under 三包."""

from sqlalchemy import BigInteger, Column, Date, ForeignKey, ForeignKeyConstraint, Identity, Text, UniqueConstraint
from sqlalchemy.schema import SchemaItem

from schemas.tables.base import Moment, codes_of, each, table
from schemas.tables.reference import sales_record


def _of_sale() -> list[SchemaItem]:
    """The columns of rows that belong to a line of an order as it was sold."""
    kept = [Column(one.name, one.type, primary_key=True) for one in sales_record.primary_key]
    return [*kept, ForeignKeyConstraint(["order_no", "line_no"], list(sales_record.primary_key))]


customer = table(
    "customer",
    Column("id", BigInteger, Identity(), primary_key=True),
    *each(Text, "phone", "address"),
    Column("name", Text, nullable=False, index=True),
    UniqueConstraint("phone", "name"),
)

warranty_card = table(
    "warranty_card",
    *_of_sale(),
    Column("card_no", Text, nullable=False, unique=True),
    Column("customer_id", ForeignKey("customer.id"), nullable=False, index=True),
    Column("returned_on", Date, nullable=False),
    Column("policy_version", ForeignKey("policy_version.version"), nullable=False),
    *codes_of("staff"),
    Column("registered_at", Moment, nullable=False),
)

warranty_waiver = table(
    "warranty_waiver",
    *_of_sale(),
    Column("waived_on", Date, nullable=False, comment="放弃保修: from this day on there is no 三包"),
    *codes_of("staff"),
    Column("reason", Text, nullable=False),
)
