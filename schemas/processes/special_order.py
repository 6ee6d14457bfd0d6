"""The words of process 7, special order (DOMAIN 7)."""

from schemas.words import Ending


class SpecialEnding(Ending):
    """How a special order ends."""

    DELIVERED = "delivered", "已交付", True
    CANNOT_BE_MADE = "cannot_be_made", "无法生产"
    DECLINED = "declined", "客户不同意"
    LAPSED = "lapsed", "逾期未答复失效"
    REPLACED = "replaced", "按异常重新下单"
    REJECTED = "rejected", "已驳回"
    WITHDRAWN = "withdrawn", "已撤回"
    TIMED_OUT = "timed_out", "逾期关闭"
