"""Cases from before the system."""

from sqlalchemy import CheckConstraint, Column, SmallInteger, Text

from schemas.tables.base import Moment, each, table

past_case = table(
    "past_case",
    Column("case_no", Text, primary_key=True),
    *each(Text, "process", "office", "unit", "category"),
    Column("started_at", Moment, nullable=False),
    *each(Moment, "promised_at", "finished_at", nullable=True),
    Column("mark", SmallInteger, comment="1 to 5, 5 is the best"),
    CheckConstraint("mark BETWEEN 1 AND 5", name="mark"),
    # some know only the day on which a case was done
    CheckConstraint("finished_at > started_at - interval '1 day'", name="finished_after_started"),
)
