"""Process 7: special order 特殊订货 (DOMAIN 7)."""

from schemas.forms.specials import SpecialOrder
from schemas.processes.special_order import SpecialEnding
from schemas.shapes import LinkWait
from schemas.words import LinkKind, Role
from tasks.applications.steps import enter_order
from tasks.branches.beside import beside, rest, side_by_side
from tasks.branches.within import within
from tasks.durable.process import Case, Closing
from tasks.durable.signals import Withdrawn
from tasks.lines.anomalies import await_reported, hearing
from tasks.logistics.sending import release_goods
from tasks.logistics.shipping import UNCHECKED, Shipping, cancel_again
from tasks.logistics.together import end_application, leave_together
from tasks.people.rights import applicant_until
from tasks.production.planning import plan_production, reserve_stock
from tasks.production.steps import cancel_production, place_production_orders, produce
from tasks.quotes.queries import paid_table
from tasks.quotes.rules import FailedBy, Paid
from tasks.runs.process import process
from tasks.specials.accept import accept_order
from tasks.specials.offers import Contract, Deal, agree_on_offer
from tasks.specials.order import (
    ORDER,
    conclude,
    give_back_rest,
    pay_back,
    pay_balance,
    record_sale,
    review_contract,
    settle_rest,
    stop_order,
    tell_applicant,
)
from tasks.specials.steps import Over, confirm_makeable, review_order

NOT_MADE = "按异常处理方案不再生产 not made any more, by the plan of an anomaly"
REPLACED = "已按异常重新下单 ordered again by an anomaly"


@process(
    code="SO",
    title="特殊订货",
    chain="特殊订货申报 → 初步审核 → 确认生产 → 确认价格和周期 → 审批 → 回复申报方 → 下单生产",
    returns={"初步审核": "特殊订货申报", "审批": "确认价格和周期", "回复申报方": "确认价格和周期"},
    waits={
        "特殊订货申报": LinkWait(LinkKind.EVENT, Role.OFFICE, "resubmit.days"),
        "初步审核": LinkWait(LinkKind.GATE, Role.PARTS_REVIEWER, "review.days"),
        "确认生产": LinkWait(LinkKind.GATE, Role.WORKSHOP, "makeable.days"),
        "确认价格和周期": LinkWait(LinkKind.GATE, Role.PLANNER, "proposal.days"),
        "审批": LinkWait(LinkKind.GATE, Role.PARTS_REVIEWER, "approval.days"),
        "回复申报方": LinkWait(LinkKind.EVENT, Role.OFFICE, "quote.days"),
        "下单生产": LinkWait(LinkKind.EVENT, Role.WORKSHOP, "produce.due"),
    },
    endings=SpecialEnding,
    request=SpecialOrder,
    parameter="特殊订货单",
    accept=accept_order,
    begin=lambda _form, _work: None,
    end=end_application,
    lines=paid_table,
    may_withdraw=applicant_until(
        (place_production_orders, "生产已开始", "production has started"),
        (release_goods, "货已发出", "the goods have left"),
        ended=[cancel_production, stop_order, settle_rest],
    ),
)
def special_order(case: Case) -> Closing:
    """特殊订货 Make what no catalogue has, at an agreed price, from its application to its pickup."""
    barred, deal = {case.request.applicant}, Deal()
    try:
        wanted = confirm_makeable(case, review_order(case, barred))  # 特殊订货申报 初步审核 确认生产
        contract = agree_on_offer(case, wanted, barred, deal)  # 确认价格和周期 审批 回复申报方
        review_contract(case, contract, wanted.credit, barred)
        return make_order(case, contract, barred, deal.paid)  # 下单生产
    except Over as over:
        tell_applicant(case, over.ending, over.reason)
        pay_back(case, deal.paid, over.failed_by)
        return Closing(over.ending, over.reason, undo=True)
    except Withdrawn:
        cancel_again(case)
        pay_back(case, deal.paid, deal.withdrawn_by)
        raise


def make_order(case: Case, contract: Contract, barred: set[str], paid: list[Paid]) -> Closing:
    """下单生产: as a parts application from its order on, all at one link; the goods leave once they are paid."""
    case, lines = side_by_side(within(case, ORDER)), conclude(case, contract.lines)
    shipping = Shipping(case, barred, ORDER)
    beside(case, hearing(case, shipping.heed))
    enter_order(case, lines)
    lines = shipping.owed(lines)
    held = reserve_stock(case, lines, turn=1)
    shipping.take({line.line_no: line.quantity for line in held}, "reserve-stock-1")
    plan = plan_production(case, lines, held, 1, contract.days)
    made = produce(case, plan, 1, shipping.take, shipping.given_up)
    pay_balance(case, contract, paid, shipping, made)
    if not (shipping.leaving or made.ordered_again or any(shipping.again.values())):
        raise Over(SpecialEnding.CANNOT_BE_MADE, NOT_MADE, FailedBy.US)
    if shipping.leaving and made.ordered_again:
        leave_together(case)
    shipping.send_rest()
    rest(case)
    await_reported(case, shipping.heed)
    back = give_back_rest(case, contract, paid, shipping, made)
    record_sale(case, contract.of(shipping.delivered, made.ordered_again, shipping.again), paid, back)
    if not any(shipping.delivered.values()):
        return Closing(SpecialEnding.REPLACED, REPLACED, undo=not shipping.went)
    return Closing(SpecialEnding.DELIVERED, UNCHECKED if shipping.unchecked else "")
