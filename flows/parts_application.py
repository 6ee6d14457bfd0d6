"""Process 1: parts application 配件申报 (DOMAIN 1)."""

from itertools import count

from schemas.forms.applications import PartsApplication
from schemas.processes.parts_application import PartsEnding
from tasks.anomalies.steps import settle_shortfalls
from tasks.applications.accept import accept_application, begin_application
from tasks.applications.steps import enter_order, review_application
from tasks.durable.process import Case, Closing
from tasks.lines.queries import line_table
from tasks.lines.steps import close_lines
from tasks.logistics.pickup import await_pickup
from tasks.logistics.sending import send_goods
from tasks.people.rights import applicant_until
from tasks.production.planning import plan_production, reserve_stock
from tasks.production.steps import make_goods, place_production_orders
from tasks.runs.process import process

BY_ANOMALY = "按异常处理意见关闭 closed by the decision on an anomaly"
UNCHECKED = "逾期未核对，损失由办事处承担 unchecked in time: the loss is the office's"


@process(
    code="PA",
    title="配件申报",
    chain="办事处申报 → 审核修正 → 录入系统 → 周期确认 → 计划确认 → 车间生产 → 出货入库 → 入库制票 → 出库 → 出库制票 → 催提",
    returns={"审核修正": "办事处申报", "出货入库": "车间生产", "催提": "周期确认"},
    endings=PartsEnding,
    request=PartsApplication,
    parameter="申报单",
    accept=accept_application,
    begin=begin_application,
    end=close_lines,
    lines=line_table,
    may_withdraw=applicant_until(place_production_orders, zh="生产已开始", en="production has started"),
)
def parts_application(case: Case) -> Closing:
    """配件申报 Supply the parts that an office applied for, from review to pickup."""
    review = review_application(case)  # 审核修正
    if review.refused:
        return Closing(PartsEnding.REJECTED, review.refused)
    enter_order(case, review.lines)  # 录入系统
    lines, barred = review.lines, review.barred
    for shipment in count(1):
        held = reserve_stock(case, lines, turn=shipment)
        plan = plan_production(case, lines, held, shipment)  # 周期确认 计划确认
        made = make_goods(case, plan, shipment)  # 车间生产 出货入库 入库制票
        if made is None or (shipment == 1 and not (made or held)):
            return Closing(PartsEnding.REPLACED, BY_ANOMALY, undo=True)
        if not (made or held):  # no replacement could be made, and that was accepted
            return Closing(PartsEnding.DELIVERED)
        sent = send_goods(case, lines, barred, shipment)  # 出库 出库制票
        shortfalls = await_pickup(case, lines, sent, shipment)  # 催提
        if shortfalls is None:
            return Closing(PartsEnding.DELIVERED, UNCHECKED)
        again = settle_shortfalls(case, lines, shortfalls, shipment)
        if again is None:
            return Closing(PartsEnding.REPLACED, BY_ANOMALY)
        if not again:
            return Closing(PartsEnding.DELIVERED)
        lines, barred = again, sent.barred
    raise AssertionError("unreachable")
