"""The words of call audits 电话稽核 (DOMAIN, "Scheduled work"; S2, S1 1.2)."""

from schemas.words import Ending


class AuditEnding(Ending):
    """How the audit of a call ends."""

    SCORED = "scored", "评分生效", True
    OVERRULED = "overruled", "异议成立"
    WITHDRAWN = "withdrawn", "已撤回"
    TIMED_OUT = "timed_out", "逾期关闭"
