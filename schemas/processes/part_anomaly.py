"""The words of process 6, part anomaly (DOMAIN 6)."""

from schemas.words import Ending


class AnomalyEnding(Ending):
    """How a part anomaly ends."""

    SETTLED = "settled", "已处理", True
    REJECTED = "rejected", "已驳回"
    WITHDRAWN = "withdrawn", "已撤回"
    TIMED_OUT = "timed_out", "逾期关闭"
