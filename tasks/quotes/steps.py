"""Quotes with their validity, signed consent, payments, and giving payments back: what RR and SO share.

A step of the process makes the quote (`quote_today`) and issues its document; `answer_question` asks for the customer's
word, TimedOut where the quote ended unanswered; `paying` awaits what is owed; `giving_back` ends what failed.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from functools import partial
from itertools import count

from schemas.forms.base import Decision
from schemas.forms.quotes import PaymentGivenBack, PaymentReceived, QuoteAnswer
from schemas.problems import Problem
from schemas.shapes import money
from schemas.tables import payment
from schemas.words import PaymentKind, Role
from tasks.branches.beside import Branch
from tasks.cycle.queries import calendar
from tasks.cycle.rules import add_working_days, at, shanghai_day
from tasks.cycle.terms import Due, More, Remind, escalation, gate
from tasks.durable.process import Case
from tasks.durable.question import Question
from tasks.durable.step import step
from tasks.policies.queries import setting, term
from tasks.quotes import rules
from tasks.quotes.queries import BY_REFERENCE, references
from tasks.quotes.rules import FailedBy, Paid, Quote, Returning, Settlement
from tasks.unit.work import Work

Brief = Callable[[], Sequence[str]]
Owed = dict[PaymentKind, Decimal]


def quote_today(work: Work, amount: Decimal) -> Quote:
    """Quote an amount from today on: valid for so many days, lapsed before that if nobody answers in its term."""
    days, lapse_days = term(work, "quote.valid_days"), term(work, "quote.lapse_days")
    valid_until = work.today + timedelta(days=days)
    over = at(valid_until + timedelta(days=1))
    silent = add_working_days(calendar(work), work.now, lapse_days) if lapse_days else over
    when = {"offered_on": work.today, "valid_until": valid_until, "expires_at": over, "ends_at": min(silent, over)}
    return Quote(amount=amount, **when)


def answer_question(
    key: str,
    role: Role,
    quote: Quote,
    link: str,
    brief: Brief,
    remind: Remind | None = None,
    within: str | Due = "quote",
    late: bool = False,
    line: int | None = None,
) -> Question[QuoteAnswer]:
    """Ask for the customer's answer to a quote, until it ends; when the answer's term is over, `remind` says so.

    `late`: it has expired already, and the customer may still consent: nobody waits for that, and nothing ends it.
    `line`: the case's line that it is about; the others' clocks run on.
    """

    def check(form: QuoteAnswer, work: Work) -> list[Problem]:
        return rules.answer_problems(form, quote, work.today, late)

    def shown() -> list[str]:
        offer = f"报价 Quote: **{money(quote.amount)} CNY** · 有效至 valid until {quote.valid_until}"
        return [offer, *([rules.LATE] if late else []), *brief()]

    more: More = {"remind": None} if late else {"remind": remind or escalation(role), "expires": ends(quote)}
    more["line"] = line
    return gate(key, "报价答复", role, QuoteAnswer, within, link, shown, check=check, **more)


def ends(quote: Quote) -> Due:
    """Due when a quote ends."""
    return lambda _work: quote.ends_at


def paying(
    key: str, owed: Owed, paid: list[Paid], link: str, expires: Due | None = None, line: int | None = None
) -> Branch[None]:
    """Await what a customer owes, in as many payments as it likes; each lowers `owed` and is added to `paid`.

    With `expires`, TimedOut where not all of it came by then. When the term is over the SUPERVISOR is told too.
    """
    for number in count(1):
        if not (left := still_owed(owed)):
            return
        said = yield payment_question(f"{key}-{number}", left, link, expires, line)
        owed[said.kind] -= said.amount
        paid.append(paid_by(said))


def still_owed(owed: Owed) -> Owed:
    """Give what of it is more than nothing."""
    return {kind: amount for kind, amount in owed.items() if amount > 0}


def paid_by(form: PaymentReceived) -> Paid:
    """Give the payment that a form tells of."""
    return Paid(kind=form.kind, amount=form.amount, paid_on=form.paid_on)


def payment_question(
    key: str, left: Owed, link: str, expires: Due | None = None, line: int | None = None
) -> Question[PaymentReceived]:
    """Ask FINANCE for a payment of what is left to pay."""

    def check(form: PaymentReceived, work: Work) -> list[Problem]:
        wrong = rules.payment_problems(form, left, shanghai_day(work.case.opened_at), work.today)
        return wrong + rules.reference_problems(form.reference, used_in(work, form))

    def record(form: PaymentReceived, work: Work) -> None:
        keep_payment(work, form.kind, form.amount, form)

    def prefill() -> dict[str, object]:
        kind, amount = next(iter(left.items()))
        return {"款项": kind.option, "金额": float(amount)}

    brief = [f"应收 owed: {kind.zh} **{money(amount)} CNY**" for kind, amount in left.items()]
    more: More = {"remind": escalation(Role.FINANCE, Role.SUPERVISOR), "line": line}
    if expires:
        more["expires"] = expires
    return gate(key, "收款", Role.FINANCE, PaymentReceived, "payment", link, brief.copy, prefill, check, record, **more)


def keep_payment(work: Work, kind: PaymentKind, amount: Decimal, form: PaymentReceived | PaymentGivenBack) -> None:
    """Note a payment with the decision that tells of it."""
    what = {"kind": kind, "amount": amount, "paid_on": form.paid_on, "reference": form.reference}
    work.insert(payment, staff=form.staff, recorded_at=work.now, **what)
    used_in(work, form).append(work.case.number)  # others of the same chunk see it


def used_in(work: Work, form: Decision) -> list[str]:
    """Give the cases in which the reference of a form is used already."""
    found = work.unit.read_said(references, BY_REFERENCE, form)
    assert found is not None
    return found


@step("退款核算", link="")
def settle_payments(work: Work, paid: list[Paid], failed_by: FailedBy) -> Settlement:
    """Find what a customer gets back of what was paid in a case that ends without its goods."""
    names = ("deposit.failed_multiple", "prepayment.interest_rate")
    policy = Returning(*(Decimal(str(setting(work, name))) for name in names))
    return rules.settlement(paid, failed_by, work.today, policy)


def giving_back(case: Case, paid: list[Paid], failed_by: FailedBy, link: str) -> Branch[None]:
    """Have FINANCE give back what is due of payments, once; nobody may withdraw any more (`applicant_until(ended=…)`)."""
    yield from returning(settle_payments(case, paid, failed_by), link)


def returning(due: Settlement, link: str) -> Branch[None]:
    """Have FINANCE give back what is due, once a case."""
    if not due.back:
        return

    def check(form: PaymentGivenBack, work: Work) -> list[Problem]:
        wrong = rules.given_back_problems(form, due.back, shanghai_day(work.case.opened_at), work.today)
        return wrong + rules.reference_problems(form.reference, used_in(work, form))

    def record(form: PaymentGivenBack, work: Work) -> None:
        keep_payment(work, PaymentKind.RETURNED, -form.amount, form)

    prefill = partial(dict[str, object], {"金额": float(due.back)})
    yield gate(
        "give-back", "退还款项", Role.FINANCE, PaymentGivenBack, "give_back", link, due.why.copy, prefill, check, record
    )
