"""The words of process 3, complaint and enquiry, and of its duty roster (DOMAIN 3)."""

from schemas.words import Ending


class ContactEnding(Ending):
    """How what a customer called about ends."""

    ANSWERED = "answered", "已答复", True
    SETTLED = "settled", "已解决", True
    REPAIRED = "repaired", "已维修", True
    ADOPTED = "adopted", "建议已采纳", True
    NOT_ADOPTED = "not_adopted", "建议未采纳"
    APPENDED = "appended", "并入原投诉"
    INVALID = "invalid", "无效投诉"
    NOT_OURS = "not_ours", "非我方责任"
    UNREACHABLE = "unreachable", "无法联系"
    NO_AGREEMENT = "no_agreement", "未达成一致"
    WITHDRAWN = "withdrawn", "已撤回"
    TIMED_OUT = "timed_out", "逾期关闭"


class DutyEnding(Ending):
    """How a duty plan ends."""

    IN_FORCE = "in_force", "已生效", True
    REJECTED = "rejected", "已驳回"
    WITHDRAWN = "withdrawn", "已撤回"
    TIMED_OUT = "timed_out", "逾期关闭"
