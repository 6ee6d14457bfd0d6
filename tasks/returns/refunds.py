"""What is paid for goods that came back: a sum of rows, each with its rule (DOMAIN-BRANCHES 5); pure."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import TypedDict

from schemas.shapes import figure
from tasks.returns.shapes import NONE, Found, MoneyRow, Quantities, Reckoning, SoldLine

CENT = Decimal("0.01")
COLLECTED = "我方取货运费 our collection"
ADVANCED = "我方责任退垫付运费 freight advanced, ours"


class WayBack(TypedDict):
    """The way back: its freight, whether we collected, and what was agreed to be deducted."""

    freight: Decimal
    collected: bool
    deduction: Decimal


def share(total: Decimal, before: Decimal, many: Decimal, sold: Decimal) -> Decimal:
    """Give the part of a total that falls on so many pieces, after those before; all pieces together give the total."""
    upto = [(total * pieces / sold).quantize(CENT, ROUND_HALF_UP) for pieces in (before, before + many)]
    return upto[1] - upto[0]


def reckon(
    order: Sequence[SoldLine],
    ours: Quantities,
    plain: Quantities,
    *,
    freight: Decimal = NONE,
    collected: bool = False,
    gift: Decimal = NONE,
    deduction: Decimal = NONE,
    unshipped: bool = False,
) -> Reckoning:
    """Reckon what is paid for accepted goods, each row with its rule.

    = price paid (discounts spread by value) − agreed deductions + delivery and advanced freight where the fault is ours.
    `freight`: of the way back, advanced by the customer, or ours where it was `collected`.
    """
    rows, goods, delivery, coupon = list[MoneyRow](), Quantities(), Quantities(), NONE
    for sold in order:
        n1, n2 = ours.get(sold.line_no, NONE), plain.get(sold.line_no, NONE)
        if not n1 + n2:
            continue
        paid = share(sold.price_paid, sold.settled, n1 + n2, sold.quantity)
        least = min(paid, sold.price_paid - sold.refunded)
        why = "未发货全额 not shipped" if unshipped else "按实付 price paid"
        rows.append(MoneyRow(rule=f"第{sold.line_no}行 {why} ×{figure(n1 + n2)}", amount=paid))
        rows += [MoneyRow(rule="此前已退 given back before", amount=least - paid)] if least < paid else []
        goods[sold.line_no] = least
        by_coupon = share(sold.coupon, sold.settled, n1 + n2, sold.quantity)
        coupon += by_coupon
        if by_coupon:
            rows.append(MoneyRow(rule="券付部分退券 paid by coupon: in kind", amount=-by_coupon))
        fee = n1 + n2 if unshipped else n1
        back = min(share(sold.delivery_fee, sold.settled, fee, sold.quantity), sold.delivery_fee - sold.fee_refunded)
        if back:
            rows.append(
                MoneyRow(rule="我方责任退送货费 delivery, ours" if not unshipped else "送货费 delivery", amount=back)
            )
            delivery[sold.line_no] = back
    offer = offer_lost(order, ours, plain)
    less = {("优惠失效 the offer is lost" if offer > 0 else "优惠恢复 the offer comes back"): offer}
    less |= {"赠品留用 gift kept": gift, "约定扣款 deduction agreed": deduction}
    ours_any = any(ours.values())
    less[COLLECTED] = freight if collected and not ours_any and any(plain.values()) else NONE
    rows += [MoneyRow(rule=rule, amount=-amount) for rule, amount in less.items() if amount]
    if ours_any and not collected and freight:
        rows.append(MoneyRow(rule=ADVANCED, amount=freight))
    _spread(goods, sum(less.values(), NONE) + coupon)
    return Reckoning(rows=rows, coupon=coupon, goods=goods, delivery=delivery, offer=offer)


def offer_lost(order: Sequence[SoldLine], ours: Quantities, plain: Quantities) -> Decimal:
    """Give the discount of goods that are kept, where too few are kept for the offer: less what was taken off before.

    A defect loses no offer; what was taken off comes back with the goods that it was taken off for.
    """
    taken = sum((one.offer_lost for one in order), NONE)
    if not (taken or any(plain.values())):
        return NONE
    after = {one.line_no: one.settled + ours.get(one.line_no, NONE) + plain.get(one.line_no, NONE) for one in order}
    return _discount_of_kept(order, after) - taken


def _discount_of_kept(order: Sequence[SoldLine], back: Quantities) -> Decimal:
    offered = [one for one in order if one.offer_from]
    kept = {one.line_no: one.quantity - back[one.line_no] for one in offered}
    full = {one.line_no: one.list_price or one.price_paid for one in offered}
    value = sum((full[one.line_no] * kept[one.line_no] / one.quantity for one in offered), NONE)
    if not value or value >= offered[0].offer_from:
        return NONE
    less = (
        ((full[o.line_no] - o.price_paid) * kept[o.line_no] / o.quantity).quantize(CENT, ROUND_HALF_UP) for o in offered
    )
    return sum(less, NONE)


def _spread(goods: Quantities, less: Decimal) -> None:
    """Take deductions off what is given back of lines, so that no line gives more than its price."""
    for no in goods:
        taken = min(goods[no], less)
        goods[no], less = goods[no] - taken, less - taken


def exchanged(
    order: Sequence[SoldLine], found: Found, price: Decimal, *, freight: Decimal, collected: bool, deduction: Decimal
) -> Reckoning:
    """Reckon an exchange: the one way back, what was agreed to be deducted, what another article costs more.

    `price`: of the other article, for all pieces; 0 where it is the same one. What a cheaper one gives back is of the price.
    """
    ours, back = any(found.ours.values()), found.accepted
    less = {COLLECTED: freight if collected and not ours else NONE, "约定扣款 deduction agreed": deduction}
    rows = [MoneyRow(rule=rule, amount=-amount) for rule, amount in less.items() if amount]
    if ours and freight and not collected:
        rows.append(MoneyRow(rule=ADVANCED, amount=freight))
    values = {one.line_no: share(one.price_paid, one.settled, back[one.line_no], one.quantity)
              for one in order if one.line_no in back}  # fmt: skip
    cheaper = sum(values.values(), NONE) - price if price else NONE
    if cheaper:
        rows.append(MoneyRow(rule="换货差价 price difference", amount=cheaper))
    dearer, pieces, before = Quantities(), sum(back.values(), NONE), NONE
    for no, many in back.items():
        dearer[no] = share(max(-cheaper, NONE), before, many, pieces)
        before += many
    _spread(values, sum(values.values(), NONE) - max(cheaper, NONE))
    return Reckoning(rows=rows, goods={no: amount for no, amount in values.items() if amount}, dearer=dearer)


def reduced(order: Sequence[SoldLine], quantities: Quantities, percent: Decimal) -> Reckoning:
    """Reckon a reduction: a share of what was paid for the pieces, which stay with the customer."""
    rows, goods = list[MoneyRow](), Quantities()
    for sold in order:
        if many := quantities.get(sold.line_no):
            value = share(sold.price_paid, sold.settled, many, sold.quantity) * percent / 100
            goods[sold.line_no] = min(value.quantize(CENT, ROUND_HALF_UP), sold.price_paid - sold.refunded)
            rule = f"第{sold.line_no}行 折价 reduction {figure(percent)} % ×{figure(many)}"
            rows.append(MoneyRow(rule=rule, amount=goods[sold.line_no]))
    return Reckoning(rows=rows, goods=goods)
