"""What customers paid in a case, what was given back to them, and refunds of what they brought back."""

from sqlalchemy import CheckConstraint, Column, Date, Integer, Text

from schemas.tables.base import Moment, Money, codes_of, each, index, of_case, table, word_of
from schemas.words import PaymentKind, RefundState

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

refund = table(
    "refund",
    of_case(primary_key=True),
    Column("turn", Integer, primary_key=True, comment="of a case that is settled in parts"),
    *each(Money, "amount", "goods", "delivery"),
    Column("account", Text, nullable=False, comment="empty: the way it was paid"),
    *word_of(RefundState, "state", 8),
    Column("paid_on", Date),
    Column("reference", Text, nullable=False, server_default="", index=True),
    Column("bank_line", Text, unique=True, comment="of the bank's list, by which FINANCE confirmed it"),
    Column("granted_at", Moment, nullable=False),
    CheckConstraint("amount > 0 AND goods >= 0 AND delivery >= 0", name="amount"),
    CheckConstraint("(state = 'paid') = (paid_on IS NOT NULL)", name="paid_on"),
)
