"""What an office's 配件申报评估表 counts and no case tells: lines that are open already, objections to corrections."""

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Integer, Text

from schemas.tables.base import Moment, codes_of, each, of_case, table, word_of

duplicate_line = table(
    "duplicate_line",
    *codes_of("office", primary_key=True),
    Column("applied_on", Date, primary_key=True),
    *each(Text, "applicant", "order_no", "part", "reason", primary_key=True),
)

review_objection = table(
    "review_objection",
    of_case(primary_key=True),
    Column("line_no", Integer, primary_key=True, comment="0: all of it, which was sent back or rejected"),
    Column("staff", ForeignKey("staff.code"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("objected_at", Moment, nullable=False),
    Column("decided_by", ForeignKey("staff.code")),
    *word_of(["approve", "reject"], "verdict", 8, nullable=True),
    Column("ruling", Text, nullable=False, server_default=""),
    CheckConstraint("(decided_by IS NULL) = (verdict IS NULL)", name="decided_by_somebody"),
)
