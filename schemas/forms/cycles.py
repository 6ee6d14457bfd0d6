"""Cycle control: what is controlled, how far it is, and what is said of a penalty (DOMAIN 4)."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from schemas.forms.base import Decision, Form, Request
from schemas.forms.fields import CaseNo, Cell, Money, ReasonText, label, needed
from schemas.shapes import Shape, figure
from schemas.sheet_kinds import sheet
from schemas.words import Labelled, OrderState

SOURCE_HINT = "巡检会自动建立；单号例如 the watch opens it by itself; e.g. PA-2026-000123"
TO_REDUCE = "减少时必填 needed to reduce"


class CycleRequest(Request):
    """周期控制单: the case whose planned lines are to be controlled."""

    source: Annotated[CaseNo, label("来源单号", "Source", SOURCE_HINT)]


class ControlledOrder(Shape):
    """So many of a line that a unit was to make, counted from a day; `late_on` is the last day it came late."""

    line_no: int
    turn: int
    unit: str
    quantity: Decimal
    since: date
    days: int
    promised: date
    state: OrderState
    late_on: date | None = None

    @property
    def said(self) -> str:
        """How far it is."""
        late = f" 逾期 {self.late_on}" if self.late_on else ""
        return f"第{self.line_no}行 ×{figure(self.quantity)} 承诺 {self.promised} {self.state.zh}{late}"


class Pause(Shape):
    """The clock stood still from a day on, for the office or the customer; to a day, or still; of one line, or of all."""

    start: date
    end: date | None = None
    line_no: int | None = None

    @property
    def said(self) -> str:
        """From when to when."""
        return f"暂停 paused {self.start} → {self.end or ''}"


class CycleProgress(Form):
    """How far a unit is with what it was to make, and when the clock stood still."""

    orders: list[ControlledOrder]
    pauses: list[Pause]

    @property
    def open(self) -> list[ControlledOrder]:
        """What is still to be made."""
        return [order for order in self.orders if order.state == OrderState.OPEN]

    def pauses_of(self, line_no: int) -> list[Pause]:
        """When the clock of a line stood still."""
        return [pause for pause in self.pauses if pause.line_no in {None, line_no}]


class SourceEnded(Form):
    """The case whose lines are controlled is closed."""


class MonthEnded(Form):
    """A month is over: what was late in it is looked at."""


class UnitSays(Labelled):
    """What a unit may say of a penalty opinion."""

    CONSENT = "consent", "无异议"
    OBJECT = "object", "有异议"


class PenaltyVerdict(Labelled):
    """What becomes of a penalty opinion."""

    CONFIRM = "confirm", "确认"
    REDUCE = "reduce", "减少"
    DROP = "drop", "免除"


@sheet("penalty-answer", "处罚意见答复", signer=("责任部门", "E1032"), hints=("一行一份意见；逾期未答复视为同意。",))
class PenaltyAnswer(Decision):
    """处罚意见答复: the unit consents or objects, once."""

    verdict: Annotated[UnitSays, label("部门意见", "Answer"), Cell("无异议", "从列表中选择；空则跳过", 12)]
    reason: Annotated[ReasonText, needed("有异议时必填 needed to object")] = ""


@sheet("penalty", "处罚确认", signer=("客户服务部经理", "E1042"), hints=("一行一份意见；确认后才通知责任部门。",))
class PenaltyDecision(Decision):
    """处罚确认: confirmed, reduced or dropped; only then the unit is notified."""

    verdict: Annotated[PenaltyVerdict, label("处罚结论", "Verdict"), Cell("确认", "从列表中选择；空则跳过", 12)]
    amount: Annotated[Money, label("减至金额", "Reduced to (CNY)", TO_REDUCE), Cell(0, "减少时必填", 12)] = Field(
        0, validate_default=True
    )
    reason: Annotated[ReasonText, needed("减少或免除时必填 needed to reduce or drop")] = ""
