"""What an office's 配件申报评估表 counts and no case tells: lines that are open already, objections to corrections."""

from sqlalchemy import Column, Date, Integer, Text

from schemas.tables.base import codes_of, each, objection, of_case, table

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
    *objection(),
)
