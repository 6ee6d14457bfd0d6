"""What must hold of a quote's answer and of payments, and what is given back."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from schemas.forms.quotes import PaymentReceived, QuoteAnswer, QuoteVerdict
from schemas.words import PaymentKind
from tasks.quotes.rules import (
    FailedBy,
    Paid,
    Quote,
    Returning,
    answer_problems,
    as_agreed,
    payment_problems,
    settlement,
)

OPENED, DAY, LAST = date(2026, 11, 16), date(2026, 11, 18), date(2026, 12, 3)
ENDS, OVER = datetime(2026, 12, 2, tzinfo=UTC), datetime(2026, 12, 3, 16, tzinfo=UTC)
QUOTE = Quote(amount=Decimal(5000), offered_on=DAY, valid_until=LAST, expires_at=OVER, ends_at=ENDS)
POLICY = Returning(multiple=Decimal(2), rate=Decimal("0.03"))
PAID = [
    Paid(kind=PaymentKind.DEPOSIT, amount=Decimal(1000), paid_on=DAY),
    Paid(kind=PaymentKind.PREPAYMENT, amount=Decimal(2000), paid_on=DAY),
]


def answer(signed_on: date | None, verdict: QuoteVerdict = QuoteVerdict.ACCEPT, **more: Any) -> QuoteAnswer:
    return QuoteAnswer(staff="E1049", verdict=verdict, signed_on=signed_on, **more)


def words(problems: Any) -> str:
    return "\n".join(map(str, problems))


def test_consent_is_signed_between_the_quote_and_its_last_day() -> None:
    assert answer_problems(answer(DAY), QUOTE, DAY) == []
    assert answer_problems(answer(LAST), QUOTE, LAST) == []
    assert "consent must be signed" in words(answer_problems(answer(None), QUOTE, DAY))
    assert "与今天 2026-11-20 之间" in words(answer_problems(answer(date(2026, 11, 17)), QUOTE, date(2026, 11, 20)))
    assert "与今天 2026-11-20 之间" in words(answer_problems(answer(date(2026, 11, 21)), QUOTE, date(2026, 11, 20)))


def test_consent_for_an_expired_quote_is_refused() -> None:
    told = words(answer_problems(answer(date(2026, 12, 4)), QUOTE, date(2026, 12, 4)))
    assert "报价已于 2026-12-03 失效，请重新报价" in told


def test_of_an_expired_quote_only_signed_consent_counts_whenever_it_was_signed() -> None:
    """Consent before dispatch revives it (DOMAIN-BRANCHES 2)."""
    today = date(2026, 12, 9)
    assert answer_problems(answer(date(2026, 12, 8)), QUOTE, today, late=True) == []
    assert "与今天" in words(answer_problems(answer(date(2026, 12, 10)), QUOTE, today, late=True))
    declined = answer(None, QuoteVerdict.DECLINE, reason="不修了")
    assert "只受理签字同意" in words(answer_problems(declined, QUOTE, today, late=True))


def test_a_refusal_may_be_oral_and_has_a_reason() -> None:
    assert "不同意时必填" in words(answer_problems(answer(None, QuoteVerdict.DECLINE), QUOTE, DAY))
    assert answer_problems(answer(None, QuoteVerdict.DECLINE, reason="电话答复：太贵"), QUOTE, DAY) == []


def test_a_payment_is_of_what_is_owed_and_no_more() -> None:
    left = {PaymentKind.DEPOSIT: Decimal(1000)}

    def problems(**changed: Any) -> str:
        paid = {"staff": "E1047", "kind": "deposit", "amount": 1000, "paid_on": DAY, "reference": "YH-1"}
        return words(payment_problems(PaymentReceived(**paid | changed), left, OPENED, DAY))

    assert problems() == problems(amount=Decimal("0.01")) == ""
    assert "尚欠 1,000.00" in problems(amount=Decimal("1000.01"))
    assert "现在应收 owed now: 定金 1,000.00" in problems(kind="balance")
    assert "不能晚于今天" in problems(paid_on=LAST)
    assert problems(paid_on=OPENED) == ""
    assert "不能早于立案日 2026-11-16" in problems(paid_on=date(2026, 11, 15))


@pytest.mark.parametrize(
    ("failed_by", "back"), [(FailedBy.NOBODY, "3000"), (FailedBy.CUSTOMER, "2000"), (FailedBy.US, "4060.00")]
)
def test_a_deposit_of_1000_and_a_prepayment_of_2000_are_given_back_by_whose_fault_it_is(
    failed_by: FailedBy, back: str
) -> None:
    after_a_year = settlement(PAID, failed_by, date(2027, 11, 18), POLICY)
    assert after_a_year.back == Decimal(back)  # 2000 + 2000 + 3 % of 2000 where we fail
    assert ("利息 interest 60.00" in after_a_year.why) is (failed_by is FailedBy.US)


@pytest.mark.parametrize(
    ("deposit", "counted"),
    [(1000, {"deposit": [1000], "prepayment": [2000]}), (300, {"deposit": [300], "prepayment": [2000, 700]})],
)
def test_what_was_paid_beyond_the_agreed_deposit_is_a_prepayment(deposit: int, counted: dict[str, list[int]]) -> None:
    found: dict[str, list[Decimal]] = {}
    for one in as_agreed(PAID, Decimal(deposit)):
        found.setdefault(one.kind, []).append(one.amount)
    assert found == counted


def test_where_nothing_was_paid_nothing_is_given_back() -> None:
    for failed_by in FailedBy:
        assert (settlement([], failed_by, DAY, POLICY).back, settlement([], failed_by, DAY, POLICY).said) == (0, "")
