"""The words of process 5, returns and refunds (DOMAIN 5)."""

from schemas.words import Ending


class ReturnEnding(Ending):
    """How a return ends."""

    REFUNDED = "refunded", "已退款", True
    PARTLY_REFUNDED = "partly_refunded", "部分退款", True
    EXCHANGED = "exchanged", "已换货", True
    REDUCED = "reduced", "已折价", True
    CANCELLED = "cancelled_before_shipment", "发货前取消", True
    CHANGED = "changed", "已更改订单", True
    LOST = "lost", "途中丢失"
    NEVER_RETURNED = "never_returned", "逾期未返货"
    REFUSED = "refused", "不予退换"
    WITHDRAWN = "withdrawn", "已撤回"
    TIMED_OUT = "timed_out", "逾期关闭"
