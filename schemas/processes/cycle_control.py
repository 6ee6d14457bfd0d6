"""The words of process 4, cycle control (DOMAIN 4)."""

from schemas.words import Ending


class CycleEnding(Ending):
    """How the control of a case's lines ends."""

    ON_TIME = "on_time", "按期完成", True
    LATE = "late", "逾期完成"
    PENALISED = "penalised", "逾期已处罚"
    WITHDRAWN = "withdrawn", "已撤回"
    TIMED_OUT = "timed_out", "逾期关闭"
