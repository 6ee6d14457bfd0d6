"""Process 1: parts application 配件申报 (DOMAIN 1)."""

from schemas.forms.applications import Leaving, PartsApplication
from schemas.parts import Start
from schemas.processes.parts_application import PartsEnding
from schemas.shapes import LinkWait
from schemas.words import LinkKind, Role
from tasks.applications.accept import accept_application, begin_application
from tasks.applications.steps import enter_order, review_application
from tasks.branches.beside import beside, rest, side_by_side
from tasks.durable.process import Case, Closing
from tasks.lines.anomalies import await_reported, hearing
from tasks.lines.queries import line_table
from tasks.logistics.sending import release_goods
from tasks.logistics.shipping import UNCHECKED, Shipping
from tasks.logistics.together import end_application, leave_together
from tasks.people.rights import applicant_until
from tasks.production.planning import plan_production, reserve_stock
from tasks.production.steps import cancel_production, place_production_orders, produce
from tasks.runs.process import process

BY_ANOMALY = "配件已按异常重新下单或不再需要 the parts were ordered again, or are not needed any more"


@process(
    code="PA",
    title="配件申报",
    chain="办事处申报 → 审核修正 → 录入系统 → 周期确认 → 计划确认 → 车间生产 → 出货入库 → 入库制票 → 出库 → 出库制票 → 催提",
    returns={"审核修正": "办事处申报", "出货入库": "车间生产", "出库": "办事处申报", "催提": "办事处申报"},
    waits={
        "办事处申报": LinkWait(LinkKind.EVENT, Role.OFFICE, "resubmit.days"),
        "审核修正": LinkWait(LinkKind.GATE, Role.PARTS_REVIEWER, "review.hours"),
        "周期确认": LinkWait(LinkKind.AUTO, Role.PLANNER, "cycle.days"),
        "计划确认": LinkWait(LinkKind.GATE, Role.PLANNER, "plan.days"),
        "车间生产": LinkWait(LinkKind.EVENT, Role.WORKSHOP, "produce.due"),
        "出货入库": LinkWait(LinkKind.EVENT, Role.WAREHOUSE, "goods_in.days"),
        "出库": LinkWait(LinkKind.EVENT, Role.WAREHOUSE, "goods_out.days"),
        "催提": LinkWait(LinkKind.EVENT, Role.OFFICE, "pickup.reminder_days"),
    },
    endings=PartsEnding,
    request=PartsApplication,
    parameter="申报单",
    accept=accept_application,
    begin=begin_application,
    end=end_application,
    lines=line_table,
    may_withdraw=applicant_until(
        (place_production_orders, "生产已开始", "production has started"),
        (release_goods, "货已发出", "the goods have left"),
        ended=[cancel_production],
    ),
)
def parts_application(case: Case) -> Closing:
    """配件申报 Supply the parts that an office applied for, from review to pickup."""
    case, barred = side_by_side(case), {case.request.applicant}
    shipping = Shipping(case, barred, "审核修正", apart=case.request.leaving == Leaving.AS_READY)
    beside(case, hearing(case, shipping.heed))
    review = review_application(case, barred, shipping.registered)  # 审核修正
    if review.refused:
        shipping.await_return()
        return Closing(PartsEnding.REJECTED, review.refused, undo=True)
    if review.start != Start.STOCK:
        enter_order(case, review.lines)  # 录入系统
    lines = shipping.owed(review.lines)
    held = reserve_stock(case, lines, turn=1)
    shipping.take({line.line_no: line.quantity for line in held}, "reserve-stock-1")
    plan = plan_production(case, lines, held, 1)  # 周期确认 计划确认
    made = produce(case, plan, 1, shipping.take, shipping.given_up)  # 车间生产 出货入库 入库制票
    if shipping.ready and (made.ordered_again or review.start != Start.REVIEW):  # 齐套
        leave_together(case)
    shipping.send_rest()
    rest(case)  # 出库 出库制票 催提
    await_reported(case, shipping.heed)
    if not any(shipping.delivered.values()):
        return Closing(PartsEnding.REPLACED, BY_ANOMALY, undo=not shipping.went)
    return Closing(PartsEnding.DELIVERED, UNCHECKED if shipping.unchecked else "")
