"""The shapes that travel through a complaint."""

from datetime import datetime, time
from decimal import Decimal

from schemas.shapes import Shape, money
from schemas.words import Role


class Taken(Shape):
    """A contact as it was taken: the same matter as which case, for the how-manieth time, when an answer is due.

    same   the case by which the matter is followed, if that is open; same_no: its number
    """

    due: datetime
    gone_by: datetime
    duty: str = ""
    contacts: int = 1
    major_at: int = 0
    same: int | None = None
    same_no: str = ""

    @property
    def said(self) -> str:
        """On duty or not, and the same matter as which."""
        same = f"同一事项 {self.same_no} 第 {self.contacts} 次" if self.same_no else ""
        return " · ".join(filter(None, [self.duty, same]))


class Handler(Shape):
    """Who handles a complaint today, by name; a deputy or the SUPERVISOR where who does is on leave."""

    role: Role
    staff: str

    @property
    def said(self) -> str:
        """The role and the person."""
        return f"{self.role.zh} {self.staff}"


class ComplaintLimits(Shape):
    """How often what may be done; when an unsolved complaint becomes major; until when a day's promise is meant."""

    refused_plans: int
    transfers: int
    attempts: int
    missed_visits: int
    major_on: datetime
    day_ends: time


class UnitFault(Shape):
    """A unit's fault for which a penalty is proposed; `by` confirms it."""

    unit: str
    unit_name: str
    why: str
    amount: Decimal
    by: Role

    @property
    def brief(self) -> list[str]:
        """What a decider must see."""
        return [f"{self.unit_name} {self.unit} · 处罚 Penalty **{money(self.amount)} CNY**", self.why]

    @property
    def said(self) -> str:
        """Whom, and how much."""
        return f"{self.unit_name} {money(self.amount)} CNY"
