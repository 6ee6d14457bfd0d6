"""What customers paid in a case, and what was given back to them."""

from sqlalchemy import CheckConstraint, Column, Date, Text

from schemas.tables.base import Moment, Money, codes_of, index, of_case, table, word_of
from schemas.words import PaymentKind

payment = table(
    "payment",
    of_case(primary_key=True),
    Column("step_key", Text, primary_key=True),
    *word_of(PaymentKind, "kind", 12),
    Column("amount", Money, nullable=False, comment="CNY; what is given back is negative"),
    Column("paid_on", Date, nullable=False),
    Column("reference", Text, nullable=False, unique=True),
    *codes_of("staff"),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint("amount <> 0 AND (amount < 0) = (kind = 'returned')", name="amount"),
)
_returned = payment.c.kind == "returned"
index("uq_payment_returned", payment.c.case_id, where=_returned, unique=True)  # once a case
