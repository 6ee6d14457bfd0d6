"""By which rule goods come back, and what is paid for them: the rule table and the refund (DOMAIN-BRANCHES 5); pure.

Every number is policy data, † marks the law as we know it, to be checked by counsel.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from schemas.forms.returns import Ground, ReturnAppraised, ReturnInspected, ReturnRequest, Wish
from schemas.forms.sales import SalesChannel
from schemas.problems import Problem
from schemas.shapes import figure
from tasks.applications.warranty import add_months
from tasks.cycle.rules import Calendar, is_working_day
from tasks.returns.shapes import NONE, Claim, Found, Held, Quantities, SoldLine

CENT = Decimal("0.01")
NO_SALE = "销售记录中没有此订单，不能退换 was never sold: nothing of it can come back"
NO_LINE = "订单没有这一行，应为 the order has no such line, must be one of {}"
TOO_MANY = "最多 {} at most: 售出 sold {}，已退或待退 back or claimed already {}"
OTHERS = "与销售记录不符，不是此订单的客户 is not the customer of the order"
AHEAD = "{} 的换货已先发，旧货 {} 件未退回，须先退回 the exchange went ahead of these goods: fill in its number"
ONLY_EXCHANGE = "换货已先发，须填“换货” the exchange went ahead: it can be nothing else"
ALL_AHEAD = "须为未退回的 {} 件（可分次到货） must be all that have not come back; they may come in parts"
Policy = Callable[[str], Any]


class ReturnRule(NamedTuple):
    """A row of the rule table.

    ends     the last day for a sale by the policies; None: it cannot hold; date.max: it does not end, or has not begun
    law      a last day that is a day of rest moves on (Civil Code 203); never so for our own terms
    wishes   what it allows; by_manager: what it allows only where the MANAGER says so
    """

    code: str
    ground: Ground
    name: str
    source: str
    begins: Callable[[SoldLine], date | None]
    ends: Callable[[SoldLine, date, Policy], date]
    law: bool = True
    wishes: tuple[Wish, ...] = tuple(Wish)
    by_manager: tuple[Wish, ...] = ()
    when: Callable[[SoldLine, ReturnRequest], bool] = lambda _sold, _form: True


def _used(sold: SoldLine) -> date | None:
    """From when defects count: an exchange starts it anew, what needs installation counts from its completion."""
    return sold.exchanged_on or sold.installation_date or sold.signing_date


def _days(name: str) -> Callable[[SoldLine, date, Policy], date]:
    return lambda _sold, begun, policy: begun + timedelta(days=policy(name))


def _months(name: str) -> Callable[[SoldLine, date, Policy], date]:
    return lambda _sold, begun, policy: add_months(begun, policy(name))


REMOTE = SalesChannel.REMOTE.value
TABLE = (
    ReturnRule("factory", Ground.DEFECT, "出厂三个月内质量问题 defect within the months of the factory date", "S3 §8 5.1.4",
         lambda sold: sold.exchanged_on or sold.factory_date, _months("rf.factory_months"), law=False,
         when=lambda _sold, form: bool(form.photos)),
    ReturnRule("defect", Ground.DEFECT, "签收七日内质量问题 defect within the days of signing", "LAW", _used,
         _days("rf.defect_days")),
    ReturnRule("unqualified", Ground.DEFECT, "主管机关认定不合格 found unqualified by an authority", "LAW †", _used,
         lambda _sold, _begun, _policy: date.max, by_manager=(Wish.RETURN,),
         when=lambda _sold, form: bool(form.unqualified)),
    ReturnRule("later", Ground.DEFECT, "三包期内质量问题，换货或维修 later defect: exchange or repair", "消法24 †", _used,
         _months("warranty.default_months"), law=False, by_manager=(Wish.RETURN,)),
    ReturnRule("unsigned", Ground.NO_REASON, "尚未签收 not signed for yet", "S1 1.1.6, S2",
         lambda sold: None if sold.signing_date else sold.factory_date, lambda _sold, _begun, _policy: date.max,
         when=lambda sold, _form: not (sold.delivery_date and sold.custom_confirmed)),
    ReturnRule("remote", Ground.NO_REASON, "远程购买七日无理由 remote sale, without reason", "LAW, S2",
         lambda sold: sold.signing_date, _days("rf.no_reason_days"),
         wishes=(Wish.RETURN, Wish.EXCHANGE),
         when=lambda sold, _form: sold.channel == REMOTE and not sold.custom_confirmed),
)  # fmt: skip
SPECIAL = Held(code="special", ground=Ground.SPECIAL, name="经理特批 the MANAGER's special approval", source="S3 §8 5.1.4",
               by_manager=tuple(Wish))  # fmt: skip


def held_rules(
    form: ReturnRequest, order: Mapping[int, SoldLine], asked_on: date, policy: Policy, calendar: Calendar
) -> list[Held]:
    """Give the rules that hold for all lines of a request on the day of it; days in repair do not count."""
    held = list[Held]()
    for rule in TABLE:
        sold = [order[line.line_no] for line in form.lines]
        begun = [day for one in sold if (day := rule.begins(one)) and rule.when(one, form)]
        ends = [_last(rule, one, day, policy, calendar) for one, day in zip(sold, begun, strict=False)]
        if len(begun) == len(sold) and asked_on <= (last := min(ends)):
            about = {name: getattr(rule, name) for name in Held.model_fields if name in ReturnRule._fields}
            held.append(Held(**about, first=max(begun), last=None if last == date.max else last))
    return held


def _last(rule: ReturnRule, sold: SoldLine, begun: date, policy: Policy, calendar: Calendar) -> date:
    last = rule.ends(sold, begun, policy)
    if last == date.max:
        return last
    last += timedelta(days=sold.repair_days if rule.ground is Ground.DEFECT else 0)
    while rule.law and not is_working_day(calendar, last):
        last += timedelta(days=1)
    return last


def eligible(claim: Claim, ground: Ground, wish: Wish) -> Held | None:
    """Give the first rule that allows a wish on a ground; special approval is always one."""
    allowed = (one for one in claim.rules if one.ground is ground and wish in one.wishes)
    return SPECIAL if ground is Ground.SPECIAL else next(allowed, None)


def burden_is_ours(order: Sequence[SoldLine], asked_on: date, months: int) -> bool:
    """Say whether an unclear test counts as ours: within so many months of receipt (consumer act 23)."""
    begun = [_used(one) for one in order]
    return all(day is None or asked_on <= add_months(day, months) for day in begun)


def request_problems(
    form: ReturnRequest, customer: tuple[str, str], order: Mapping[int, SoldLine], free: Mapping[int, Decimal]
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


def unreturned_problems(form: ReturnRequest, number: str, pieces: Decimal) -> list[Problem]:
    """Check a request about an order of which so many pieces were exchanged by a case and have not come back."""
    if form.reopens != number:
        return [Problem("原退换单号 reopens", form.reopens, AHEAD.format(number, figure(pieces)))]
    wrong = [] if form.wish is Wish.EXCHANGE else [Problem("客户意愿 wish", form.wish.zh, ONLY_EXCHANGE)]
    asked = sum((line.quantity for line in form.lines), NONE)
    return wrong if asked == pieces else [*wrong, Problem("退换数量 quantity", asked, ALL_AHEAD.format(figure(pieces)))]


def at_most_paid(field: str, amount: Decimal, order: Sequence[SoldLine], quantities: Quantities) -> list[Problem]:
    """Check what is taken off of goods against what was paid for them."""
    most = worth(order, quantities)
    expected = f"最多 {figure(most)} at most what was paid for the goods"
    return [Problem(field, amount, expected)] if amount > most else []


def worth(order: Sequence[SoldLine], quantities: Quantities) -> Decimal:
    """Give what was paid for so many of each line."""
    each = (one.price_paid * quantities.get(one.line_no, NONE) / one.quantity for one in order)
    return sum(each, NONE).quantize(CENT)


def judged(
    counted: Quantities, said: ReturnAppraised, tested: ReturnInspected | None, ground: Ground, claim: Claim, wish: Wish
) -> Found:
    """Say what is accepted: defects are ours; others only without reason and intact, or with a deduction agreed on.

    What is not ours is treated as without reason where that rule holds; goodwill returns must be fit for resale.
    """
    states = {line.line_no: line for line in said.lines}
    tests = {line.line_no: line for line in tested.lines} if tested else {}
    fallback = ground is not Ground.DEFECT or eligible(claim, Ground.NO_REASON, wish) is not None
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
