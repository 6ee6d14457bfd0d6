"""调拨: goods of one warehouse go to another, between offices or with the centre (DOMAIN, "Stock"; S3 §2 4.1)."""

from schemas.forms.transfers import TransferRequest
from schemas.parts import Shortfall
from schemas.processes.stock import TransferEnding
from schemas.shapes import LinkWait
from schemas.words import LinkKind, Role
from tasks.branches.beside import beside, rest, side_by_side
from tasks.durable.process import Case, Closing
from tasks.keeping.queries import goods_table
from tasks.keeping.transfers import (
    accept_transfer,
    agree_on_transfer,
    hold_goods,
    receiving,
    send_out,
    send_transfer,
    settling_difference,
)
from tasks.people.rights import applicant_until
from tasks.runs.process import process

SENT = "货已调出，不能撤回 the goods have left: it cannot be taken back"
NOTHING_FREE = "调出仓已无可调库存 nothing of it is free any more"


@process(
    code="ST",
    title="调拨",
    chain="调拨申请 → 计划审批 → 调出 → 调入",
    waits={
        "计划审批": LinkWait(LinkKind.GATE, Role.PLANNER, "approval.days"),
        "调出": LinkWait(LinkKind.EVENT, Role.WAREHOUSE, "out.days"),
        "调入": LinkWait(LinkKind.EVENT, Role.WAREHOUSE, "in.days"),
    },
    endings=TransferEnding,
    request=TransferRequest,
    parameter="调拨申请单",
    accept=accept_transfer,
    begin=lambda _form, _work: None,
    end=lambda _work: None,
    lines=goods_table,
    may_withdraw=applicant_until(never=[send_transfer], why=SENT),
)
def stock_transfer(case: Case) -> Closing:
    """调拨 Move goods from one warehouse to another: agreed to, sent by one keeper, counted by the other."""
    case = side_by_side(case)
    held = hold_goods(case, case.request)  # 调拨申请
    if not held.goods:
        return Closing(TransferEnding.REJECTED, NOTHING_FREE)
    if why := agree_on_transfer(case, held):  # 计划审批
        return Closing(TransferEnding.REJECTED, why, undo=True)
    sent, reason = send_out(case, held)  # 调出
    if not sent:
        return Closing(TransferEnding.NOT_SENT, reason, undo=True)
    lost = list[Shortfall]()
    for found in receiving(case, sent):  # 调入
        beside(case, settling_difference(case, sent, found, lost))
    rest(case)
    return Closing(TransferEnding.SHORT if lost else TransferEnding.RECEIVED)
