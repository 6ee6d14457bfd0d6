"""What is registered, decided and booked in a return, each once (DOMAIN 5)."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from schemas.forms.returns import (
    GoodsSentBack,
    Ground,
    ParcelCameBack,
    ParcelIntercepted,
    ReturnNotified,
    ReturnRequest,
)
from schemas.parts import Goods
from schemas.processes.returns import ReturnEnding
from schemas.tables import case_line, notice, part, part_price, sales_record
from schemas.words import DocumentKind, MovementKind, Reason, Role
from tasks.applications.queries import catalogue
from tasks.applications.rules import Part
from tasks.cycle.queries import calendar
from tasks.cycle.rules import shanghai_day
from tasks.documents.contents import goods_row, to_customer
from tasks.documents.steps import DocumentRef, issue
from tasks.durable.step import step
from tasks.outbox.steps import MessageKey, send
from tasks.policies.queries import setting, settings
from tasks.returns.accept import asked_on, claim_pieces
from tasks.returns.queries import earlier_case, sold_now
from tasks.returns.rules import burden_is_ours, held_rules
from tasks.returns.shapes import NONE, Claim, Found, Held, Quantities, Reckoning, SoldLine
from tasks.stock.booking import book
from tasks.stock.moves import warehouse_of
from tasks.stock.queries import damaged_warehouse
from tasks.unit.work import Work

TH = "退换货申请"


@step("放回可退数量", link=TH)
def give_pieces_back(work: Work, claim: Claim) -> None:
    """Let others bring back what this case claimed and did not."""
    for line_no, many in claim.quantities.items():
        claim_pieces(work, line_no, -many)


@step(TH, undo=give_pieces_back)
def register_return(work: Work, form: ReturnRequest) -> Claim:
    """Register what is brought back, and by which rules that may be on the day of the request."""
    order, policy = sold_now(work).lines, settings(work).__getitem__
    earlier = earlier_case(work)
    asked = asked_on(form, earlier.asked_on if earlier else None, shanghai_day(work.case.opened_at))
    goods = [_article(work, order[line.line_no], line.quantity) for line in form.lines]
    reason = Reason.QUALITY if form.ground is Ground.DEFECT else Reason.OTHER
    for one in goods:
        price = (order[one.line_no].price_paid / order[one.line_no].quantity).quantize(Decimal("0.01"))
        named = {"part": one.part, "part_name": one.name, "specification": one.specification, "colour": one.colour}
        row = {"line_no": one.line_no, "quantity": one.quantity, "price": price, "reason": reason, "open": False}
        work.insert(case_line, order_no=work.case.order_no, **named, **row)
    lines = [order[one.line_no] for one in goods]
    return Claim(
        goods=goods, order=list(order.values()), asked_on=asked,
        rules=held_rules(form, order, asked, policy, calendar(work)),
        shipped=all(one.delivery_date for one in lines), signed=all(one.signing_date for one in lines),
        unclear_ours=burden_is_ours(lines, asked, policy("rf.burden_months")), ahead=bool(earlier and earlier.ahead),
    )  # fmt: skip


def _order(case: Any) -> str:
    return str(case.order_no)


def _article(work: Work, sold: SoldLine, many: Decimal) -> Goods:
    """Give a line's article as stock knows it; one that no catalogue has gets an entry of its own."""
    known: Part | None = work.read(catalogue).get(sold.model)
    if known is None:
        kind = setting(work, "rf.goods")
        code, price = f"TH{work.case.id}-{sold.line_no}", (sold.price_paid / sold.quantity).quantize(Decimal("0.01"))
        own = {"name": f"{sold.model_name} {sold.model} {code}", "specification": sold.model, "colour": ""}
        made = {"safety_stock": Decimal(0), "made_for": work.case.id}
        work.insert(part, code=code, **kind, **own, **made)
        work.insert(part_price, part=code, price=price, valid_from=work.today, source=f"{work.case.number} 实付单价")
        return Goods(line_no=sold.line_no, quantity=many, part=code, uom=kind["uom"], **own)
    looks = {name: getattr(known, name) for name in ("name", "specification", "colour", "uom")}
    return Goods(line_no=sold.line_no, quantity=many, part=known.code, **looks)


@step("退换依据", link="审核确认")
def fix_rule(work: Work, rule: Held, turn: int) -> Held:
    """Record by which rule the goods come back, with its days."""
    return rule


@step("更改订单", link="通知返货")
def stop_sale(work: Work, kind: str, wanted: str, quantities: Quantities) -> MessageKey:
    """Have the order system cancel what was not sent, or change it."""
    lines = [{"line_no": no, "quantity": str(many)} for no, many in quantities.items()]
    about = {"case": work.case.number, "order": work.case.order_no, "lines": lines}
    return send(work, "order", kind, about | ({"change": wanted} if wanted else {}))


@step("收回入库", link="通知返货")
def book_recalled(work: Work, goods: list[Goods]) -> DocumentRef:
    """Put packed goods that were recalled back on stock, by a red slip (退库)."""
    return book(work, MovementKind.RETURN_TO_STOCK, goods, warehouse_of(work, MovementKind.RETURN_TO_STOCK))


@step("快件退回单", link="通知返货")
def issue_express_return(work: Work, goods: list[Goods], form: ParcelIntercepted) -> DocumentRef:
    """Issue the 快件退回单 in two copies, for the courier's signature."""
    about = {
        "tracking": form.tracking,
        "courier": form.courier,
        "copies": ["第一联 快递员 courier", "第二联 仓库 warehouse"],
    }
    return issue(work, DocumentKind.EXPRESS_RETURN, to_customer(work) | about | {"lines": [*map(goods_row, goods)]})


@step("售后登记表", link="返货验收")
def book_intercepted(work: Work, goods: list[Goods], form: ParcelCameBack) -> DocumentRef:
    """Book the parcel that came back before its customer had it, and enter it in the 售后登记表 (S2)."""
    book(work, MovementKind.CUSTOMER_RETURN_IN, goods, warehouse_of(work, MovementKind.CUSTOMER_RETURN_IN))
    about = {"found_on": str(form.came_on), "remark": f"原包裹已收到 {form.received_by}"}
    return issue(work, DocumentKind.AFTER_SALES, to_customer(work) | about | {"lines": [*map(goods_row, goods)]})


@step("返货地址", link="通知返货")
def return_place(work: Work, turn: int) -> dict[str, str]:
    """Look up where goods come back to, and whom the customer asks."""
    return dict(setting(work, "rf.place"))


@step("返货随附单", link="通知返货")
def issue_parcel_note(
    work: Work, goods: list[Goods], reasons: dict[int, str], wish: str, form: ReturnNotified, turn: int
) -> date:
    """Issue the note that lies in the parcel: number, contact, reason, wanted article; gives the day of the notice."""
    rows = [goods_row(one, reason=reasons.get(one.line_no, "")) for one in goods]
    to = {"receiver": form.contact, "receiver_address": f"{form.address} {form.phone}", "wish": wish}
    issue(work, DocumentKind.PARCEL_NOTE, to_customer(work) | to | {"lines": rows})
    return form.notified_on


@step("退货记录表", link="返货验收")
def record_way(work: Work, goods: list[Goods], form: GoodsSentBack, turn: int) -> GoodsSentBack:
    """Enter carrier and tracking number in the 退货记录表."""
    way = {"carrier": form.carrier, "tracking": form.tracking, "freight": str(form.freight)}
    issue(work, DocumentKind.RETURN_RECORD, to_customer(work) | way | {"lines": [*map(goods_row, goods)]})
    return form


@step("收到退货", link="返货验收")
def note_receipt(work: Work, goods: list[Goods], received_on: date, turn: int) -> list[Goods]:
    """Note what the carrier delivered, and when: the law's clock runs from that day."""
    return goods


@step("退货入库", link="返货验收")
def book_return(work: Work, goods: list[Goods], damaged: bool, turn: str) -> DocumentRef:
    """Book what is accepted: fit for resale as good stock, else among the damaged goods, where failures are isolated."""
    kind = MovementKind.CUSTOMER_RETURN_IN
    return book(work, kind, goods, work.read(damaged_warehouse) if damaged else warehouse_of(work, kind))


@step("退货报废", link="返货验收")
def book_scrap(work: Work, goods: list[Goods], turn: int) -> DocumentRef:
    """Book out scrap that QUALITY released and the SUPERVISOR approved."""
    return book(work, MovementKind.SCRAP_OUT, goods, work.read(damaged_warehouse))


@step("复检报告", link="返货验收")
def report_return(work: Work, goods: list[Goods], tests: str, found: dict[int, str], turn: int) -> DocumentRef:
    """Issue the 检验报告 of what was claimed: tests, and whose responsibility it is."""
    rows = [goods_row(one, tests=tests, result=found[one.line_no]) for one in goods]
    return issue(work, DocumentKind.INSPECTION, {"case": work.case.number, "lines": rows})


@step("核算", link="返货验收")
def judge_return(work: Work, found: Found, turn: int) -> Found:
    """Record what the inspections came to."""
    return found


@step("当前订单", link="审核确认")
def look_up_order(work: Work, turn: str) -> list[SoldLine]:
    """Look up what has come back of the order by now; nobody changes that until this is committed."""
    return list(sold_now(work).lines.values())


@step("退换货清单")
def issue_sheet(work: Work, goods: list[Goods], reckoned: Reckoning, why: str, turn: str) -> DocumentRef:
    """Issue the 退换货清单, with a red copy for the region's salesperson, for the SALES_MANAGER's signature."""
    order, asked = sold_now(work).lines, {line["line_no"]: line["found"] for line in work.case.request["lines"]}
    rows = [
        goods_row(one, reason=asked[one.line_no], finding=why, out_on=str(order[one.line_no].delivery_date or ""))
        for one in goods
    ]
    about = {
        "refund": str(reckoned.amount),
        "reckoned": "；".join(f"{row.rule} {row.amount:+,.2f}" for row in reckoned.rows),
    }
    return issue(
        work,
        DocumentKind.RETURN_SHEET,
        to_customer(work) | about | {"copies": ["白联 财务 finance", "红联 业务员 salesperson"], "lines": rows},
    )


@step("换货完成", link="办理退款")
def mark_exchanged(work: Work, quantities: Quantities, dearer: Quantities, turn: int) -> None:
    """Start the periods of exchanged lines anew, and let their pieces be claimed again, as what was paid for them."""
    for line_no, many in quantities.items():
        claim_pieces(work, line_no, -many, paid_more=dearer.get(line_no, NONE))
        key = {"order_no": work.case.order_no, "line_no": line_no}
        work.update(sales_record, key, exchanged_on=work.today)


@step("放回未退数量", link="回复")
def release_pieces(work: Work, left: Quantities) -> None:
    """Let others bring back what did not come back by this case."""
    for line_no, many in left.items():
        claim_pieces(work, line_no, -many)


@step("回复")
def reply(work: Work, ending: ReturnEnding, reason: str) -> str:
    """Tell the office and the agents, who tell the customer, how it ended."""
    told = f"{work.case.number} 退换货 {ending.zh}：{reason or '已办结 done'}"
    for role in (Role.OFFICE, Role.AGENT):
        work.insert(notice, kind=f"reply:{role}", role=role, text=told, sent_at=work.now)
    return reason


def named(goods: Sequence[Goods], quantities: Quantities) -> list[Goods]:
    """Give so many of each line."""
    return [one.of(quantities[one.line_no]) for one in goods if quantities.get(one.line_no)]
