"""What the office applies for and what everybody answers: the same question always gets the same answer."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from hypothesis import strategies as st
from sqlalchemy import Row

from schemas.answers import Answer, Turn
from schemas.words import Channel, EntryKind, Role
from tests.play import OWN_VAN, Play, line

ON_STOCK = line("P-HW-001", 4)  # 1860 are there
SCARCE, GLASS = line("P-HW-023", 9), line("P-GL-002", 5)  # 6 and 3 are there, the rest is made
PANEL, PAINTED = line("P-PB-001", 3, "缺件"), line("P-PT-001", 2)  # all is made
SUPERVISOR = "E1040"
HIRED = {"运输方式": "专车", "承运商": "德邦", "运费": 9000, "件数": 1}
SHORT = {"核对结果": "短少", "照片编号": "IMG-1"}


@dataclass(frozen=True)
class Plan:
    """How a case goes; the defaults are the shortest way.

    price      the reviewer's price of the first line: decides how far the ladder is climbed
    anomaly    what is done about every anomaly; 不属异常: its review finds that it is none
    freight    of the first form of 出库: needs no approval, gets it, or is refused, then own vans go
    release    what the SUPERVISOR says before the form of urgent goods; None leaves it open
    withdraw   the form on which the case is withdrawn instead of answered, once: what is left is counted then
    """

    lines: tuple[Mapping[str, Any], ...] = (ON_STOCK,)
    urgent: bool = False
    sent_back: bool = False
    price: int | None = None
    refused: bool = False
    partial: bool = False
    difference: bool = False
    anomaly: Literal["重新制作", "让步接收", "不属异常"] = "重新制作"
    freight: Literal["free", "approved", "refused"] = "free"
    release: Literal["先行放行", "不提前放行"] | None = None
    pickup: Literal["in order", "checked later", "short"] = "in order"
    withdraw: str | None = None
    order: str = "SO20260318-0042"

    def application(self) -> dict[str, Any]:
        """Fill in the application."""
        urgency = "加急" if self.urgent else "普通"
        customer = {"客户姓名": "凌霄", "客户电话": "13800009999", "客户地址": "松涛里9栋"}
        return {
            "办事处": "BJ",
            "申报人工号": "E1049",
            "订单号": self.order,
            "紧急程度": urgency,
            "明细": [dict(line) for line in self.lines],
            **customer,
        }

    def next_answer(self, play: Play, case: int) -> Answer | None:
        """Answer the item that is due first; a release before the form, if there is one. None: nothing is answered now."""
        items = {key: item for key, item in play.items(case).items() if item.role != Role.SYSTEM}
        keys = [key for key in items if not key.startswith("release")]
        if self.release and len(keys) < len(items):
            keys = [key for key in items if key.startswith("release")]
        if not keys:
            return None
        item = items[keys[0]]
        if self.withdraw and item.form.endswith(self.withdraw) and not item.step_key.endswith("-left"):
            return Answer("", {"经办人工号": SUPERVISOR, "撤回原因": "客户取消"}, Channel.CLI, EntryKind.WITHDRAWN)
        return Answer(item.step_key, play.answer(case, item.step_key, **self._fields(item)), Channel.CLI)

    def _fields(self, item: Row[Any]) -> dict[str, Any]:
        key, rows = item.step_key, item.prefill.get("明细", [])
        match item.form.split(":")[-1]:
            case "ReviewDecision" if self.sent_back and key == "review-1":
                return {"审核结论": "退回办事处", "原因": "请注明颜色"}
            case "ReviewDecision" if self.price:
                return {"明细": [rows[0] | {"单价": self.price}, *rows[1:]]}
            case "PartsResubmission":
                return {"明细": [rows[0] | {"颜色": "本色"}, *rows[1:]]}
            case "ApprovalDecision" if key.startswith("approve") and self.refused:
                return {"审批结论": "不同意", "原因": "金额过高"}
            case "ApprovalDecision" if key.startswith("freight") and self.freight == "refused":
                return {"审批结论": "不同意", "原因": "运费过高"}
            case "ProductionReport" if self.partial and key.startswith("produce-1") and key.endswith("-1"):
                return {"明细": [row | {"完成数量": 1} for row in rows]}
            case "GoodsInCount" if self.difference and key == "goods-in-1-1":
                return {"明细": [row | {"实收数量": row["实收数量"] - 1, "差异原因": "少装"} for row in rows]}
            case "AnomalyReviewDecision" if self.anomaly == "不属异常":
                return {"初审结论": "不同意", "原因": "数量无误"}
            case "AnomalyPlan":
                return {"处理办法": self.anomaly}
            case "GoodsOut":
                return HIRED if self.freight != "free" and key == "goods-out-1-1" else OWN_VAN
            case "EarlyRelease" if key == "release-early" and ON_STOCK not in self.lines:
                return {"放行结论": "不提前放行"}  # of the others nothing may be there
            case "EarlyRelease":
                return {"放行结论": self.release, "原因": "客户急用"}
            case "PickupConfirmation" if self.pickup == "checked later" and key == "pickup-1":
                return {"核对结果": "已提货未核对"}
            case "PickupConfirmation" if self.pickup == "short" and key == "pickup-1":
                return SHORT | {"明细": [rows[0] | {"完好数量": rows[0]["完好数量"] - 1}, *rows[1:]]}
        return {}


FAMILY = """
    WITH RECURSIVE family AS (
        SELECT id, 0 AS depth FROM service_case WHERE id = :root
        UNION ALL SELECT c.id, depth + 1 FROM family JOIN service_case c ON c.parent_id = family.id)
    SELECT id, depth, ready_at, EXISTS (
        SELECT 1 FROM letter l JOIN work_item i USING (case_id)
        WHERE case_id = id AND read_at IS NULL AND state = 'open' AND (l.kind = 'withdrawn' OR l.key = i.step_key)
    ) AS told FROM family JOIN service_case c USING (id) WHERE closed_at IS NULL ORDER BY id"""


def family_turns(play: Play, plans: Iterable[tuple[int, Plan]]) -> Iterator[Turn]:
    """Say what moves each open case next: those of plans, their anomalies, and what was ordered again, the shortest way."""
    for root, plan in plans:
        for row in play.rows(FAMILY, root=root):
            if row.ready_at or row.told:
                yield Turn(row.id)
            elif answer := (plan if row.depth < 2 else Plan()).next_answer(play, row.id):
                yield Turn(row.id, [answer])


RICH = Plan(
    lines=(ON_STOCK, SCARCE),
    sent_back=True,
    price=200,
    partial=True,
    difference=True,
    freight="refused",
    pickup="short",
)
TAKEN_BACK = Plan(lines=(ON_STOCK, PANEL), urgent=True, release="先行放行", withdraw="GoodsOut")
PLANS = st.builds(
    Plan,
    lines=st.lists(
        st.sampled_from([ON_STOCK, SCARCE, PANEL, PAINTED, GLASS]),
        min_size=1,
        max_size=3,
        unique_by=lambda line: str(line["配件名称"]),
    ).map(tuple),
    urgent=st.booleans(),
    sent_back=st.booleans(),
    price=st.sampled_from([None, 300, 2600, 13000]),
    refused=st.sampled_from([False] * 3 + [True]),
    partial=st.booleans(),
    difference=st.booleans(),
    anomaly=st.sampled_from(["重新制作", "让步接收", "不属异常"]),
    freight=st.sampled_from(["free", "approved", "refused"]),
    release=st.sampled_from([None, "先行放行", "不提前放行"]),
    pickup=st.sampled_from(["in order", "checked later", "short"]),
    withdraw=st.sampled_from(
        [None] * 4
        + ["ReviewDecision", "PlanDecision", "ProductionReport", "GoodsInCount", "GoodsOut"]
        + ["PickupConfirmation", "AnomalyPlan"]
    ),
)
