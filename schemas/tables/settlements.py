"""Settlement 结算: what stands between the department and each office, unit and carrier, once for each period."""

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Text

from schemas.tables.base import Moment, Money, each, objection, table, word_of

settlement = table(
    "settlement",
    Column("last", Date, primary_key=True),
    Column("first", Date, nullable=False),
    Column("collected_at", Moment, nullable=False),
    Column("objections_until", Date, nullable=False),
    Column("confirmed_by", ForeignKey("staff.code")),
    Column("confirmed_at", Moment),
    CheckConstraint("first <= last", name="in_order"),
    CheckConstraint("(confirmed_by IS NULL) = (confirmed_at IS NULL)", name="confirmed_by_somebody"),
)

settlement_item = table(
    "settlement_item",
    Column("source", Text, primary_key=True, comment="what it is of: it is settled once"),
    Column("last", ForeignKey("settlement.last"), nullable=False, index=True),
    *word_of(["office", "unit", "carrier", "department"], "party_kind", 12),
    Column("party", Text, nullable=False, comment="its code; of a carrier that is none of the known its name"),
    *word_of(["parts", "repair_fee", "freight", "anomaly", "penalty", "refund"], "kind", 12),
    Column("amount", Money, nullable=False, comment="CNY that the party owes us; negative: that we owe"),
    Column("happened_on", Date, nullable=False),
    Column("case_no", Text, nullable=False),
)

settlement_objection = table(
    "settlement_objection",
    Column("last", ForeignKey("settlement.last"), primary_key=True),
    *each(Text, "party_kind", "party", primary_key=True),
    *objection(),
)
