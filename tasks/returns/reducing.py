"""折价: an offer for goods that stay with the customer, consent, approval, refund (DOMAIN-BRANCHES 5)."""

from schemas.forms.quotes import QuoteVerdict
from schemas.forms.returns import Wish
from schemas.words import Role
from tasks.branches.beside import next_answer
from tasks.durable.signals import TimedOut
from tasks.durable.step import step
from tasks.quotes.rules import Quote
from tasks.quotes.steps import answer_question, quote_today
from tasks.returns.handling import REVIEW, Handling, Refused
from tasks.returns.paying import pay
from tasks.returns.review import preview
from tasks.returns.shapes import NONE, Reckoning
from tasks.unit.work import Work


@step("折价报价", link=REVIEW)
def offer_reduction(work: Work, reckoned: Reckoning, turn: int) -> Quote:
    """Offer the reduction to the customer, valid from today."""
    return quote_today(work, reckoned.amount)


def reduce_price(it: Handling, turn: int) -> bool:
    """Offer a reduction; False where the customer does not take it, so that the return stays open."""
    reckoned = preview(it, it.review)
    quote = offer_reduction(it.case, reckoned, turn=turn)
    question = answer_question(
        f"reduction-{turn}", Role.AGENT, quote, REVIEW, lambda: [*it.shown(), *reckoned.told], within=it.by("quote")
    )
    said = None
    try:
        while said is None and it.wish is Wish.REDUCTION:
            said = next_answer(it.case, question)
    except TimedOut:
        said = None
    if said is None or said[1].verdict is QuoteVerdict.DECLINE:
        it.wish = Wish.RETURN if it.wish is Wish.REDUCTION else it.wish
        return False
    if why := it.approve(reckoned, NONE, REVIEW, f"reduction-{turn}"):
        raise Refused(why)
    pay(it, reckoned, {})
    return True
