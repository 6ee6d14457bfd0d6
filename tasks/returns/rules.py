"""By which rule goods come back, and what is paid for them: the rule table and the refund (DOMAIN-BRANCHES 5); pure.

Every number is policy data, † marks the law as we know it, to be checked by counsel.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from schemas.forms.returns import Ground, ReturnAppraised, ReturnInspected, ReturnRequest, Wish
from schemas.forms.sales import SalesChannel
from schemas.problems import Problem
from schemas.shapes import figure
from tasks.applications.warranty import add_months
from tasks.cycle.rules import Calendar, is_working_day
from tasks.returns.shapes import NONE, Claim, Found, Held, MoneyRow, Quantities, Reckoning, Sold

CENT = Decimal("0.01")
NO_SALE = "销售记录中没有此订单，不能退换 was never sold: nothing of it can come back"
NO_LINE = "订单没有这一行，应为 the order has no such line, must be one of {}"
TOO_MANY = "最多 {} at most: 售出 sold {}，已退或待退 back or claimed already {}"
OTHERS = "与销售记录不符，不是此订单的客户 is not the customer of the order"
Policy = Callable[[str], Any]


class Rule(NamedTuple):
    """A row of the rule table.

    ends     the last day for a sale by the policies; None: it cannot hold; date.max: it does not end, or has not begun
    law      a last day that is a day of rest moves on (Civil Code 203); never so for our own terms
    wishes   what it allows; by_manager: what it allows only where the MANAGER says so
    """

    code: str
    ground: Ground
    name: str
    source: str
    begins: Callable[[Sold], date | None]
    ends: Callable[[Sold, date, Policy], date]
    law: bool = True
    wishes: frozenset[Wish] = frozenset(Wish)
    by_manager: frozenset[Wish] = frozenset()
    when: Callable[[Sold, ReturnRequest], bool] = lambda _sold, _form: True


def _used(sold: Sold) -> date | None:
    """From when defects count: an exchange starts it anew, what needs installation counts from its completion."""
    return sold.exchanged_on or sold.installation_date or sold.signing_date


def _days(name: str) -> Callable[[Sold, date, Policy], date]:
    return lambda _sold, begun, policy: begun + timedelta(days=policy(name))


def _months(name: str) -> Callable[[Sold, date, Policy], date]:
    return lambda _sold, begun, policy: add_months(begun, policy(name))


REMOTE = SalesChannel.REMOTE.value
REPAIRABLE = frozenset({Wish.EXCHANGE, Wish.REDUCTION})
TABLE = (
    Rule("factory", Ground.DEFECT, "出厂三个月内质量问题 defect within the months of the factory date", "S3 §8 5.1.4",
         lambda sold: sold.exchanged_on or sold.factory_date, _months("rf.factory_months"), law=False,
         when=lambda _sold, form: bool(form.photos)),
    Rule("defect", Ground.DEFECT, "签收七日内质量问题 defect within the days of signing", "LAW", _used,
         _days("rf.defect_days")),
    Rule("unqualified", Ground.DEFECT, "主管机关认定不合格 found unqualified by an authority", "LAW †", _used,
         lambda _sold, _begun, _policy: date.max, by_manager=frozenset({Wish.RETURN}),
         when=lambda _sold, form: bool(form.unqualified)),
    Rule("later", Ground.DEFECT, "三包期内质量问题，换货或维修 later defect: exchange or repair", "消法24 †", _used,
         _months("warranty.default_months"), law=False, by_manager=frozenset({Wish.RETURN})),
    Rule("unsigned", Ground.NO_REASON, "尚未签收 not signed for yet", "S1 1.1.6, S2",
         lambda sold: None if sold.signing_date else sold.factory_date, lambda _sold, _begun, _policy: date.max),
    Rule("remote", Ground.NO_REASON, "远程购买七日无理由 remote sale, without reason", "LAW, S2",
         lambda sold: sold.signing_date, _days("rf.no_reason_days"),
         wishes=frozenset({Wish.RETURN, Wish.EXCHANGE}),
         when=lambda sold, _form: sold.channel == REMOTE and not sold.custom_confirmed),
)  # fmt: skip
SPECIAL = Held(code="special", ground=Ground.SPECIAL, name="经理特批 the MANAGER's special approval", source="S3 §8 5.1.4",
               manager=True)  # fmt: skip


def held_rules(
    form: ReturnRequest, order: Mapping[int, Sold], asked_on: date, policy: Policy, calendar: Calendar, repaired: int
) -> list[Held]:
    """Give the rules that hold for all lines of a request on the day of it; `repaired`: days in repair do not count."""
    held = list[Held]()
    for rule in TABLE:
        sold = [order[line.line_no] for line in form.lines]
        begun = [day for one in sold if (day := rule.begins(one)) and rule.when(one, form)]
        ends = [_last(rule, one, day, policy, calendar, repaired) for one, day in zip(sold, begun, strict=False)]
        allowed = form.wish in rule.wishes
        if len(begun) == len(sold) and allowed and asked_on <= min(ends):
            last, manager = min(ends), form.wish in rule.by_manager
            about = {name: getattr(rule, name) for name in ("code", "ground", "name", "source")}
            held.append(Held(**about, first=max(begun), last=None if last == date.max else last, manager=manager))
    return held


def _last(rule: Rule, sold: Sold, begun: date, policy: Policy, calendar: Calendar, repaired: int) -> date:
    last = rule.ends(sold, begun, policy)
    if last == date.max:
        return last
    last += timedelta(days=repaired if rule.ground is Ground.DEFECT else 0)
    while rule.law and not is_working_day(calendar, last):
        last += timedelta(days=1)
    return last


def eligible(claim: Claim, ground: Ground) -> Held | None:
    """Give the first rule that holds on a ground; special approval is always one."""
    return SPECIAL if ground is Ground.SPECIAL else next((one for one in claim.rules if one.ground is ground), None)


def burden_is_ours(order: Sequence[Sold], asked_on: date, months: int) -> bool:
    """Say whether an unclear test counts as ours: within so many months of receipt (consumer act 23)."""
    begun = [_used(one) for one in order]
    return all(day is None or asked_on <= add_months(day, months) for day in begun)


def request_problems(
    form: ReturnRequest, customer: tuple[str, str], order: Mapping[int, Sold], free: Mapping[int, Decimal]
) -> list[Problem]:
    """Check a request against what was sold: to this customer, these lines, no more than delivered and not back yet."""
    problems = list[Problem]()
    given = (
        ("客户姓名 customer", form.customer_name, customer[0]),
        ("客户电话 phone", form.customer_phone, customer[1]),
    )
    problems += [Problem(field, said, OTHERS) for field, said, known in given if said and said != known]
    for row, line in enumerate(form.lines, start=1):
        if line.line_no not in order:
            problems.append(Problem("行号 line", line.line_no, NO_LINE.format(", ".join(map(str, sorted(order)))), row))
        elif line.quantity > free[line.line_no]:
            left, sold = free[line.line_no], order[line.line_no].quantity
            expected = TOO_MANY.format(figure(left), figure(sold), figure(sold - left))
            problems.append(Problem("退换数量 quantity", line.quantity, expected, row))
    listed = [line.line_no for line in form.lines]
    problems += [Problem("行号 line", no, "重复 is listed twice") for no in sorted({*listed}) if listed.count(no) > 1]
    if (form.ground is Ground.DEFECT or form.wish is Wish.REDUCTION) and not form.photos:
        problems.append(Problem("照片编号 photos", "", "质量问题或折价时必填 needed for a defect or a reduction"))
    if form.wish is Wish.CHANGE and not form.wanted:
        problems.append(Problem("改成 change to", "", "更改订单时必填 needed for a change"))
    if form.wish is Wish.CHANGE and any(one.signing_date for one in order.values()):
        problems.append(Problem("客户意愿 wish", form.wish.zh, "已签收，不能再更改 was delivered: nothing to change"))
    return problems


def judged(
    counted: Quantities, said: ReturnAppraised, tested: ReturnInspected | None, ground: Ground, claim: Claim
) -> Found:
    """Say what is accepted: defects are ours; others only without reason and intact, or with a deduction agreed on.

    What is not ours is treated as without reason where that rule holds; goodwill returns must be fit for resale.
    """
    states = {line.line_no: line for line in said.lines}
    tests = {line.line_no: line for line in tested.lines} if tested else {}
    fallback = ground is not Ground.DEFECT or eligible(claim, Ground.NO_REASON) is not None
    ours, plain, refused = Quantities(), Quantities(), Quantities()
    for no, many in counted.items():
        test, state = tests.get(no), states[no]
        ours[no] = (test.defective + (test.unclear if claim.unclear_ours else NONE)) if test else NONE
        left, fit = many - ours[no], state.resale if ground is Ground.SPECIAL else state.intact
        good = left if said.deduction else min(left, max(fit - ours[no], NONE) if not tests else min(fit, left))
        plain[no] = good if fallback else NONE
        refused[no] = left - plain[no]
    changed = sum(plain.values()) if tests else NONE
    differs = bool(changed or any(refused.values()) or said.deduction)
    deduction = said.deduction if any(plain.values()) else NONE
    resale, scrap = ({no: getattr(state, name) for no, state in states.items()} for name in ("resale", "scrap"))
    return Found(ours=ours, plain=plain, refused=refused, resale=resale, scrap=scrap, deduction=deduction,
                 differs=differs)  # fmt: skip


def share(total: Decimal, before: Decimal, many: Decimal, sold: Decimal) -> Decimal:
    """Give the part of a total that falls on so many pieces, after those before; all pieces together give the total."""
    upto = [(total * pieces / sold).quantize(CENT, ROUND_HALF_UP) for pieces in (before, before + many)]
    return upto[1] - upto[0]


def reckon(
    order: Sequence[Sold],
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
    less = {"优惠失效 the offer is lost": offer_lost(order, ours, plain)} | {"赠品留用 gift kept": gift}
    less |= {"约定扣款 deduction agreed": deduction}
    ours_any = any(ours.values())
    less["我方取货运费 our collection"] = freight if collected and not ours_any and any(plain.values()) else NONE
    rows += [MoneyRow(rule=rule, amount=-amount) for rule, amount in less.items() if amount]
    if ours_any and not collected and freight:
        rows.append(MoneyRow(rule="我方责任退垫付运费 freight advanced, ours", amount=freight))
    _spread(goods, sum(less.values(), NONE) + coupon)
    return Reckoning(rows=rows, coupon=coupon, goods=goods, delivery=delivery)


def offer_lost(order: Sequence[Sold], ours: Quantities, plain: Quantities) -> Decimal:
    """Give the discount of goods that are kept, where too few are kept for the offer: less what was taken off before."""
    if not any(plain.values()):
        return NONE
    before = {one.line_no: one.settled for one in order}
    after = {no: many + ours.get(no, NONE) + plain.get(no, NONE) for no, many in before.items()}
    return _discount_of_kept(order, after) - (_discount_of_kept(order, before) if any(before.values()) else NONE)


def _discount_of_kept(order: Sequence[Sold], back: Quantities) -> Decimal:
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


def exchanged(order: Sequence[Sold], back: Quantities, ours: Quantities, freight: Decimal, price: Decimal) -> Reckoning:
    """Reckon an exchange: the freight that was advanced where the fault is ours, and what another article costs more.

    `price`: of the other article, for all pieces; 0 where it is the same one.
    """
    rows = list[MoneyRow]()
    if any(ours.values()) and freight:
        rows.append(MoneyRow(rule="我方责任退垫付运费 freight advanced, ours", amount=freight))
    value = sum((share(one.price_paid, one.settled, back.get(one.line_no, NONE), one.quantity) for one in order), NONE)
    if price and price != value:
        rows.append(MoneyRow(rule="换货差价 price difference", amount=value - price))
    return Reckoning(rows=rows)


def reduced(order: Sequence[Sold], quantities: Quantities, percent: Decimal) -> Reckoning:
    """Reckon a reduction: a share of what was paid for the pieces, which stay with the customer."""
    rows, goods = list[MoneyRow](), Quantities()
    for sold in order:
        if many := quantities.get(sold.line_no):
            value = share(sold.price_paid, sold.settled, many, sold.quantity) * percent / 100
            goods[sold.line_no] = min(value.quantize(CENT, ROUND_HALF_UP), sold.price_paid - sold.refunded)
            rule = f"第{sold.line_no}行 折价 reduction {figure(percent)} % ×{figure(many)}"
            rows.append(MoneyRow(rule=rule, amount=goods[sold.line_no]))
    return Reckoning(rows=rows, goods=goods)
