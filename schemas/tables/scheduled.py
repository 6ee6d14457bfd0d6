"""Scheduled work that was done, one row a round (DOMAIN, "Scheduled work")."""

from sqlalchemy import CheckConstraint, Column, Date, Text

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
