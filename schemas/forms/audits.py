"""Call audits 电话稽核: which call, its scores by the rules of the hotline, what the agent says (S2; S1 1.2.1–1.2.7)."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.forms import fields
from schemas.forms.base import Decision, Request
from schemas.forms.contacts import CHOOSE
from schemas.forms.fields import Cell, label, needed
from schemas.sheet_kinds import sheet
from schemas.words import Labelled

TO_OBJECT = "有异议时必填 needed to object"
_CASE = label("通话单号", "Call", "来电或回访的单号 the contact's or the follow-up call's number")


class Met(Labelled):
    """Whether a rule of the hotline was kept in a call."""

    MET = "met", "做到"
    NOT_MET = "not_met", "未做到"
    NOT_ASKED = "not_asked_for", "不涉及"


class AgentSays(Labelled):
    """What an agent says of the scores of a call."""

    CONSENT = "agreed", "认可评分"
    OBJECT = "disputed", "评分异议"


@sheet("audits", "稽核登记", hints=("每周按随机样本自动建立；主管另要稽核的通话登记在这里。",))
class AuditRequest(Request):
    """稽核登记: a call that is to be audited."""

    first: ClassVar = ("office", "applicant")
    applicant: Annotated[fields.StaffNo, label("申报人工号", "Applicant"), Cell("E1040", "稽核主管", 12)]
    call: Annotated[fields.CaseNo, _CASE, Cell("CC-2026-000123", "来电或回访的单号", 18)]
    agent: Annotated[fields.StaffNo, label("被查坐席", "Agent"), Cell("E1025", width=12)]
    called_at: Annotated[fields.OptionalMoment, label("通话时间", "Called at"), Cell("", "空则按单据", 17)] = ""
    call_recording: Annotated[fields.Remark, label("通话录音", "Recording"), Cell("", width=12)] = ""


@sheet("call-scores", "通话评分", signer=("客服主管", "E1040"), hints=("一行一次通话；禁语每次扣款按政策。",))
class CallScored(Decision):
    """通话评分: the SUPERVISOR scores a call by the rules of the hotline, with advice (S1 1.2.1–1.2.7)."""

    rings: Annotated[Met, label("三声接听", "Within three rings"), Cell("做到", CHOOSE, 8)]
    greeting: Annotated[Met, label("问候规范", "Greeting"), Cell("做到", CHOOSE, 8)]
    patience: Annotated[Met, label("耐心解答", "Patience"), Cell("做到", CHOOSE, 8)]
    answered: Annotated[Met, label("当天答复", "Answered the same day"), Cell("做到", CHOOSE, 8)]
    kept: Annotated[Met, label("按约回复", "Callback kept"), Cell("不涉及", CHOOSE, 8)]
    hung_up: Annotated[Met, label("客户先挂", "The customer hangs up first"), Cell("做到", CHOOSE, 8)]
    forbidden: Annotated[fields.Count, label("禁语次数", "Forbidden answers"), Cell(0, "每次扣款", 8)] = Field(
        0, validate_default=True
    )
    call_recording: Annotated[fields.Remark, label("通话录音", "Recording"), Cell("LY-0001", width=12)] = ""
    advice: Annotated[fields.Remark, label("改进建议", "Advice"), Cell("", width=30)] = ""


@sheet("score-answer", "坐席意见", signer=("客服专员", "E1025"), hints=("只由被查坐席本人填写；逾期未答即认可。",))
class ScoreAnswer(Decision):
    """坐席意见: the agent agrees with the scores or objects; silence agrees."""

    verdict: Annotated[AgentSays, label("坐席意见", "Answer"), Cell("认可评分", CHOOSE, 12)]
    reason: Annotated[fields.ReasonText, needed(TO_OBJECT)] = ""


CRITERIA = ("rings", "greeting", "patience", "answered", "kept", "hung_up")
