"""Who is on duty at the hotline, who is on leave, and who stands in (DOMAIN 3; S1 1.3.1)."""

from sqlalchemy import Column, Date, ForeignKey

from schemas.tables.base import codes_of, of_case, table, word_of

duty = table(
    "duty",
    Column("day", Date, primary_key=True),
    *word_of(["evening", "day_off", "leave"], "shift", 12, primary_key=True),
    *codes_of("staff", primary_key=True),
    Column("deputy", ForeignKey("staff.code")),
    Column("swapped_from", ForeignKey("staff.code"), comment="whose shift it was before a swap"),
    of_case(nullable=False, index=True),
)
