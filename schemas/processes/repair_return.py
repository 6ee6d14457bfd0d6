"""The words of process 2, repair return, and of the lists by which its goods travel (DOMAIN 2)."""

from schemas.words import Ending


class RepairEnding(Ending):
    """How a repair return ends, and each of its lines; of several lines the first of these counts."""

    REPAIRED = "repaired", "已修复交付", True
    UNREPAIRED = "returned_unrepaired", "未修退回"
    SCRAPPED = "scrapped", "已报废"
    REPLACED = "replaced", "按异常重新下单"
    NEVER_SENT = "never_sent_back", "逾期未返件"
    REJECTED = "rejected", "已驳回"
    WITHDRAWN = "withdrawn", "已撤回"
    TIMED_OUT = "timed_out", "逾期关闭"


class ListEnding(Ending):
    """How a 返件清单 ends."""

    RECEIVED = "received", "已收齐", True
    CANCELLED = "cancelled", "已作废"
    LOST = "lost", "在途丢失"
    SENT_BACK = "sent_back", "未申报退回"
    WITHDRAWN = "withdrawn", "已撤回"
    TIMED_OUT = "timed_out", "逾期关闭"
