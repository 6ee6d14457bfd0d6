"""Settlement 结算: a party objects, the SUPERVISOR decides, FINANCE confirms (DOMAIN, "settlement"; DOMAIN-BRANCHES)."""

from typing import Annotated, ClassVar

from schemas.forms.base import Decision
from schemas.forms.fields import Day, Name, label
from schemas.forms.objections import Objection, Ruling

_ANY_DAY = "该月任意一天 any day of the month that is settled"
Month = Annotated[Day, label("结算月份", "Month", _ANY_DAY)]
Party = Annotated[
    Name, label("结算方", "Party", "办事处、单位、承运商的名称或编码 name or code of office, unit or carrier")
]


class SettlementObjection(Objection):
    """结算异议: an office, unit or carrier does not agree with what is settled with it."""

    first: ClassVar = ("month", "party")
    month: Month
    party: Party


class SettlementRuling(Ruling):
    """异议裁定: the SUPERVISOR finds the party right, so that its items wait for the next period, or not."""

    first: ClassVar = ("month", "party", "verdict")
    month: Month
    party: Party


class SettlementConfirmed(Decision):
    """结算确认: FINANCE confirms a settlement, which goes to the finance system."""

    first: ClassVar = ("month",)
    month: Month
