"""What is decided of an anomaly until process 6 takes over."""

from typing import Annotated

from schemas.forms.base import Decision
from schemas.forms.fields import Cell, ReasonText, label
from schemas.sheet_kinds import sheet
from schemas.words import Labelled


class AnomalyVerdict(Labelled):
    """What a supervisor decides of an anomaly until process 6 takes over."""

    REMAKE = "remake", "重新制作"
    ACCEPT = "accept_short", "接受短交"
    CLOSE = "close", "关闭本单"


@sheet("anomaly", "异常处理", signer=("客服主管", "E1040"), hints=("一行一项异常。",))
class AnomalyDecision(Decision):
    """异常处理: re-make, accept short, or close the case."""

    verdict: Annotated[AnomalyVerdict, label("处理意见", "Decision"), Cell("接受短交", "从列表中选择；空则跳过")]
    reason: Annotated[ReasonText, Cell("客户同意", "接受短交或关闭时必填", 30)] = ""
