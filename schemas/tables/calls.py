"""Follow-up calls 回访: why customers are called, each attempt, who wants no more calls, numbers that were put right."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, Text

from schemas.tables.base import Moment, codes_of, each, index, of_case, table

call_reason = table(
    "call_reason",
    of_case(primary_key=True),
    Column("line_no", Integer, primary_key=True),
    *each(Text, "why"),
    Column("source", ForeignKey("service_case.id"), index=True, comment="the case that it is about"),
    Column("turn", Integer, nullable=False, comment="round of a complaint, quarter after it"),
    Column("added_at", Moment, nullable=False),
    CheckConstraint("turn > 0", name="turn"),
)
_own = (call_reason.c.why, call_reason.c.source, call_reason.c.turn)
_once = call_reason.c.source.is_not(None) & (call_reason.c.why != "asked_for")
index("uq_call_reason_once", *_own, where=_once, unique=True)

call_attempt = table(
    "call_attempt",
    of_case(primary_key=True),
    Column("step_key", Text, primary_key=True),
    *codes_of("staff"),
    Column("called_at", Moment, nullable=False, index=True),
    *each(Text, "result"),
    *each(Text, "recording", server_default=""),
)

no_calls = table(
    "no_calls",
    Column("phone", Text, primary_key=True, comment="of a customer who wants no more calls"),
    of_case(nullable=False, index=True),
    Column("refused_at", Moment, nullable=False),
)

phone_correction = table(
    "phone_correction",
    Column("wrong", Text, primary_key=True),
    Column("phone", Text, nullable=False),
    *codes_of("staff"),
    of_case(nullable=False, index=True),
    Column("corrected_at", Moment, nullable=False),
)
