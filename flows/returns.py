"""Process 5: returns and refunds 退换货 (DOMAIN 5)."""

from itertools import count

from schemas.forms.returns import ReturnRequest, Wish
from schemas.processes.returns import ReturnEnding
from schemas.shapes import LinkWait
from schemas.words import LinkKind, Role
from tasks.branches.beside import rest, side_by_side
from tasks.durable.process import Case, Closing
from tasks.people.rights import applicant_until
from tasks.returns.accept import accept_return, begin_return
from tasks.returns.exchanging import claim_unreturned, order_exchange, send_ahead
from tasks.returns.handling import Handling, OtherWish, Refused
from tasks.returns.inspecting import inspect
from tasks.returns.paying import settle_pieces
from tasks.returns.queries import return_table
from tasks.returns.receiving import NoGoods, await_goods, notify
from tasks.returns.reducing import reduce_price
from tasks.returns.review import approve_claim, before_signing, receive_request, review_request
from tasks.returns.settling import settle_lost, settle_part
from tasks.returns.shapes import NONE
from tasks.returns.steps import (
    book_recalled,
    issue_express_return,
    note_receipt,
    record_way,
    release_pieces,
    reply,
    stop_sale,
)
from tasks.runs.process import process

MOVING = "货已寄回、截回、换出或已退款，不能撤回 goods are on their way back or out, or money was given back"
LEFT = (record_way, note_receipt, issue_express_return, order_exchange, book_recalled, stop_sale, settle_pieces)
ALL = ("通知返货", "返货验收", "退换货清单", "办理退款")


@process(
    code="RF",
    title="退换货",
    chain="退换货申请 → 审核确认 → 通知返货 → 返货验收 → 退换货清单 → 办理退款 → 回复",
    returns=dict.fromkeys((*ALL, "回复"), "审核确认"),
    waits={
        "审核确认": LinkWait(LinkKind.GATE, Role.AGENT, "review.days"),
        "通知返货": LinkWait(LinkKind.GATE, Role.AGENT, "notice.days"),
        "返货验收": LinkWait(LinkKind.EVENT, Role.WAREHOUSE, "arrival.days"),
        "退换货清单": LinkWait(LinkKind.GATE, Role.SALES_MANAGER, "sign.days"),
        "办理退款": LinkWait(LinkKind.GATE, Role.FINANCE, "pay.days"),
    },
    endings=ReturnEnding,
    request=ReturnRequest,
    parameter="退换货申请单",
    accept=accept_return,
    begin=begin_return,
    end=lambda _work: None,
    lines=return_table,
    may_withdraw=applicant_until(ended=[reply], never=LEFT, why=MOVING),
)
def returns(case: Case) -> Closing:
    """退换货 Take goods back, exchange or reduce them, from the request to the refund and the reply."""
    it, reason = receive_request(side_by_side(case)), ""  # 退换货申请
    try:
        ending = handle_return(it)
    except Refused as refused:
        ending, reason = it.ending(ReturnEnding.REFUSED), str(refused)
    it.hush()
    release_pieces(case, it.unsettled)
    reply(case, ending, reason)  # 回复
    rest(it.case)
    return Closing(ending, reason)


def handle_return(it: Handling) -> ReturnEnding:
    """Review what is wanted and do it; where the customer then wants a reduction, review that."""
    for turn in count(1):
        review_request(it, turn)  # 审核确认
        try:
            if it.wish is Wish.REDUCTION and reduce_price(it, turn):
                return ReturnEnding.REDUCED
            approve_claim(it, turn)
            if not (it.claim.signed or it.delivered) and (ended := before_signing(it, turn)):
                return ended
            return take_back(it, turn)
        except OtherWish:
            continue
    raise AssertionError("count() has no end")


def take_back(it: Handling, turn: int) -> ReturnEnding:
    """Take goods back in as many deliveries as they come in, each settled by itself."""
    left, since = it.claim.quantities, notify(it, turn)  # 通知返货
    send_ahead(it)
    while left:
        part = it.parts = it.parts + 1
        try:
            came = await_goods(it, left, since, part)  # 返货验收
        except NoGoods as gone:
            if not (gone.lost and it.collects):
                claim_unreturned(it, left)
                return it.ending(ReturnEnding.LOST if gone.lost else ReturnEnding.NEVER_RETURNED)
            settle_lost(it, left, part)
            return ReturnEnding.LOST
        settle_part(it, inspect(it, came, part), part)  # 退换货清单 办理退款
        counted = {line.line_no: line.counted for line in came.lines}
        left = {no: more for no, many in left.items() if (more := many - counted.get(no, NONE))}
        since = came.received_on
    return it.ending(ReturnEnding.REFUSED)
