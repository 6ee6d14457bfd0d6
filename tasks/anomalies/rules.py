"""What must hold of an anomaly's report, plan and responsibility, and who approves the plan (DOMAIN 6); pure."""

from collections.abc import Collection, Mapping, MutableMapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from schemas.forms.anomalies import (
    AnomalyKind,
    AnomalyPlan,
    AnomalyReport,
    PartyKind,
    Remedy,
    ResponsibilityFound,
    Whereabouts,
)
from schemas.parts import COMES_AGAIN, ORDERS_AGAIN
from schemas.problems import Problem
from schemas.shapes import figure
from schemas.spelling import Known
from schemas.words import Role
from tasks.anomalies.shapes import Anomaly, Blame
from tasks.approvals.rules import LADDER, Limits, covers

SOURCE, LINE, PLAN, PARTY = "来源单号 case", "行号 line", "处理办法 remedy", "责任方 party"
NO_CASE = "没有这张单，请核对单号 no such case: check the number"
CLOSED = "已结案，不能再报异常 is closed: nothing is reported of it any more"
ENDED = "该行已结束，不能再报异常 the line has ended: nothing is reported of it any more"
CLAIMED = "，其余已报异常或已同意不要 the rest was reported already, or accepted as missing"
OTHERS = "是其他办事处的单 is another office's case"
NOT_SOLD = "销售记录中此订单没有可退的商品 nothing of the order, by its sales record, is left to refund"
NONE_MISSING = "没有短缺，不需重做 nothing is missing: choose another remedy"
NO_PARTY = "没有这个{}，请填编码或名称 there is none by this code or name"
ONLY_FOR = {Remedy.REDIRECT: AnomalyKind.WRONG_ADDRESS, Remedy.NEW_DATE: AnomalyKind.DELAYED}
FOR_ONE = {  # field of a plan → its label, its remedy, what is said where that lacks it, and where another one has it
    "address": (
        "新地址 address",
        Remedy.REDIRECT,
        "改送时必填 is required to redirect",
        "只用于改送 is only to redirect",
    ),
    "consent": ("申报方同意 consent", Remedy.ACCEPT, "让步接收时必填 the reporter's consent is required", ""),
    "day": (
        "新日期 day",
        Remedy.NEW_DATE,
        "改期时必填 is required for a new date",
        "只用于改期 is only for a new date",
    ),
    "reduction": ("折让金额 reduction", Remedy.ACCEPT, "", "只用于让步接收 is only for what is accepted"),
}
STAYS = "不重新下单的货留在原处，或无实物 what is not ordered again stays where it is, or is not there"
STAYING = {Whereabouts.KEPT, Whereabouts.NONE}
TO_REPAIR = "返修须有实物，先留在原处，由返修单收取 goods to be repaired are there and stay: the repair takes them in"
NOT_THERE = {AnomalyKind.MISSING, AnomalyKind.DELAYED}
WITHOUT_PARTY = {PartyKind.WAREHOUSE, PartyKind.UNKNOWN}


class Party(NamedTuple):
    """Somebody who may be responsible."""

    code: str
    name: str


class Source(NamedTuple):
    """The case about which something is reported, and its lines by number.

    claimed   how many of each others claim already; gone: how many left the house and are in no report
    """

    case: Any
    lines: Mapping[int, Any]
    claimed: MutableMapping[int, Decimal]
    gone: MutableMapping[int, Decimal]

    def left(self, line_no: int, quantity: Decimal, by_office: bool) -> Decimal:
        """Say how many of so many reported pieces, not claimed yet, have left the house.

        An office speaks of those first, the house of those that it has.
        """
        line, none = self.lines[line_no], Decimal(0)
        free: Decimal = max(line.quantity - line.replaced - self.claimed.get(line_no, none), none)
        gone = min(self.gone.get(line_no, none), free)
        return min(quantity if by_office else max(quantity - (free - gone), none), gone)


def source_problems(report: AnomalyReport, source: Source | None, office: str) -> list[Problem]:
    """Say what is wrong with a report that somebody made: an open line of an open case of the own office."""
    if source is None or not source.lines:
        return [Problem(SOURCE, report.source, NO_CASE)]
    if source.case.office != office:
        return [Problem(SOURCE, report.source, OTHERS)]
    if source.case.closed_at:
        return [Problem(SOURCE, report.source, CLOSED)]
    line = source.lines.get(report.line_no)
    if line is None:
        listed = ", ".join(map(str, sorted(source.lines)))
        return [Problem(LINE, report.line_no, f"应为 must be one of {listed}")]
    left = line.quantity - line.replaced
    if not (line.open and left):
        return [Problem(LINE, report.line_no, ENDED)]
    claimed = source.claimed.get(report.line_no, Decimal(0))
    if report.quantity > left - claimed:
        expected = f"最多 {figure(max(left - claimed, Decimal(0)))} at most what the line has"
        return [Problem("数量 quantity", report.quantity, expected + (CLAIMED if claimed else ""))]
    return []


def remedy_problems(
    plan: AnomalyPlan, found: Anomaly, today: date, part: Problem | None, sold: Collection[int]
) -> list[Problem]:
    """Say what is wrong with a plan; `part`: why the part cannot be ordered; `sold`: lines of the order not back yet."""
    remedy, problems = plan.remedy, list[Problem]()
    if remedy == Remedy.REFUND and not sold:
        problems.append(Problem(PLAN, remedy.zh, NOT_SOLD))
    if remedy in COMES_AGAIN:
        if found.kind in {AnomalyKind.NOTED, AnomalyKind.WRONG_ADDRESS}:
            problems.append(Problem(PLAN, remedy.zh, NONE_MISSING))
        problems += [part] if part else []
    if remedy == Remedy.REPAIR and (found.kind in NOT_THERE or plan.goods != Whereabouts.KEPT):
        problems.append(Problem("货物去向 goods", plan.goods.zh, TO_REPAIR))
    if (only := ONLY_FOR.get(remedy, found.kind)) != found.kind:
        problems.append(Problem(PLAN, remedy.zh, f"只用于{only.zh} is only for {only.option}"))
    for name, (field, its, needed, others) in FOR_ONE.items():
        value = getattr(plan, name)
        if needed and remedy == its and not value:
            problems.append(Problem(field, "", needed))
        if others and remedy != its and value:
            problems.append(Problem(field, value, others))
    if plan.day and plan.day < today:
        problems.append(Problem("新日期 day", plan.day, "不能早于今天 must not be in the past"))
    if remedy not in COMES_AGAIN and plan.goods not in STAYING:
        problems.append(Problem("货物去向 goods", plan.goods.zh, STAYS))
    return problems


def party_problems(form: ResponsibilityFound, parties: Mapping[PartyKind, Known[Party]], office: str) -> list[Problem]:
    """Say what is wrong with a finding: a party that does not exist, another office, no evidence."""
    kind, problems = form.party_kind, list[Problem]()
    if kind not in WITHOUT_PARTY or (form.party and kind != PartyKind.UNKNOWN):
        known = parties[kind]
        if form.party not in known:
            expected = NO_PARTY.format(kind.zh) + known.meant(form.party)
            problems.append(Problem(PARTY, form.party, expected))
        elif kind == PartyKind.OFFICE and known[form.party].code != office:
            problems.append(Problem(PARTY, form.party, "应为本单的办事处 must be the case's own office"))
    if kind != PartyKind.UNKNOWN and not form.evidence:
        problems.append(Problem("责任依据 evidence", "", "责任方已明时必填 is required where a party is named"))
    return problems


def blame_of(form: ResponsibilityFound, parties: Mapping[PartyKind, Known[Party]]) -> Blame:
    """Name the party by its code; a finding that names nobody of its kind means the first of them, or the department."""
    kind = form.party_kind
    if kind == PartyKind.UNKNOWN:
        party = Party("", "")
    else:
        party = parties[kind][form.party] if form.party else next(iter(parties[kind].values()))
    return Blame(kind=kind, party=party.code, name=party.name, cost=form.cost, evidence=form.evidence)


def amount_of(plan: AnomalyPlan, found: Anomaly, cost: Decimal) -> Decimal:
    """Give the amount by which the ladder is climbed: the new goods or the reduction, at least the cost, CNY."""
    again = found.quantity * found.price if plan.remedy in ORDERS_AGAIN else Decimal(0)
    return max(again, plan.reduction, cost)


def least_leader(amount: Decimal, limits: Limits, before: int) -> Role:
    """Give the lowest rung that must approve a plan: a leader at least, of a re-order one higher than the amount asks for.

    The third anomaly of an order is approved by the MANAGER at least.
    """
    enough = next(place for place, rung in enumerate(LADDER) if place and covers(limits[rung], amount))
    return LADDER[min(enough + min(before, 1), len(LADDER) - 1)]
