"""Whom messages reach: people of the house by their roles, and customers whom we wish well; what other systems tell."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Identity, String, Text, UniqueConstraint

from schemas.tables.base import Json, Moment, codes_of, each, index, table, word_of
from schemas.words import CareState, NoticeWay, Occasion, Role

notice_channel = table(
    "notice_channel",
    *word_of(Role, "role", 20),
    Column("office", ForeignKey("office.code"), comment="empty: of every office"),
    *word_of(NoticeWay, "way", 12),
    Column("address", Text, nullable=False, comment="of e-mail; else a name: the environment holds the secret URL"),
    # an empty office is a value too
    UniqueConstraint("role", "office", "way", "address", name="uq_notice_channel", postgresql_nulls_not_distinct=True),
    CheckConstraint(
        r"CASE way WHEN 'email' THEN address ~ '^[^@[:space:]]+@[^@[:space:]]+$' ELSE address ~ '^[A-Z][A-Z0-9_]*$' END",
        name="address",
    ),
)

feed = table(
    "feed",
    Column("system", String(20), primary_key=True),
    Column("kind", String(40), primary_key=True),
    Column("cursor", Text, nullable=False, comment="after which that system is asked for what changed"),
    Column(
        "sent_back", Json, nullable=False, comment="records that wait to be right: key to since when, and their sheet"
    ),
    Column("kept_at", Moment, nullable=False),
)

care_message = table(
    "care_message",
    Column("id", BigInteger, Identity(), primary_key=True),
    *word_of(Occasion, "occasion", 16),
    Column("about", Text, nullable=False, comment="a case, an order, a card, a half-year"),
    *each(Text, "phone", "text"),
    *word_of(CareState, "state", 12),
    Column("wanted_at", Moment, nullable=False),
    Column("sent_at", Moment),
    Column("outbox_id", ForeignKey("outbox.id"), comment="there stands what became of it"),
    UniqueConstraint("occasion", "about", "phone"),
    CheckConstraint("(state = 'sent') = (outbox_id IS NOT NULL)", name="sent"),
)
index("ix_care_message_waiting", care_message.c.phone, where=care_message.c.state == "waiting")
index("ix_care_message_sent", care_message.c.phone, where=care_message.c.state == "sent")

message_opt_out = table(
    "message_opt_out",
    Column("phone", Text, primary_key=True),
    Column("since", Moment, nullable=False),
    *codes_of("staff"),
    Column("reason", Text, nullable=False, server_default=""),
)
