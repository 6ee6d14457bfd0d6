"""Scheduled work that was done, one row a round, and what a role was told of it (DOMAIN, "Scheduled work")."""

from sqlalchemy import CheckConstraint, Column, Date, String, Text

from schemas.tables.base import Moment, each, table

scheduled_round = table(
    "scheduled_round",
    Column("work", Text, primary_key=True),
    Column("last", Date, primary_key=True),
    Column("first", Date, nullable=False),
    Column("done_at", Moment, nullable=False),
    *each(Text, "result", server_default=""),
    CheckConstraint("first <= last", name="in_order"),
)

round_notice = table(
    "round_notice",
    Column("work", Text, primary_key=True),
    Column("role", String(20), primary_key=True),
    Column("last", Date, nullable=False, comment="of the round that told it; the next one tells anew, or nothing"),
    Column("text", Text, nullable=False, comment="markdown, without contact data"),
    Column("told_at", Moment, nullable=False),
    Column("passed_at", Moment, comment="when it left as a message to whoever hears of the role; empty: not yet"),
)
