"""退换货清单: what accepted goods come to, signed; then the money or other goods (DOMAIN-BRANCHES 5)."""

from decimal import Decimal

from schemas.forms.applications import ApplicationLine, PartsApplication
from schemas.forms.approvals import ApprovalDecision
from schemas.forms.returns import ExchangeChosen, Ground, Instead, Wish
from schemas.forms.sales import YesNo
from schemas.parts import Goods, Start
from schemas.problems import Problem
from schemas.words import PaymentKind, Reason, Role, Verdict
from tasks.applications.accept import CUSTOMER
from tasks.applications.queries import catalogue
from tasks.applications.rules import part_problem
from tasks.approvals.steps import Matter, approval, approving
from tasks.branches.beside import alone, beside
from tasks.branches.children import await_child
from tasks.cycle.terms import working_days
from tasks.durable.opening import open_child
from tasks.durable.process import ask
from tasks.durable.question import Question
from tasks.durable.signals import TimedOut
from tasks.durable.step import step
from tasks.quotes.steps import paying
from tasks.returns.handling import REFUND, REVIEW, SHEET, Handling, Refused
from tasks.returns.inspecting import book_accepted, going_back
from tasks.returns.paying import pay
from tasks.returns.refunds import exchanged, reckon
from tasks.returns.shapes import NONE, Article, Found, MoneyRow, Quantities, Reckoning, Sold
from tasks.returns.steps import issue_sheet, look_up_order, mark_exchanged, named
from tasks.stock.moves import available
from tasks.unit.work import Work

WAITING = "等待换货", working_days("exchange"), REFUND


def send_ahead(it: Handling) -> None:
    """先换后退: the exchange leaves before anything is back, where the MANAGER has excepted it (S3 §8 5.1.5)."""
    if it.wish is Wish.EXCHANGE and it.review and it.review.ahead is YesNo.YES and not it.ahead:
        it.ahead = Article(goods=it.claim.goods)
        order_exchange(it.case, it.ahead, turn=f"ahead-{Start.STOCK}")


def settle_part(it: Handling, found: Found, turn: int, here: bool = True) -> None:
    """Settle what is accepted of a delivery: approved, on the signed 退换货清单, then paid or exchanged.

    Refused where leaders refuse: then what came goes back. `here`: the goods are, else they were lost by us.
    """
    order = look_up_order(it.case, turn=f"{turn}")
    article = _article(it, found.accepted, turn) if it.wish is Wish.EXCHANGE else None
    reckoned = _reckon(it, order, found, article)
    worth = _worth(order, found.accepted) if article else NONE
    why = it.approve(reckoned, worth, REVIEW, f"part-{turn}", again=found.differs)
    goods = named(it.claim.goods, found.accepted)
    if not why:
        issue_sheet(it.case, goods, reckoned, found.said, turn=turn)
        why = _signed(it, reckoned, turn)
    if why:
        all_of_it = {no: found.accepted.get(no, NONE) + found.refused.get(no, NONE) for no in found.refused}
        if here:
            beside(it.case, going_back(all_of_it, f"{turn}-refused"))
        raise Refused(why)
    if here:
        book_accepted(it, goods, found, turn)
    if article:
        exchange(it, order, article, found, reckoned, turn)
    else:
        pay(it, reckoned, found.accepted)
        _rule_on_dispute(it, found, turn)


def settle_lost(it: Handling, left: Quantities, turn: int) -> None:
    """Settle what our own carrier lost as if it had been received."""
    ours = it.rule is not None and it.rule.ground is Ground.DEFECT
    it.wish = Wish.RETURN
    settle_part(it, Found(ours=left) if ours else Found(plain=left), turn, here=False)


def _reckon(it: Handling, order: list[Sold], found: Found, article: Article | None) -> Reckoning:
    freight, it.freight = it.freight, NONE
    if article:
        return exchanged(order, found.accepted, found.ours, freight, article.price)
    assert it.review, "it was reviewed"
    gift = it.review.gift if not it.refunds else NONE
    ours, plain, deduction = found.ours, found.plain, found.deduction
    return reckon(order, ours, plain, freight=freight, collected=it.collects, gift=gift, deduction=deduction)


def _worth(order: list[Sold], quantities: Quantities) -> Decimal:
    """Give the new goods' value, by which the ladder goes."""
    each = {one.line_no: one.price_paid / one.quantity for one in order}
    return sum((each[no] * many for no, many in quantities.items()), NONE).quantize(Decimal("0.01"))


def _signed(it: Handling, reckoned: Reckoning, turn: int) -> str:
    """退换货清单: the SALES_MANAGER signs; silent for its term the MANAGER does, a refusal the SUPERVISOR decides on."""
    due = it.by("sign", least=1)
    matter = Matter(SHEET, it.barred, lambda: [*it.shown(), *reckoned.told])
    question: Question[ApprovalDecision] = approval(f"sign-{turn}", "清单签字", Role.SALES_MANAGER, matter, due)
    question.expires = due
    try:
        said = ask(it.case, question)
    except TimedOut:
        return alone(it.case, approving(it.case, f"sign-manager-{turn}", "清单签字", Role.MANAGER, matter, due))
    it.barred.add(said.staff)
    if said.verdict is Verdict.APPROVE:
        return ""
    shown = Matter(SHEET, it.barred, lambda: [f"销售部不签 not signed: **{said.reason}**", *it.shown(), *reckoned.told])
    return alone(it.case, approving(it.case, f"sign-ruling-{turn}", "拒签裁定", Role.SUPERVISOR, shown, due))


def _rule_on_dispute(it: Handling, found: Found, turn: int) -> None:
    """The undisputed part is paid; whether the rest is too the MANAGER says."""
    if not (found.why and found.deduction):
        return
    back = MoneyRow(rule="扣款争议裁定 ruling on the deduction", amount=found.deduction)
    matter = Matter(REFUND, it.barred, lambda: [f"争议 disputed: **{found.why}**", f"扣款 {found.deduction}"])
    if not alone(it.case, approving(it.case, f"dispute-{turn}", "扣款裁定", Role.MANAGER, matter, "ruling")):
        line = next(no for no, many in found.plain.items() if many)
        pay(it, Reckoning(rows=[back], goods={line: found.deduction}), {})


def _article(it: Handling, accepted: Quantities, turn: int) -> Article | None:
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


def exchange(it: Handling, order: list[Sold], article: Article, found: Found, reckoned: Reckoning, turn: int) -> None:
    """换货: the difference paid first, then a parts case from its stock on delivers; where it fails, the money."""
    if reckoned.owed:
        alone(it.case, paying(f"difference-paid-{turn}", {PaymentKind.BALANCE: reckoned.owed}, [], REFUND))
    it.hush()
    sent = "ahead" if it.ahead else str(turn)
    if not it.ahead:
        order_exchange(it.case, article, turn=f"{sent}-{Start.STOCK}")
    if reckoned.amount:
        pay(it, reckoned, {})
    again = it.ahead and it.exchanged  # of what went out before anything was back, the rest has come
    ended = None if again else await_child(it.case, f"exchange-{sent}-{Start.STOCK}", *WAITING)
    if ended and not ended.good:
        it.wish = Wish.RETURN
        pay(it, reckon(order, found.ours, found.plain), found.accepted)
    else:
        mark_exchanged(it.case, found.accepted, turn=turn)
        it.exchanged = it.exchanged | found.accepted


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
