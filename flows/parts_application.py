"""Process 1: parts application 配件申报 (DOMAIN 1)."""

from itertools import count

from schemas.forms.applications import PartsApplication
from schemas.words import BEFORE_PRODUCTION, Ending
from tasks.applications.accept import accept_application, begin_application
from tasks.applications.steps import enter_order, review_application
from tasks.durable.engine import Case, Closing, undo_open_work
from tasks.durable.process import process
from tasks.logistics.steps import await_pickup, send_goods
from tasks.production.planning import plan_production, reserve_stock
from tasks.production.steps import make_goods, settle_shortfalls


@process(
    code="PA",
    title="配件申报",
    request=PartsApplication,
    parameter="申报单",
    accept=accept_application,
    begin=begin_application,
    applicant_may_withdraw_in=BEFORE_PRODUCTION,
)
def parts_application(case: Case) -> Closing:
    """配件申报 Supply the parts that an office applied for, from review to pickup."""
    review = review_application(case)  # 审核修正
    if review.refused:
        return Closing(Ending.REJECTED, review.refused)
    enter_order(case, review.lines)  # 录入系统
    lines, approvers = review.lines, review.approvers
    for shipment in count(1):
        held = reserve_stock(case, lines, turn=shipment)
        plan = plan_production(case, lines, held, shipment)  # 周期确认 计划确认
        made = make_goods(case, plan, shipment)  # 车间生产 出货入库 入库制票
        if made is None or (shipment == 1 and not (made or held)):
            undo_open_work(case)
            return Closing(Ending.REPLACED, "按异常处理意见关闭 closed by the decision on an anomaly")
        if not (made or held):  # no replacement could be made, and that was accepted
            return Closing(Ending.DELIVERED)
        sent = send_goods(case, lines, approvers, shipment)  # 出库 出库制票
        approvers = sent.approvers
        receipt = await_pickup(case, lines, sent, shipment)  # 催提
        if receipt.unchecked:
            return Closing(Ending.DELIVERED, "逾期未核对，损失由办事处承担 unchecked in time: the loss is the office's")
        again = settle_shortfalls(case, lines, receipt.shortfalls, shipment)
        if again is None:
            return Closing(Ending.REPLACED, "按异常处理意见关闭 closed by the decision on an anomaly")
        if not again:
            return Closing(Ending.DELIVERED)
        lines = again
    raise AssertionError("unreachable")
