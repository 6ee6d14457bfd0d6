"""What must hold of a quote's answer and of payments, and what is given back (DOMAIN-BRANCHES 2, 5, 7); pure."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from schemas.forms.quotes import PaymentGivenBack, PaymentReceived, QuoteAnswer, QuoteVerdict
from schemas.problems import Problem
from schemas.shapes import Shape, money
from schemas.words import Labelled, PaymentKind

SIGNED, PAID_ON, AMOUNT, REFERENCE = "签字日期 signed on", "付款日期 paid on", "金额 amount", "凭证号 reference"
USED = "已登记在 {}；一笔转账付几项的，请加序号 is in that case already; of one transfer for several add a number: -2"
EXPIRED = "报价已于 {} 失效，请重新报价 the quote expired then: ask for a new one"
LATE = "报价已失效，只受理签字同意 the quote has expired: only signed consent counts"
ON_CONTRACT = {PaymentKind.DEPOSIT}  # what the law lets who fails lose
_CENT, _YEAR = Decimal("0.01"), 365


class Quote(Shape):
    """What was offered to a customer: so much (CNY), from a day until another, both included.

    expires_at   when its validity is over; ends_at: from then on nobody may answer it, by silence perhaps before that
    """

    amount: Decimal
    offered_on: date
    valid_until: date
    expires_at: datetime
    ends_at: datetime

    @property
    def lapses(self) -> bool:
        """It ends by silence, before its validity is over."""
        return self.ends_at < self.expires_at

    @property
    def said(self) -> str:
        """How much, and until when."""
        return f"报价 {money(self.amount)} 有效至 {self.valid_until}"


class FailedBy(Labelled):
    """Why a case ends without what was paid for: who gave up decides what is given back (Civil Code 586–587)."""

    NOBODY = "nobody", "未成交"
    CUSTOMER = "customer", "客户撤销"
    US = "us", "我方违约"


class Paid(Shape):
    """A payment that came in, CNY."""

    kind: PaymentKind
    amount: Decimal
    paid_on: date


class Returning(NamedTuple):
    """Policy: how many times its deposit a customer gets where we fail, and the yearly interest on the rest."""

    multiple: Decimal
    rate: Decimal


class Settlement(Shape):
    """What is given back of payments, CNY, and why."""

    back: Decimal
    why: list[str]

    @property
    def said(self) -> str:
        """How much, and why."""
        return " · ".join([f"应退 {money(self.back)}", *self.why]) if self.why else ""


def as_agreed(paid: Sequence[Paid], deposit: Decimal) -> list[Paid]:
    """Count payments for a new agreement: what was paid as a deposit beyond the one agreed is a prepayment."""
    counted = [one for one in paid if one.kind not in ON_CONTRACT]
    for one in (one for one in paid if one.kind in ON_CONTRACT):
        kept = min(one.amount, deposit)
        deposit -= kept
        parts = {one.kind: kept, PaymentKind.PREPAYMENT: one.amount - kept}
        counted += [one.model_copy(update={"kind": kind, "amount": part}) for kind, part in parts.items() if part]
    return counted


def answer_problems(form: QuoteAnswer, quote: Quote, today: date, late: bool = False) -> list[Problem]:
    """Check an answer: consent is signed while the quote is valid, not before it was made; a refusal has a reason.

    `late`: of a quote that has expired only signed consent counts, whenever it was signed.
    """
    if late and form.verdict == QuoteVerdict.DECLINE:
        return [Problem("答复 answer", form.verdict.zh, LATE)]
    if form.verdict == QuoteVerdict.DECLINE:
        expected = "不同意时必填 is required to decline"
        return [] if form.reason else [Problem("原因 reason", "", expected)]
    if form.signed_on is None:
        return [Problem(SIGNED, "", "同意须有客户签字，请填日期 consent must be signed: enter the day")]
    if form.signed_on > quote.valid_until and not late:
        return [Problem(SIGNED, form.signed_on, EXPIRED.format(quote.valid_until))]
    if not quote.offered_on <= form.signed_on <= today:
        expected = f"应在报价日 {quote.offered_on} 与今天 {today} 之间 must lie between the quote and today"
        return [Problem(SIGNED, form.signed_on, expected)]
    return []


def reference_problems(reference: str, used_in: Sequence[str]) -> list[Problem]:
    """Check that a reference is of one payment only: `used_in` are the cases that have it already."""
    return [Problem(REFERENCE, reference, USED.format(number)) for number in used_in[:1]]


def payment_problems(
    form: PaymentReceived, left: Mapping[PaymentKind, Decimal], opened: date, today: date
) -> list[Problem]:
    """Check a payment: of a kind that is still owed, no more than that, since the case was opened."""
    if form.kind not in left:
        owed = "、".join(f"{kind.zh} {money(amount)}" for kind, amount in left.items())
        return [Problem("款项 payment", form.kind.zh, f"现在应收 owed now: {owed}")]
    problems = _day_problems(form.paid_on, opened, today)
    if form.amount > left[form.kind]:
        expected = f"尚欠 {money(left[form.kind])} at most what is still owed"
        problems.append(Problem(AMOUNT, form.amount, expected))
    return problems


def given_back_problems(form: PaymentGivenBack, back: Decimal, opened: date, today: date) -> list[Problem]:
    """Check what was given back: exactly what is due, since the case was opened."""
    problems = _day_problems(form.paid_on, opened, today)
    if form.amount != back:
        problems.append(Problem(AMOUNT, form.amount, f"应退 {money(back)} must be what is due back"))
    return problems


def _day_problems(day: date, opened: date, today: date) -> list[Problem]:
    if day < opened:
        return [Problem(PAID_ON, day, f"不能早于立案日 {opened} must not be before the case was opened")]
    return [Problem(PAID_ON, day, f"不能晚于今天 {today} must not be after today")] if day > today else []


def settlement(paid: Sequence[Paid], failed_by: FailedBy, today: date, policy: Returning) -> Settlement:
    """Say what a customer gets back: all where nothing came about; else the deposit goes to who did not fail.

    Where we fail, the deposit counts so many times, and other payments bear interest (consumer act 53).
    """
    deposit = sum((one.amount for one in paid if one.kind in ON_CONTRACT), Decimal(0))
    others = [one for one in paid if one.kind not in ON_CONTRACT]
    rest, interest = sum((one.amount for one in others), Decimal(0)), Decimal(0)
    if failed_by is FailedBy.US:
        interest = sum((one.amount * policy.rate * (today - one.paid_on).days / _YEAR for one in others), Decimal(0))
    times = {FailedBy.NOBODY: Decimal(1), FailedBy.CUSTOMER: Decimal(0), FailedBy.US: policy.multiple}[failed_by]
    parts = {"定金 deposit": deposit * times, "其他款项 others": rest, "利息 interest": interest.quantize(_CENT)}
    why = [f"{name} {money(amount)}" for name, amount in parts.items() if amount]
    kept = [f"定金不退 deposit kept {money(deposit)}"] if deposit and not times else []
    return Settlement(back=sum(parts.values(), Decimal(0)), why=[failed_by.zh, *why, *kept] if paid else [])
