"""审核确认: by which rule goods come back, and what is stopped before it reaches the customer (DOMAIN-BRANCHES 5)."""

from schemas.forms.returns import (
    Ground,
    InterceptFound,
    OrderStopped,
    ParcelCameBack,
    ParcelIntercepted,
    Printed,
    ReturnReview,
    Wish,
)
from schemas.forms.sales import YesNo
from schemas.problems import Problem
from schemas.processes.returns import ReturnEnding
from schemas.words import Role, Verdict
from tasks.approvals.rules import reason_needed
from tasks.approvals.steps import Matter, approving
from tasks.branches.beside import alone
from tasks.durable.process import Case, ask
from tasks.durable.question import Question
from tasks.returns.handling import NOTICE, RECEIPT, REVIEW, Handling, OtherWish, Refused
from tasks.returns.paying import pay
from tasks.returns.receiving import waiting
from tasks.returns.refunds import reckon, reduced
from tasks.returns.rules import at_most_paid, eligible
from tasks.returns.shapes import NONE, Article, Reckoning
from tasks.returns.steps import (
    book_intercepted,
    book_recalled,
    fix_rule,
    issue_express_return,
    look_up_order,
    register_return,
    stop_sale,
)
from tasks.unit.work import Work

NO_RULE = "没有可依据的规则，可改“特批”由经理决定 no rule holds: refuse, or have it as a special approval"


def receive_request(case: Case) -> Handling:
    """退换货申请: what is wanted, and the rules that hold on the day of it."""
    form, claim = case.request, register_return(case, case.request)
    it = Handling(case, claim, {form.applicant}, form.wish, form.account, form.dispute is YesNo.YES)
    it.ahead = Article(goods=claim.goods) if claim.ahead else None
    it.listen()
    return it


def review_request(it: Handling, turn: int) -> None:
    """审核确认: an AGENT other than the recorder says by which rule; Refused where none holds, or the MANAGER refuses."""
    said = ask(it.case, _review_question(it, turn))
    if said.verdict is Verdict.REJECT:
        raise Refused(said.reason)
    it.barred.add(said.staff)
    rule = eligible(it.claim, said.ground or it.case.request.ground, it.wish)
    assert rule, "it was checked"
    asks = it.wish in rule.by_manager
    if asks or said.ahead is YesNo.YES:
        it.rule, it.excepted = rule, it.excepted or asks
        matter = Matter(REVIEW, it.barred, lambda: [*it.shown(), *preview(it, said).told])
        if why := alone(it.case, approving(it.case, f"special-{turn}", "经理特批", Role.MANAGER, matter, "approval")):
            raise Refused(why)
    it.rule, it.review = fix_rule(it.case, rule, turn=turn), said


def _review_question(it: Handling, turn: int) -> Question[ReturnReview]:
    """Ask by which rule; the preview of the refund stands beside it, row by row."""

    def check(form: ReturnReview, _work: Work) -> list[Problem]:
        if form.verdict is Verdict.REJECT:
            return reason_needed(form.reason, True, "不同意时必填 is required to refuse")
        ground = form.ground or it.case.request.ground
        problems = [] if eligible(it.claim, ground, it.wish) else [Problem("依据更正 ground", ground.zh, NO_RULE)]
        if it.wish is Wish.REDUCTION and not form.share:
            problems.append(Problem("折价比例 reduction", form.share, "折价时必填 needed to reduce"))
        return [*problems, *at_most_paid("赠品留用 gift", form.gift, it.claim.order, it.claim.quantities)]

    def brief() -> list[str]:
        held = [one.said for one in it.claim.rules if it.wish in one.wishes] or ["没有成立的规则 no rule holds"]
        return [*it.shown(), f"客户提出 asked on {it.claim.asked_on}", *held, *preview(it, None).told]

    return it.ask(
        f"review-{turn}",
        "退换审核",
        Role.AGENT,
        ReturnReview,
        "review",
        REVIEW,
        brief,
        check=check,
        barred=frozenset(it.barred),
    )


def preview(it: Handling, said: ReturnReview | None) -> Reckoning:
    """Reckon what would be paid if all of it came back as it is claimed."""
    claim, ground = it.claim, (said and said.ground) or it.case.request.ground
    ours = claim.quantities if ground is Ground.DEFECT else {}
    if it.wish is Wish.REDUCTION:
        return reduced(claim.order, claim.quantities, said.share if said else NONE)
    plain = {} if ours else claim.quantities
    more = {"freight": said.freight, "collected": said.collect is YesNo.YES, "gift": said.gift} if said else {}
    return reckon(claim.order, ours, plain, unshipped=not claim.shipped, **more)  # type: ignore[arg-type]


def approve_claim(it: Handling, turn: int) -> None:
    """Have leaders approve what would be paid, or the new goods' value, before anything is stopped or sent."""
    if it.wish is Wish.CHANGE:
        return
    manager_agrees(it)
    reckoned, exchange = preview(it, it.review), it.wish is Wish.EXCHANGE
    more = reckoned.sum if exchange else NONE
    if it.collects and it.review and it.rule and it.rule.ground is Ground.DEFECT:
        more += it.review.freight  # ours
    if why := it.approve(Reckoning(rows=[]) if exchange else reckoned, more, REVIEW, f"claim-{turn}"):
        raise Refused(why)


def manager_agrees(it: Handling) -> None:
    """Have the MANAGER decide where the rule allows what is wanted by now only so, once; Refused where it is not."""
    if it.excepted or it.rule is None or it.wish not in it.rule.by_manager:
        return
    it.excepted = True
    matter = Matter(REVIEW, it.barred, it.shown)
    if why := alone(it.case, approving(it.case, "wish", "经理特批", Role.MANAGER, matter, "approval")):
        raise Refused(why)


def before_signing(it: Handling, turn: int) -> ReturnEnding | None:
    """Stop what has not reached the customer: void, recall, intercept; None: it is an ordinary return after all."""
    again = f"-{turn}" if turn > 1 else ""
    if not it.claim.shipped:
        stop = it.ask(f"stop{again}", "截单", Role.WAREHOUSE, OrderStopped, "stop", NOTICE, it.shown)
        said = waiting(it, stop)
        if said.printed is not Printed.GONE:
            return _called_off(it, said.printed is Printed.PACKED, again)
    found = waiting(it, _intercept_question(it, again))
    if found.verdict is InterceptFound.FAILED:
        it.wish, it.delivered = Wish.EXCHANGE if it.wish is Wish.CHANGE else it.wish, True
        return None
    if found.verdict is InterceptFound.LOST:
        reckoned = reckon(look_up_order(it.case, turn="lost"), it.claim.quantities, {})
        if why := it.approve(reckoned, NONE, REVIEW, "lost"):
            raise Refused(why)
        pay(it, reckoned, it.claim.quantities)
        return ReturnEnding.LOST
    it.goods_out = True
    issue_express_return(it.case, it.claim.goods, found)
    came = ask(it.case, it.ask("came-back", "售后登记", Role.WAREHOUSE, ParcelCameBack, "came_back", RECEIPT, it.shown))
    it.received = came.came_on
    book_intercepted(it.case, it.claim.goods, came)
    return _undone(it)


def _called_off(it: Handling, packed: bool, again: str) -> ReturnEnding:
    """Cancel or change an order that was not sent, which the SUPERVISOR approves (S1 1.1.6)."""
    matter = Matter(NOTICE, it.barred, it.shown)
    if why := alone(it.case, approving(it.case, f"call-off{again}", "退单审批", Role.SUPERVISOR, matter, "approval")):
        raise Refused(why)
    if it.wish is Wish.REDUCTION:
        raise OtherWish
    if packed:
        book_recalled(it.case, it.claim.goods)
    return _undone(it, unshipped=True)


def _undone(it: Handling, unshipped: bool = False) -> ReturnEnding:
    """Change the order, or cancel it and pay it back."""
    if it.wish is not Wish.RETURN:
        stop_sale(it.case, "change_order", it.case.request.wanted, it.claim.quantities)
        return ReturnEnding.CHANGED
    reckoned = reckon(look_up_order(it.case, turn="before"), {}, it.claim.quantities, unshipped=unshipped)
    if why := it.approve(reckoned, NONE, REVIEW, "before"):
        raise Refused(why)
    stop_sale(it.case, "cancel_order", it.case.request.wanted, it.claim.quantities)
    pay(it, reckoned, it.claim.quantities)
    return ReturnEnding.CANCELLED if unshipped else ReturnEnding.REFUNDED


def _intercept_question(it: Handling, again: str) -> Question[ParcelIntercepted]:
    def check(form: ParcelIntercepted, _work: Work) -> list[Problem]:
        wanted = form.verdict is InterceptFound.STOPPED and not form.courier
        return [Problem("快递员 courier", "", "已拦截时必填 needed where it was")] if wanted else []

    return it.ask(
        f"intercept{again}", "快件拦截", Role.LOGISTICS, ParcelIntercepted, "intercept", NOTICE, it.shown, check=check
    )
