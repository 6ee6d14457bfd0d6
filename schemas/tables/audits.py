"""Call audits 电话稽核: the sample of each week with its seed, and what came of each call."""

from sqlalchemy import CheckConstraint, Column, Date, Integer, Text, UniqueConstraint

from schemas.tables.base import Json, Moment, Money, each, of_case, table

call_sample = table(
    "call_sample",
    Column("first", Date, primary_key=True),
    Column("last", Date, primary_key=True),
    *each(Integer, "seed", "calls"),
    Column("chosen", Json, nullable=False, comment="[RecordedCall]: drawn by the seed from the calls in their order"),
    Column("drawn_at", Moment, nullable=False),
)

audited_call = table(
    "audited_call",
    of_case(primary_key=True),
    *each(Text, "call", "agent"),
    Column("called_at", Moment, nullable=False, comment="to the minute"),
    UniqueConstraint("call", "agent", "called_at"),
)

call_audit = table(
    "call_audit",
    of_case(primary_key=True),
    *each(Text, "agent", "call", "recording", "advice"),
    *each(Text, "rings", "greeting", "patience", "answered", "kept", "hung_up", comment="met, not_met, not_asked_for"),
    Column("called_at", Moment, nullable=False),
    Column("score", Integer, comment="of 100: rules that were kept; empty: none was asked for"),
    Column("forbidden", Integer, nullable=False),
    Column("deduction", Money, nullable=False, comment="CNY"),
    Column("recorded_at", Moment, nullable=False, index=True),
    CheckConstraint("score BETWEEN 0 AND 100 AND forbidden >= 0 AND deduction >= 0", name="figures"),
)
