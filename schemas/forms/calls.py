"""Follow-up calls 回访: whom to call and why, what came of each attempt, a number put right (S2; DOMAIN-BRANCHES)."""

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from schemas.forms import fields
from schemas.forms.base import Decision, Form, Request
from schemas.forms.contacts import CHOOSE, Unit
from schemas.forms.fields import Cell, Register, label, needed
from schemas.forms.sales import YesNo
from schemas.forms.surveys import DETAILS, Mark
from schemas.sheet_kinds import sheet
from schemas.spelling import order_number
from schemas.words import Labelled

KNOWN = "没有订单时必填 needed without an order"
OFFERED = "单上列有待答问卷时，可在通话中作答 where a form of a survey waits, it may be answered in the call"
_NUMBER = Annotated[fields.OptionalName, AfterValidator(order_number)]


class CallWhy(Labelled):
    """Why a customer is called (DOMAIN, "Scheduled work"; S2)."""

    FILED = "filed_complaint", "投诉结案"
    DONE = "service_done", "售后完成"
    DURING = "open_service", "办理过久"
    QUARTER = "after_complaint", "投诉季访"
    REGULAR = "regular_customer", "老客户季访"
    ASKED = "asked_for", "专项回访"


class CallResult(Labelled):
    """What came of an attempt."""

    SATISFIED = "satisfied", "满意"
    UNSATISFIED = "unsatisfied", "不满意"
    POSTPONED = "postponed", "改约"
    REFUSED = "refused", "拒绝回访"
    NOT_REACHED = "not_reached", "未接通"
    WRONG_NUMBER = "wrong_number", "号码有误"


class CallReason(Form):
    """One reason for a call: the case that it is about, for the how-manieth time."""

    why: Annotated[CallWhy, label("回访事由", "Why"), Cell("专项回访", "从列表中选择", 12)]
    source: Annotated[_NUMBER, label("事由单号", "About case"), Register.CASE, Cell("", "没有单据时可空", 18)] = ""
    turn: Annotated[int, Field(ge=1, le=9999), label("回访次数", "Turn"), Cell(1, "第几次", 8)] = 1


@sheet(
    "calls",
    "回访登记",
    first=("office", "applicant", "lines"),
    hints=("每日名单由系统生成；临时要回访的客户登记在这里。", "同一客户的多个事由合成一次回访。"),
)
class CallRequest(Request):
    """回访登记: whom to call, and for which reasons; one call a customer merges them all (DOMAIN-BRANCHES)."""

    first: ClassVar = ("office", "applicant")
    applicant: Annotated[fields.StaffNo, label("申报人工号", "Applicant"), Cell("E1026", "回访人", 12)]
    order_no: Annotated[_NUMBER, label("订单号", "Order"), Register.ORDER, Cell("SO20260318-0042", width=20)] = ""
    customer_name: Annotated[fields.ContactName[fields.OptionalName], needed(KNOWN), Cell(width=12)] = ""
    customer_phone: Annotated[fields.ContactPhone[fields.OptionalName], needed(KNOWN), Cell(width=15)] = ""
    customer_address: Annotated[fields.ContactAddress[fields.Remark], Cell(width=30)] = ""
    since: Annotated[fields.OptionalMoment, label("事由时间", "Since"), Cell("", "空则为现在", 17)] = ""
    lines: fields.Lines[CallReason]


class MoreReasons(Form):
    """Further reasons to call a customer who is about to be called."""

    lines: fields.Lines[CallReason]


class ListWanted(Form):
    """名单: what the day's list takes in."""

    regulars: Annotated[YesNo, label("含老客户", "Regular customers too")] = YesNo.YES


@sheet(
    "call-report",
    "回访表",
    signer=("客服专员", "E1026"),
    hints=(
        "一行一次拨打；未接通的隔些时候再打，共三次。",
        "不满意的写明事项；几个事由合成一次回访的，写明不满意的是哪一单。",
        "客户电话有变的直接改成新号码。",
    ),
)
class CallMade(Decision):
    """回访表: what came of an attempt to call a customer (S2; DOMAIN-BRANCHES, "Fields of forms")."""

    first: ClassVar = ("staff", "verdict")
    verdict: Annotated[CallResult, label("回访结果", "Result"), Cell("满意", CHOOSE, 10)]
    customer_phone: Annotated[fields.ContactPhone[fields.OptionalName], Cell("", "有变的改成新号码", 15)] = ""
    called_at: Annotated[fields.OptionalMoment, label("拨打时间", "Called at"), Cell("", "空则为现在", 17)] = ""
    again: Annotated[fields.OptionalMoment, label("改约时间", "Postponed to"), Cell("", "改约时必填", 17)] = ""
    matter: Annotated[fields.Remark, label("反映事项", "Matter"), Cell("", "不满意时必填", 30)] = ""
    about: Annotated[
        _NUMBER, label("不满意单号", "Unsatisfied about"), Register.CASE, Cell("", "几个事由时必填", 18)
    ] = ""
    unit: Annotated[Unit, label("转交单位", "Passed to", "编码或名称 code or name")] = ""
    overall: Annotated[
        fields.Maybe[Mark], label("客户总体评价", "Overall", OFFERED), Cell("", "有待答问卷时", 12, later=True)
    ] = None
    details: Annotated[
        fields.Remark, label("分项评价", "Questions", DETAILS), Cell("", "例如 a1 很满意", 20, later=True)
    ] = ""
    reply: Annotated[YesNo, label("要求回复", "Wants a reply"), Cell("否", "空则为否", 8)] = YesNo.NO
    recording: Annotated[fields.Remark, label("回访录音", "Recording"), Cell("", width=12)] = ""


@sheet("call-number", "号码更正", signer=("办事处售后", "E1049"), hints=("查不到新号码的写明原因，回访即结束。",))
class NumberCorrected(Decision):
    """号码更正: the office finds the customer's number, or says why there is none."""

    first: ClassVar = ("staff", "verdict")
    verdict: Annotated[YesNo, label("已查到", "Found"), Cell("是", CHOOSE, 8)]
    customer_phone: Annotated[fields.ContactPhone[fields.OptionalName], Cell("13800001343", "查到时必填", 15)] = ""
    reason: Annotated[fields.ReasonText, needed("查不到时必填 needed where none is found")] = ""
