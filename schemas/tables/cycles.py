"""Cycle control: the standard and the record of each line that was to be made, and the penalties for late ones."""

from sqlalchemy import Boolean, CheckConstraint, Column, Date, ForeignKey, Integer

from schemas.tables.base import Money, Quantity, each, of_case, table

line_cycle = table(
    "line_cycle",
    of_case(primary_key=True),
    *each(Integer, "line_no", "turn", primary_key=True),
    Column("unit", ForeignKey("production_unit.code"), nullable=False),
    *each(Date, "since", "promised", "planned"),
    *each(Integer, "days", "in_days", "out_days"),
    *each(Date, "made_on", "in_on", "out_on", "picked_on", nullable=True),
    *each(Integer, "used", "over", "paused", nullable=True, comment="working days, once it is recorded"),
    *each(Boolean, "made_in_time", "in_in_time", "out_in_time", nullable=True),
    Column("withdrawn", Boolean, nullable=False, server_default="false", comment="it leaves the rates"),
)

penalty = table(
    "penalty",
    of_case(primary_key=True),
    *each(Integer, "line_no", "turn", primary_key=True),
    Column("made_on", Date, primary_key=True, comment="its month is the penalty's"),
    Column("unit", ForeignKey("production_unit.code"), nullable=False, index=True),
    Column("quantity", Quantity, nullable=False, comment="that was late"),
    Column("over", Integer, nullable=False, comment="working days"),
    Column("amount", Money, nullable=False, comment="CNY that were proposed"),
    Column(
        "charged", Money, nullable=False, server_default="0", comment="CNY more, that an anomaly charges for the delay"
    ),
    Column("confirmed", Money, comment="CNY; empty: proposed, 0: dropped"),
    CheckConstraint("over > 0 AND quantity > 0 AND amount >= 0 AND charged >= 0", name="figures"),
    CheckConstraint("confirmed >= 0 AND confirmed <= amount", name="confirmed"),
)
