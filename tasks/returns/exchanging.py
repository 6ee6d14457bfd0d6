"""换货: what goes out in exchange, before or after anything is back, and what becomes of it (DOMAIN-BRANCHES 5)."""

from decimal import Decimal

from schemas.forms.applications import ApplicationLine, PartsApplication
from schemas.forms.returns import ExchangeChosen, Instead, Wish
from schemas.forms.sales import YesNo
from schemas.parts import Goods, Start
from schemas.problems import Problem
from schemas.shapes import figure
from schemas.words import PaymentKind, Reason, Role
from tasks.applications.accept import CUSTOMER
from tasks.applications.queries import catalogue
from tasks.applications.rules import part_problem
from tasks.branches.beside import alone
from tasks.branches.children import await_child
from tasks.cycle.terms import working_days
from tasks.durable.opening import open_child
from tasks.durable.process import ask
from tasks.durable.signals import TimedOut
from tasks.durable.step import step
from tasks.notices.steps import tell
from tasks.quotes.steps import paying
from tasks.returns.handling import RECEIPT, REFUND, REVIEW, Handling
from tasks.returns.paying import pay
from tasks.returns.shapes import NONE, Article, MoneyRow, Quantities, Reckoning
from tasks.returns.steps import mark_exchanged, named
from tasks.stock.moves import available
from tasks.unit.work import Work

WAITING = "等待换货", working_days("exchange"), REFUND


def send_ahead(it: Handling) -> None:
    """先换后退: the exchange leaves before anything is back, where the MANAGER has excepted it (S3 §8 5.1.5)."""
    if it.wish is Wish.EXCHANGE and it.review and it.review.ahead is YesNo.YES and not it.ahead:
        it.ahead = Article(goods=it.claim.goods)
        order_exchange(it.case, it.ahead, turn=f"ahead-{Start.STOCK}")


def claim_unreturned(it: Handling, left: Quantities) -> None:
    """Have somebody claim what went out ahead of goods that never came."""
    if it.ahead:
        tell_unreturned(it.case, sum(left.values(), NONE))


@step("先换未还", link=RECEIPT)
def tell_unreturned(work: Work, pieces: Decimal) -> Decimal:
    """Tell the SUPERVISOR and FINANCE that the customer has both the old goods and the new: nothing else comes back before."""
    said = f"换货已先发，旧货 {figure(pieces)} 件未退回，请追回或收款 the exchange went ahead, the old goods never came back"
    for role in (Role.SUPERVISOR, Role.FINANCE):
        tell(work, role, said, "unreturned")
    return pieces


def find_article(it: Handling, accepted: Quantities, turn: int) -> Article | None:
    """Find what goes out in exchange; out of stock the customer waits, takes another article, or the money (silence)."""
    if it.ahead:
        return it.ahead
    goods = named(it.claim.goods, accepted)
    if not goods or not short_of_stock(it.case, goods, turn=turn):
        return Article(goods=goods)
    due = it.by("choice", least=1)
    question = it.ask(
        f"choice-{turn}",
        "缺货选择",
        Role.AGENT,
        ExchangeChosen,
        due,
        REVIEW,
        it.shown,
        check=_choice_problems,
        expires=due,
    )
    try:
        said = ask(it.case, question)
    except TimedOut:
        said = ExchangeChosen(staff=Role.SYSTEM, verdict=Instead.REFUND)
    if said.verdict is Instead.REFUND:
        it.wish = Wish.RETURN
        return None
    if said.verdict is Instead.WAIT:
        return Article(goods=goods)
    return other_article(it.case, said.model, sum(accepted.values(), NONE), turn=turn)


def _choice_problems(form: ExchangeChosen, work: Work) -> list[Problem]:
    if form.verdict is not Instead.OTHER:
        return []
    wrong = part_problem(work.read(catalogue), form.model, work.today, 0)
    return [Problem("另换商品 article", form.model, wrong.expected)] if wrong else []


@step("查库存", link=REVIEW)
def short_of_stock(work: Work, goods: list[Goods], turn: int) -> bool:
    """Say whether the stock has less than an exchange needs."""
    return any(available(work, one.part) < one.quantity for one in goods)


@step("另换商品", link=REVIEW)
def other_article(work: Work, model: str, many: Decimal, turn: int) -> Article:
    """Look up another article of the catalogue, and what so many cost."""
    found = work.read(catalogue)[model]
    looks = {name: getattr(found, name) for name in ("name", "specification", "colour", "uom")}
    return Article(
        goods=[Goods(line_no=1, part=found.code, quantity=many, **looks)], price=(found.price or NONE) * many
    )


def exchange(
    it: Handling, article: Article, accepted: Quantities, reckoned: Reckoning, whole: Reckoning, turn: int
) -> None:
    """换货: the difference paid first, then a parts case from its stock on delivers; where it fails, the money.

    `whole`: what it would have been as a return.
    """
    if reckoned.owed:
        alone(it.case, paying(f"difference-paid-{turn}", {PaymentKind.BALANCE: reckoned.owed}, [], REFUND))
    it.hush()
    sent = "ahead" if it.ahead else str(turn)
    if not it.ahead:
        order_exchange(it.case, article, turn=f"{sent}-{Start.STOCK}")
    if reckoned.amount:
        pay(it, reckoned, {})
    again = it.ahead and (
        it.exchanged or it.claim.ahead
    )  # of what went out before anything was back, the rest has come
    ended = None if again else await_child(it.case, f"exchange-{sent}-{Start.STOCK}", *WAITING)
    if ended and not ended.good:
        it.wish = Wish.RETURN
        pay(it, _less(whole, reckoned), accepted)
    else:
        mark_exchanged(it.case, accepted, reckoned.dearer, turn=turn)
        it.exchanged = it.exchanged | accepted


def _less(whole: Reckoning, settled: Reckoning) -> Reckoning:
    """Give what is left of a return of which this was settled as an exchange."""
    row = MoneyRow(rule="换货时已结 settled with the exchange", amount=-settled.sum)
    goods = {no: amount - settled.goods.get(no, NONE) for no, amount in whole.goods.items()}
    return whole.model_copy(update={"rows": [*whole.rows, *([row] if settled.sum else [])], "goods": goods})


@step("换货发出", link=REFUND)
def order_exchange(work: Work, article: Article, turn: str) -> int:
    """Have the article sent from stock, or made where it has too few."""
    about = {name: getattr(work.case, name) for name in ("office", "applicant", "order_no", "urgency", *CUSTOMER)}
    lines = [
        ApplicationLine(part=one.part, quantity=one.quantity, reason=Reason.OTHER, specification=one.specification)
        for one in article.goods
    ]
    form = PartsApplication(**about, lines=lines, remark=f"{work.case.number} 换货 exchange")
    return open_child(work, "PA", form, f"exchange-{turn}")
