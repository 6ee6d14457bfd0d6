"""Who must approve the freight of a shipment (DOMAIN "Freight rules", S3 §3 3.2), and what an office may find; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal
from typing import assert_never

from schemas.forms.logistics import FreightMethod, GoodsCheck, GoodsOut, PickupConfirmation, PickupFound
from schemas.problems import Problem
from schemas.shapes import Shape, money
from schemas.spelling import alike
from schemas.words import Role
from tasks.lines.rules import known_lines
from tasks.unit.work import SHANGHAI

CARRIER, FREIGHT = "承运商 carrier", "运费 freight"
ARRIVED, FOUND = "到货日期 arrived on", "核对结果 check"
GOOD = "完好数量 good"
SAY_WHAT_IS_WRONG = "完好数量少于发货，请选短少、损坏或货不对单 less arrived in good order: say what is wrong"
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class FreightLimits:
    """Policy: the free share over a route's reference price (0.10 = 10 %), what express may cost, who approves more."""

    hired_over: Decimal
    express_free: Decimal
    approvers: Mapping[FreightMethod, Role]


class FreightRuling(Shape):
    """The role that must approve a shipment's freight, None where it is free to use, and why."""

    role: Role | None
    reason: str

    @property
    def said(self) -> str:
        """Who must approve, and why."""
        return " · ".join([*([self.role.zh] if self.role else []), f"原因 {self.reason}"])


def freight_approval(
    method: FreightMethod, freight: Decimal, reference_price: Decimal | None, limits: FreightLimits
) -> FreightRuling:
    """Rule on the freight of one shipment in CNY; a reference price that is not above zero counts as none."""
    if not freight.is_finite() or freight < 0:
        raise ValueError(f"freight is {freight}, expected an amount in CNY of 0 or more: correct the shipment's form")
    match method:
        case FreightMethod.HIRED:
            return _hired(freight, reference_price, limits.hired_over, limits.approvers[method])
        case FreightMethod.EXPRESS:
            cost, limit = money(freight), money(limits.express_free)
            zh, en = f"快递费 {cost} 元，免批上限 {limit} 元", f"Express costs CNY {cost}, free up to CNY {limit}"
            return _within(limits.express_free, freight, zh, en, limits.approvers[method])
        case FreightMethod.AIR:
            return _needs(limits.approvers[method], "空运每次均须审批", "Air freight needs approval each time")
        case FreightMethod.OWN:
            return FreightRuling(role=None, reason="自有车辆免批。 / Own transport needs no approval.")
        case _:
            assert_never(method)


def _hired(freight: Decimal, reference: Decimal | None, over: Decimal, role: Role) -> FreightRuling:
    cost = money(freight)
    if reference is None or reference <= 0:
        zh = f"该线路没有参考运价，专车运费 {cost} 元须逐单审批"
        en = f"The route has no reference price: hired transport for CNY {cost} needs approval"
        return _needs(role, zh, en)
    limit, share = reference * (1 + over), f"{(over * 100).normalize():f}%"
    shown, price = money(limit.quantize(_CENT, ROUND_DOWN)), money(reference)  # rounded up it would promise too much
    zh = f"专车运费 {cost} 元，免批上限 {shown} 元（参考运价 {price} 元上浮 {share}）"
    en = f"Hired transport costs CNY {cost}, free up to CNY {shown} (reference price {price} + {share})"
    return _within(limit, freight, zh, en, role)


def _within(limit: Decimal, freight: Decimal, zh: str, en: str, role: Role) -> FreightRuling:
    if freight <= limit:
        return FreightRuling(role=None, reason=f"{zh}，无须审批。 / {en}: no approval needed.")
    return _needs(role, f"{zh}，超出须审批", f"{en}: above it, approval is needed")


def _needs(role: Role, zh: str, en: str) -> FreightRuling:
    return FreightRuling(role=role, reason=f"{zh}，请提交{role.zh}审批。 / {en}; ask {role.value} to approve it.")


def carrier_problems(form: GoodsOut, carriers: Mapping[str, FreightMethod]) -> list[Problem]:
    """Check carrier and freight: own vehicles are the fleet's and free, any other carrier is paid (DOMAIN 1.9).

    A known carrier goes as it does: air freight is no hired transport, whatever the form says.
    """
    own, free = form.method == FreightMethod.OWN, not form.freight
    goes = {alike(word): method for word, method in carriers.items()}.get(alike(form.carrier))
    if own and goes != FreightMethod.OWN:
        fleet = "、".join(sorted(word for word, method in carriers.items() if method == FreightMethod.OWN))
        expected = f"自有车辆须为{fleet} own vehicles are the fleet's: any other carrier is hired"
        return [Problem(CARRIER, form.carrier, expected)]
    if goes == FreightMethod.OWN and not own:
        return [Problem(CARRIER, form.carrier, "集团车队请选自有车辆 is our fleet: choose own vehicles")]
    if goes and goes != form.method:
        expected = f"不做{form.method.zh}，请选{goes.zh} does not go by {form.method.value}: choose {goes.value}"
        return [Problem(CARRIER, form.carrier, expected)]
    if own == free:
        return []
    for_own, for_hired = "自有车辆不计运费，请填 0 own vehicles are free: enter 0", "须填运费 must be above 0"
    return [Problem(FREIGHT, form.freight, for_own if own else for_hired)]


def found_problems(form: PickupConfirmation | GoodsCheck, sent: Mapping[int, Decimal]) -> list[Problem]:
    """Check what an office says of the goods: never more than was sent, and its lines and its finding agree."""
    if problems := known_lines([line.line_no for line in form.lines], sent):
        return problems
    problems = [
        Problem(GOOD, line.good, f"发货 {sent[line.line_no]:f} at most what was sent", row)
        for row, line in enumerate(form.lines, start=1)
        if line.good > sent[line.line_no]
    ]
    fine = form.found in {PickupFound.IN_ORDER, PickupFound.NOT_CHECKED}
    less = any(line.good < sent[line.line_no] for line in form.lines)
    if fine and less:
        problems.append(Problem(FOUND, form.found.zh, SAY_WHAT_IS_WRONG))
    if not fine and not less:
        problems.append(Problem(GOOD, form.found.zh, "请在明细中填写每行完好数量 enter what arrived in good order"))
    if form.found in {PickupFound.DAMAGED, PickupFound.MISMATCH} and not form.photos:
        expected = "损坏或货不对单须附照片编号 damage and mismatch need photo references"
        problems.append(Problem("照片编号 photos", "", expected))
    return problems


def arrival_problems(form: PickupConfirmation, finding_on: date | None) -> list[Problem]:
    """Check what others than the office say: that the goods arrived, no more; a SUPERVISOR finds it as of today."""
    if form.found != PickupFound.NOT_CHECKED:
        expected = f"只有办事处可以核对，请选{PickupFound.NOT_CHECKED.zh} only the office says what it found"
        return [Problem(FOUND, form.found.zh, expected)]
    if finding_on and form.arrived_on != finding_on:
        expected = f"核对期限自认定之日起算，请填今天 {finding_on} the term counts from the finding: enter today"
        return [Problem(ARRIVED, form.arrived_on, expected)]
    return []


def late_problems(found: PickupFound, ends: datetime, now: datetime) -> list[Problem]:
    """Check that an office reports what is wrong within the check's term, whatever form it uses (DOMAIN 1.11)."""
    fine = found in {PickupFound.IN_ORDER, PickupFound.NOT_CHECKED}
    return [] if fine else unchecked_problems(FOUND, found.zh, ends, now)


def unchecked_problems(field: str, said: object, ends: datetime, now: datetime) -> list[Problem]:
    """Refuse what is said of goods after the check's term."""
    at = f"{ends.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    expected = f"应在 {at} 前核对，逾期损失由办事处承担 had to be reported by then: the loss is the office's"
    return [] if now < ends else [Problem(field, said, expected)]
