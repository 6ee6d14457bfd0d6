"""What an office's 配件申报评估表 counts and no case tells: lines that were refused because they are open already."""

from sqlalchemy import Column, Date, Text

from schemas.tables.base import codes_of, each, table

duplicate_line = table(
    "duplicate_line",
    *codes_of("office", primary_key=True),
    Column("applied_on", Date, primary_key=True),
    *each(Text, "applicant", "order_no", "part", "reason", primary_key=True),
)
