"""The shapes that travel through a part anomaly: what is wrong, who is responsible, what came of it."""

from decimal import Decimal
from typing import Self

from schemas.forms.anomalies import AnomalyKind, AnomalyPlan, PartyKind, Whereabouts
from schemas.parts import NOTHING_MISSING, Goods, Outcome
from schemas.shapes import Shape, figure, money
from schemas.words import Reason, Role


class Anomaly(Goods):
    """So many of a line of the case `source` about which something is wrong.

    applicant   who applied for the source; reporter: who found what is wrong
    before      how many anomalies the order has had, of which this case is a re-order's
    together    the source's goods leave together, and these have not left; left: how many of these have
    refusals    how many of its plans leaders may refuse before the MANAGER decides
    """

    source: str
    price: Decimal
    reason: Reason
    kind: AnomalyKind
    found: str
    photos: str
    reporter: str
    applicant: str
    reviewer: Role
    together: bool
    left: Decimal
    before: int
    refusals: int

    @property
    def said(self) -> str:
        """What is wrong with how many of which part."""
        return f"{self.source} 第{self.line_no}行 {self.name} ×{figure(self.quantity)} {self.kind.zh}：{self.found}"

    @property
    def barred(self) -> set[str]:
        """Who may not approve anything of it."""
        return {self.applicant, self.reporter}

    def brief(self) -> list[str]:
        """What deciders must see."""
        shown = f"{self.source} · 第{self.line_no}行 **{self.name}** × {figure(self.quantity)} · {self.kind.option}"
        return [shown, self.found, *([f"照片 photos {self.photos}"] if self.photos else [])]


PUNISHED = "延期已另处罚 {} CNY the delay costs a penalty already"


class Blame(Shape):
    """Who is responsible for how much, and why: a party by its code, who answers for it; UNKNOWN: the department pays."""

    kind: PartyKind
    party: str
    name: str
    cost: Decimal
    evidence: str

    @property
    def said(self) -> str:
        """Who pays how much, and why."""
        return " · ".join(filter(None, [self.kind.zh, self.name, f"{money(self.cost)} CNY", self.evidence]))

    @property
    def answers(self) -> Role:
        """Who answers for the party: PLANNER for suppliers, LOGISTICS for carriers (DOMAIN-BRANCHES 6)."""
        return ANSWERS[self.kind]

    def beyond(self, penalty: Decimal) -> Self:
        """Cost only what the unit does not pay as a penalty for the same delay."""
        cost, told = max(self.cost - penalty, Decimal(0)), f"{self.evidence}；{PUNISHED.format(money(penalty))}"
        return self.model_copy(update={"cost": cost, "evidence": told}) if penalty else self

    @property
    def unit(self) -> str | None:
        """The production unit whose people answer; None where no unit is responsible."""
        return self.party if self.kind == PartyKind.UNIT else None


ANSWERS = {
    PartyKind.UNIT: Role.WORKSHOP,
    PartyKind.WAREHOUSE: Role.WAREHOUSE,
    PartyKind.CARRIER: Role.LOGISTICS,
    PartyKind.REVIEWER: Role.PARTS_REVIEWER,
    PartyKind.OFFICE: Role.OFFICE,
    PartyKind.SUPPLIER: Role.PLANNER,
}


def told_of(plan: AnomalyPlan, found: Anomaly) -> Outcome:
    """Give what the source is told of a plan."""
    there = plan.goods != Whereabouts.NONE or found.kind in NOTHING_MISSING
    line = {"line_no": found.line_no, "quantity": found.quantity, "there": there, "left": found.left}
    reduction = plan.reduction if there else Decimal(0)
    return Outcome(
        remedy=plan.remedy, goods=plan.goods, address=plan.address, day=plan.day, reduction=reduction, **line
    )


def said_of(plan: AnomalyPlan) -> str:
    """Say a plan in words, without contact data."""
    more = [str(plan.day) if plan.day else "", f"折让 {money(plan.reduction)} CNY" if plan.reduction else "", plan.note]
    goods = f"货物去向 {plan.goods.zh}" if plan.goods != Whereabouts.NONE else ""
    return " · ".join(filter(None, [plan.remedy.zh, goods, *more]))
