"""What leaves the house (law 6): one row per message, sent by the dispatcher."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, Integer, String, Text

from schemas.tables.base import Json, Moment, of_case, one_of, table
from schemas.words import OutboxState

outbox = table(
    "outbox",
    Column("id", BigInteger, Identity(), primary_key=True),
    of_case(nullable=False, index=True),
    Column("step_key", Text, nullable=False),
    Column("idempotency_key", Text, nullable=False, unique=True),
    Column("destination", String(20), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("payload", Json, nullable=False),
    Column("answers", Text, comment="key of the event that the answer decides, if one waits for it"),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_at", Moment),
    Column("last_error", Text, nullable=False, server_default=""),
    Column("answer", Json),
    Column("created_at", Moment, nullable=False),
    Column("answered_at", Moment),
    one_of("state", OutboxState),
    CheckConstraint("(state = 'pending') = (next_at IS NOT NULL)", name="next_at"),
)
Index("ix_outbox_pending", outbox.c.next_at, postgresql_where=outbox.c.state == "pending")
