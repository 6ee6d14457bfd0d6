"""Reports as they were published 公示, one row an edition (DOMAIN 4): none ever changes, a correction is a new one."""

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Integer, Text

from schemas.tables.base import Moment, each, table

report_edition = table(
    "report_edition",
    Column("kind", Text, primary_key=True),
    *each(Date, "first", "last", primary_key=True),
    Column("edition", Integer, primary_key=True),
    Column("made_at", Moment, nullable=False),
    Column("made_by", ForeignKey("staff.code"), comment="who corrected it; empty: the system made it"),
    *each(Text, "reason", server_default=""),
    Column("report", Text, nullable=False, comment="JSON, to the letter: its check sum is of this text"),
    Column("sha256", Text, nullable=False),
    CheckConstraint("first <= last", name="in_order"),
    CheckConstraint("edition > 0 AND (edition = 1) = (reason = '')", name="corrected_for_a_reason"),
    CheckConstraint("sha256 = encode(sha256(convert_to(report, 'UTF8')), 'hex')", name="sha256"),
)
