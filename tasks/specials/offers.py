"""确认价格和周期 to 回复申报方: price and cycle, approval by amount, the customer's word and deposit (DOMAIN 7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_DOWN, Decimal
from functools import partial
from itertools import count
from typing import Any, NamedTuple

from schemas.forms.quotes import QuoteVerdict
from schemas.forms.specials import PricedLine, ProposalDecision
from schemas.parts import Cycle, PartsLine
from schemas.problems import Problem
from schemas.processes.special_order import SpecialEnding
from schemas.shapes import Shape, money
from schemas.words import PaymentKind, Role
from tasks.approvals.steps import Matter, climbing
from tasks.branches.beside import alone
from tasks.cycle.terms import gate
from tasks.durable.process import Case, ask
from tasks.durable.question import Question
from tasks.durable.signals import TimedOut
from tasks.durable.step import step
from tasks.lines.rules import as_rows, brief_lines
from tasks.lines.steps import mark_line
from tasks.policies.queries import setting, term
from tasks.production.planning import find_cycle
from tasks.quotes.rules import FailedBy, Paid, Quote, as_agreed
from tasks.quotes.steps import Owed, answer_question, paying, quote_today
from tasks.specials.accept import issue_order
from tasks.specials.rules import price_of, priced, proposal_problems
from tasks.specials.steps import SILENT, Over, Wanted
from tasks.unit.work import Work

REPLY = "回复申报方"
CLAUSE = "定制商品，无质量问题不退换；定金在客户撤销时不退，我方违约时加倍返还 "
CLAUSE += "made to order: no return without a defect; the deposit is lost by who fails"


class Contract(NamedTuple):
    """What a customer agreed to: lines at their prices, and how many working days each takes."""

    lines: list[PartsLine]
    days: dict[int, int]

    def owed(self, paid: Sequence[Paid], cheaper: Decimal, *leaving: Mapping[int, Decimal]) -> Owed:
        """What is still to be paid before so many of each line leave, from here or ordered again; `cheaper`: reductions."""
        return {PaymentKind.BALANCE: price_of(self.of(*leaving)) - cheaper - sum(one.amount for one in paid)}

    def of(self, *goods: Mapping[int, Decimal]) -> list[PartsLine]:
        """Give so many of each line, those added up that are any."""
        many = [sum((some.get(line.line_no, Decimal(0)) for some in goods), Decimal(0)) for line in self.lines]
        return [line.of(quantity) for line, quantity in zip(self.lines, many, strict=True) if quantity]


@dataclass
class Deal:
    """What a customer has paid, and whether an offer that it accepted binds it: not any more once that has expired."""

    paid: list[Paid] = field(default_factory=list)
    binds: bool = False

    @property
    def withdrawn_by(self) -> FailedBy:
        """Who fails where the customer withdraws: nobody breaks what does not bind."""
        return FailedBy.CUSTOMER if self.binds else FailedBy.NOBODY


class OfferRules(Shape):
    """Policy: the law's share of a deposit, and how often there may be another offer."""

    deposit_share: Decimal
    requotes: int
    new_offers: int


@step("报价规则", link="")
def offer_rules(work: Work) -> OfferRules:
    """Find what counts for offers."""
    share = Decimal(str(setting(work, "deposit.max_share")))
    return OfferRules(deposit_share=share, requotes=term(work, "requotes"), new_offers=term(work, "new_offers"))


def agree_on_offer(case: Case, wanted: Wanted, barred: set[str], deal: Deal) -> Contract:
    """Offer until the customer has accepted and paid what production waits for.

    An offer that leaders refuse may be followed by a new one, one that expires by a re-quote, approved again if dearer.
    """
    limits, days = offer_rules(case), _days(find_cycle(case, wanted.lines, turn="proposal"))
    approved, refusals, expired, why, lines = Decimal(0), 0, 0, "", wanted.lines
    for turn in count(1):
        form = ask(case, proposal_question(turn, lines, days, limits, deal.paid, why))
        lines, days = priced(lines, form.lines), _days(form.lines)
        if price_of(lines) > approved:
            matter = Matter("审批", barred, partial(brief_lines, lines))
            why = alone(case, climbing(case, price_of(lines), None, matter, f"offer-{turn}"))
            if why and refusals == limits.new_offers:
                raise Over(SpecialEnding.REJECTED, why)
            if why:
                refusals += 1
                continue
            approved = price_of(lines)
        quote = make_offer(case, lines, form, wanted.day, turn=turn)
        if _accepted(case, quote, form, lines, deal, turn):
            return Contract(lines, days)
        if expired == limits.requotes:
            raise Over(SpecialEnding.LAPSED, f"{SILENT}: {quote.said}")
        expired, why = expired + 1, f"报价已于 {quote.valid_until} 失效 the quote expired"
    raise AssertionError("count() has no end")


def _days(lines: Sequence[Cycle | PricedLine]) -> dict[int, int]:
    return {line.line_no: line.days or 1 for line in lines}


def _accepted(
    case: Case, quote: Quote, form: ProposalDecision, lines: Sequence[PartsLine], deal: Deal, turn: int
) -> bool:
    """Have the offer accepted and the deposit paid; False where it expired before. Over where declined or lapsed."""

    def brief() -> list[str]:
        asked = f"定金 deposit {money(form.deposit)} · 预付款 prepayment {money(form.prepayment)}"
        return [*brief_lines(lines), asked, CLAUSE]

    try:
        answer = ask(case, answer_question(f"offer-{turn}", Role.OFFICE, quote, REPLY, brief))
    except TimedOut:
        if quote.lapses:
            raise Over(SpecialEnding.LAPSED, f"{SILENT}: {quote.said}") from None
        return False
    if answer.verdict == QuoteVerdict.DECLINE:
        raise Over(SpecialEnding.DECLINED, answer.reason)
    deal.paid, deal.binds = as_agreed(deal.paid, form.deposit), True
    had = {kind: sum(one.amount for one in deal.paid if one.kind == kind) for kind in PaymentKind}
    asked = {PaymentKind.DEPOSIT: form.deposit, PaymentKind.PREPAYMENT: form.prepayment}
    owed = {kind: amount - had[kind] for kind, amount in asked.items()}
    try:
        alone(case, paying(f"deposit-{turn}", owed, deal.paid, REPLY, lambda _work: quote.expires_at))
    except TimedOut:
        deal.binds = False
    return deal.binds


def proposal_question(
    turn: int, lines: Sequence[PartsLine], days: Mapping[int, int], limits: OfferRules, paid: Sequence[Paid], why: str
) -> Question[ProposalDecision]:
    """Ask the planner for price and cycle, pre-filled with those of the parts that it is made like, or of the last offer."""
    so_far = sum((one.amount for one in paid), Decimal(0))

    def check(form: ProposalDecision, _work: Work) -> list[Problem]:
        return proposal_problems(form, lines, limits.deposit_share, paid)

    def brief() -> list[str]:
        told = [f"重新报价 A new offer: **{why}**"] if why else []
        return [*told, *brief_lines(lines), *([f"已付 paid {money(so_far)}"] if so_far else [])]

    def prefill() -> dict[str, Any]:
        most = (price_of(lines) * limits.deposit_share).quantize(Decimal("0.01"), ROUND_DOWN)
        shown = as_rows(PricedLine(line_no=one.line_no, price=one.price, days=days[one.line_no]) for one in lines)
        return shown | {"定金": float(most), "预付款": 0.0}

    title = "确认价格和周期"
    return gate(f"proposal-{turn}", title, Role.PLANNER, ProposalDecision, "proposal", "", brief, prefill, check)


@step("回复申报方")
def make_offer(work: Work, lines: list[PartsLine], form: ProposalDecision, wanted_on: date | None, turn: int) -> Quote:
    """Reply with the offer: the 特殊订货单 with its price, valid from today."""
    quote = quote_today(work, price_of(lines))
    for line in lines:
        mark_line(work, line.line_no, price=line.price)
    asked = {"deposit": str(form.deposit), "prepayment": str(form.prepayment), "valid_until": str(quote.valid_until)}
    issue_order(work, lines, wanted_on, {"amount": str(quote.amount), **asked, "clause": CLAUSE}, _days(form.lines))
    return quote
