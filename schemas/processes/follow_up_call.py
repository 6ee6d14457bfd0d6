"""The words of follow-up calls 回访 (DOMAIN, "Scheduled work"; S2, S4)."""

from schemas.words import Ending


class CallEnding(Ending):
    """How a call to a customer ends."""

    SATISFIED = "satisfied", "回访满意", True
    UNSATISFIED = "unsatisfied", "回访不满意"
    REFUSED = "refused", "拒绝回访"
    NOT_REACHED = "not_reached", "未联系上"
    WRONG_NUMBER = "wrong_number", "号码有误"
    WITHDRAWN = "withdrawn", "已撤回"
    TIMED_OUT = "timed_out", "逾期关闭"
