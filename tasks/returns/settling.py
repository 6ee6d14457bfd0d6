"""退换货清单: what accepted goods come to, signed; then the money or other goods (DOMAIN-BRANCHES 5)."""

from decimal import Decimal
from itertools import count

from schemas.forms.approvals import ApprovalDecision
from schemas.forms.returns import Ground, Wish
from schemas.words import Role, Verdict
from tasks.approvals.steps import Matter, approval, approving
from tasks.branches.beside import alone, beside
from tasks.durable.process import ask
from tasks.durable.question import Question
from tasks.durable.signals import TimedOut
from tasks.returns.exchanging import exchange, find_article
from tasks.returns.handling import REFUND, REVIEW, SHEET, Handling, Refused
from tasks.returns.inspecting import book_accepted, going_back
from tasks.returns.paying import pay, pay_out, settle
from tasks.returns.refunds import WayBack, exchanged, reckon
from tasks.returns.review import manager_agrees
from tasks.returns.rules import worth
from tasks.returns.shapes import NONE, Article, Found, MoneyRow, Quantities, Reckoning, SoldLine
from tasks.returns.steps import issue_sheet, look_up_order, named


def settle_part(it: Handling, found: Found, turn: int, here: bool = True) -> None:
    """Settle what is accepted of a delivery: approved, on the signed 退换货清单, then paid or exchanged.

    Refused where leaders refuse: then what came goes back. `here`: the goods are, else they were lost by us.
    """
    freight, it.freight = it.freight, NONE
    if not found.accepted:
        return
    gift = it.review.gift if it.review and not it.refunds else NONE
    try:
        manager_agrees(it)
        article = find_article(it, found.accepted, turn) if it.wish is Wish.EXCHANGE else None
        if article and _given_back(it, found, turn):
            found = found.model_copy(update={"deduction": NONE})
        order, reckoned = _sign(it, found, article, freight, gift, turn)
    except Refused:
        if here:
            beside(it.case, going_back(found.accepted, f"{turn}-refused"))
        raise
    if here:
        book_accepted(it, named(it.claim.goods, found.accepted), found, turn)
    whole = _reckon(it, order, found.model_copy(update={"deduction": NONE}), None, freight, gift)
    if article:
        exchange(it, article, found.accepted, reckoned, whole, turn)
        return
    pay_out(it, reckoned)
    if _given_back(it, found, turn):
        back = MoneyRow(rule="扣款争议裁定 ruling on the deduction", amount=whole.amount - reckoned.amount)
        goods = {no: amount - reckoned.goods[no] for no, amount in whole.goods.items()}
        pay(it, Reckoning(rows=[back], goods=goods), {})


def settle_lost(it: Handling, left: Quantities, turn: int) -> None:
    """Settle what our own carrier lost as if it had been received."""
    ours = it.rule is not None and it.rule.ground is Ground.DEFECT
    settle_part(it, Found(ours=left) if ours else Found(plain=left), turn, here=False)


def _sign(
    it: Handling, found: Found, article: Article | None, freight: Decimal, gift: Decimal, turn: int
) -> tuple[list[SoldLine], Reckoning]:
    """Have it approved and signed, and count it; anew where another case has changed the order meanwhile. May be Refused."""
    order, goods = look_up_order(it.case, turn=f"{turn}"), named(it.claim.goods, found.accepted)
    signed: Reckoning | None = None
    others = set(it.barred)
    for edition in count(1):
        again = f"{turn}-again-{edition}" if edition > 1 else f"{turn}"
        reckoned = _reckon(it, order, found, article, freight, gift)
        if reckoned != signed:
            value = (article.price or worth(order, found.accepted)) if article else NONE
            why = it.approve(reckoned, value, REVIEW, f"part-{again}", again=found.differs and not signed)
            if not why:
                others = set(it.barred)
                issue_sheet(it.case, goods, reckoned, found.said, turn=again)
                why = _signed(it, reckoned, again)
            if why:
                raise Refused(why)
        signed = reckoned
        settled = reckoned if article else settle(it, reckoned, found.accepted, f"part-{again}", order)
        if settled:
            return order, settled
        it.barred.intersection_update(others)  # who signed what no longer holds may sign what it has become
        order = look_up_order(it.case, turn=f"{turn}-again-{edition + 1}")
    raise AssertionError("count() has no end")


def _reckon(
    it: Handling, order: list[SoldLine], found: Found, article: Article | None, freight: Decimal, gift: Decimal
) -> Reckoning:
    more: WayBack = {"freight": freight, "collected": it.collects, "deduction": found.deduction}
    if article:
        return exchanged(order, found, article.price, **more)
    return reckon(order, found.ours, found.plain, gift=gift, **more)


def _signed(it: Handling, reckoned: Reckoning, turn: str) -> str:
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


def _given_back(it: Handling, found: Found, turn: int) -> bool:
    """Ask the MANAGER whether a deduction that is disputed is given back."""
    if not (found.why and found.deduction):
        return False
    matter = Matter(REFUND, it.barred, lambda: [f"争议 disputed: **{found.why}**", f"扣款 deduction {found.deduction}"])
    return not alone(it.case, approving(it.case, f"dispute-{turn}", "扣款裁定", Role.MANAGER, matter, "ruling"))
