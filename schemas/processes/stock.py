"""The words of stock keeping (DOMAIN, "Stock"; S3 §2, §3): transfers, counts, slips by hand."""

from schemas.words import Ending


class TransferEnding(Ending):
    """How a transfer between warehouses ends."""

    RECEIVED = "received", "已收讫", True
    SHORT = "settled_short", "差异已处理"
    NOT_SENT = "not_sent", "未调出"
    REJECTED = "rejected", "已驳回"
    WITHDRAWN = "withdrawn", "已撤回"
    TIMED_OUT = "timed_out", "逾期关闭"


class CountEnding(Ending):
    """How a stock count ends."""

    AGREED = "agreed", "账实相符", True
    ADJUSTED = "adjusted", "已按实盘调账", True
    WITHDRAWN = "withdrawn", "已撤回"
    TIMED_OUT = "timed_out", "逾期关闭"


class SlipEnding(Ending):
    """How a slip by hand ends."""

    BOOKED = "booked", "已记账", True
    MATCHED = "matched", "暂估已核对", True
    CORRECTED = "corrected", "暂估已更正", True
    REFUSED = "refused", "仓管拒绝"
    SENT_BACK = "not_accepted", "拒收"
    WITHDRAWN = "withdrawn", "已撤回"
    TIMED_OUT = "timed_out", "逾期关闭"
