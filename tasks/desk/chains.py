"""The arrow chains as S0 draws them, and by which steps of the ledger each arrow is passed (DOMAIN)."""

from collections.abc import Sequence
from typing import NamedTuple


class Arrow(NamedTuple):
    """A link of a chain.

    waits   step keys (or their beginnings) of the questions that are asked here
    proof   step keys (or their beginnings) of which one in the ledger says that the link was passed
    """

    title: str
    waits: Sequence[str]
    proof: Sequence[str]


CHAINS: dict[str, Sequence[Arrow]] = {
    "PA": [
        Arrow("办事处申报", ["resubmit-"], ["register-lines"]),
        Arrow("审核修正", ["review-", "approve-"], ["record-review-"]),
        Arrow("录入系统", ["order-number"], ["order-number"]),
        Arrow("周期确认", ["cycle-"], ["find-cycle-"]),
        Arrow("计划确认", ["plan-"], ["confirm-plan-"]),
        Arrow("车间生产", ["produce-", "anomaly-"], ["record-production-"]),
        Arrow("出货入库", ["goods-in-"], ["goods-in-"]),
        Arrow("入库制票", [], ["book-goods-in-"]),
        Arrow("出库", ["goods-out-", "release-", "freight-"], ["release-goods-"]),
        Arrow("出库制票", [], ["dispatch-goods-"]),
        Arrow("催提", ["pickup-", "check-", "anomaly-pickup-"], ["confirm-receipt-"]),
    ]
}
