"""What is kept of stock by day (DOMAIN, "Stock"): closed days, their journals, and how much of a part is safe."""

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Index, Integer, Text, UniqueConstraint

from schemas.tables.base import Moment, Quantity, codes_of, each, table

stock_closing = table(
    "stock_closing",
    Column("day", Date, primary_key=True),
    Column("until", Moment, nullable=False, comment="the day's movements are those before it that were not closed"),
    Column("closed_at", Moment, nullable=False),
    Column("movements", Integer, nullable=False),
)

stock_closed = table(
    "stock_closed",
    Column("movement_id", ForeignKey("stock_movement.id"), primary_key=True, comment="it belongs to one day"),
    Column("day", ForeignKey("stock_closing.day"), nullable=False, index=True),
)

stock_day = table(
    "stock_day",
    *codes_of("warehouse", "part", primary_key=True),
    Column("day", ForeignKey("stock_closing.day"), primary_key=True, index=True),
    *each(Quantity, "opening", "came", "went", "closing"),
    CheckConstraint("closing = opening + came - went", name="balances"),
)

stock_journal = table(
    "stock_journal",
    Column("document_id", ForeignKey("document.id"), primary_key=True),
    Column("day", ForeignKey("stock_closing.day"), nullable=False),
    *codes_of("warehouse"),
    Column("due_on", Date, nullable=False, comment="the last day on which it is in time"),
    Column("signed_by", ForeignKey("staff.code")),
    Column("signed_at", Moment),
    *each(Text, "remark", "reason", server_default=""),
    UniqueConstraint("day", "warehouse"),
    CheckConstraint("(signed_by IS NULL) = (signed_at IS NULL)", name="signed_by_somebody"),
)
Index("ix_stock_journal_waits", stock_journal.c.due_on, postgresql_where=stock_journal.c.signed_at.is_(None))

safety_stock = table(
    "safety_stock",
    *codes_of("part", primary_key=True),
    Column(
        "set_at", Moment, primary_key=True, comment="the last one is in force; before the first, what the part says"
    ),
    Column("quantity", Quantity, nullable=False),
    *codes_of("staff"),
    Column("source", Text, nullable=False),
    CheckConstraint("quantity >= 0", name="quantity"),
)

safety_proposal = table(
    "safety_proposal",
    Column("last", Date, primary_key=True, comment="of the month that it follows"),
    *codes_of("part", primary_key=True),
    *each(Quantity, "consumed", "quantity"),
    Column("confirmed_at", Moment),
)
