"""The words of process 1, parts application (DOMAIN 1)."""

from schemas.words import Ending


class PartsEnding(Ending):
    """How a parts application ends."""

    DELIVERED = "delivered", "已交付", True
    REJECTED = "rejected", "已驳回"
    WITHDRAWN = "withdrawn", "已撤回"
    REPLACED = "replaced", "按异常重新下单"
    TIMED_OUT = "timed_out", "逾期关闭"
