"""Complaints: who is responsible, what is done about them, what the customer says of it (DOMAIN 3; S3 §8 5.2–5.6)."""

from datetime import date
from typing import Annotated, ClassVar

from pydantic import Field

from schemas.forms import fields
from schemas.forms.base import Decision, Form
from schemas.forms.contacts import CHOOSE, Many, Part, Unit
from schemas.forms.fields import Cell, Past, label, needed
from schemas.forms.sales import YesNo
from schemas.sheet_kinds import sheet
from schemas.words import Labelled

PROPOSED = "提出方案时必填 needed in a plan"
MOVED = "转交时必填 needed to hand it on"
TO_REFUSE = "不满意时必填 needed where the customer is not satisfied"


class UnitVerdict(Labelled):
    """What a unit says of a suggestion, or of what it was asked."""

    ANSWERED = "answered", "已解答"
    ADOPTED = "adopted", "采纳"
    NOT_ADOPTED = "not_adopted", "不采纳"


class Satisfaction(Labelled):
    """What a customer says of an explanation, a plan, or what was done."""

    SATISFIED = "satisfied", "满意"
    UNSATISFIED = "unsatisfied", "不满意"
    NOT_REACHED = "not_reached", "未联系上"


class CauseVerdict(Labelled):
    """Whose responsibility QUALITY finds a complaint to be."""

    OURS = "ours", "我方责任"
    NOT_OURS = "not_ours", "非我方责任"
    UNCLEAR = "unclear", "责任不清"


class PlanVerdict(Labelled):
    """What a unit says when it is asked for a plan."""

    PLAN = "plan", "提出方案"
    MOVE = "move", "转交他方"
    DISPUTE = "dispute", "责任有异议"


_CATEGORY = label("投诉原因类别", "Cause category", "政策中的投诉原因 one of policy cc.causes, for the reports")
CauseCategory = Annotated[fields.Remark, _CATEGORY, Cell("", "报表按此统计", 14, later=True)]


class Relief(Labelled):
    """What the customer gets; some of it is done by a case of another process."""

    EXPLAIN = "explanation", "说明致歉"
    FREE = "free_of_charge", "按三包免费"
    PAY = "compensation", "经济补偿"
    VISIT = "visit", "上门处理"
    PARTS = "parts", "补发配件"
    REPAIR = "repair", "返修"
    RETURN = "return", "退货"
    EXCHANGE = "exchange", "换货"
    SPECIAL = "special_order", "另行定做"


@sheet("difficult-customer", "疑难客户确认", signer=("客服主管", "E1040"), hints=("一行一单；确认并记录，不是审批。",))
class DifficultConfirmed(Decision):
    """疑难客户确认: the SUPERVISOR confirms that a customer is a difficult one, and records why; that approves nothing."""

    difficult: Annotated[YesNo, label("属疑难客户", "Difficult customer"), Cell("是", CHOOSE, 10)]
    record: Annotated[fields.Remark, label("情况记录", "Record"), Cell("多次反复", width=30)] = ""


@sheet("unit-answer", "单位答复", signer=("责任部门", "E1032"), hints=("一行一条建议或转办的咨询。",))
class UnitAnswer(Decision):
    """单位答复: a unit answers a suggestion, or what it was asked."""

    verdict: Annotated[UnitVerdict, label("单位意见", "Verdict"), Cell("已解答", CHOOSE, 10)]
    answer: Annotated[fields.Remark, Field(min_length=1), label("答复内容", "Answer"), Cell("已改进", width=30)]


@sheet("customer-told", "回复客户", signer=("投诉专管员", "E1030"), hints=("一行一单；写明怎样、如何答复客户。",))
class CustomerTold(Decision):
    """回复: the customer was told; the reply states cause, trace and conclusion (S3 §8 5.6.1)."""

    means: Annotated[fields.Name, label("回复方式", "How"), Cell("电话", "电话、书面、当面", 10)]
    reply: Annotated[fields.Remark, Field(min_length=1), label("回复内容", "Reply"), Cell("原因、结论", width=30)]


@sheet("customer-word", "客户意见", signer=("投诉专管员", "E1030"), hints=("一行一单；解决方案须客户签字确认。",))
class CustomerWord(Decision):
    """客户意见: what the customer says of an explanation, a plan, or what was done."""

    verdict: Annotated[Satisfaction, label("客户意见", "Customer is"), Cell("满意", CHOOSE, 10)]
    signed: Annotated[fields.Remark, label("确认书编号", "Signed confirmation"), Cell("QR-0001", width=14)] = ""
    reason: Annotated[fields.ReasonText, needed(TO_REFUSE)] = ""


class CustomerHeard(Form):
    """What a follow-up call or a survey tells a complaint of its customer; `number` says which."""

    number: fields.CaseNo
    verdict: Annotated[Satisfaction, label("客户意见", "Customer is")]
    reason: fields.ReasonText = ""


@sheet("coordination", "协调责任方", signer=("投诉专管员", "E1030"), hints=("单位为空即由本部门处理。",))
class Coordination(Decision):
    """协调责任方: the handler takes it over, and says whose it is or asks QUALITY."""

    ask_quality: Annotated[YesNo, label("品管判定", "QUALITY decides"), Cell("否", CHOOSE, 10)]
    unit: Unit = ""
    lawyer: Annotated[fields.Remark, label("律师", "Lawyer"), Cell("", "法律事务必填", 12)] = ""
    note: fields.Explanation = ""


@sheet("cause", "投诉责任", signer=("品管", "E1022"), hints=("有样品或退货的全数重检。",))
class CauseFound(Decision):
    """责任判定: QUALITY's cause analysis, and what re-inspection of all goods found (S3 §8 5.3)."""

    verdict: Annotated[CauseVerdict, label("责任结论", "Verdict"), Cell("我方责任", CHOOSE, 12)]
    unit: Unit = ""
    quality: Annotated[YesNo, label("质量问题", "Quality"), Cell("是", "空则为是", 8)] = YesNo.YES
    cause: Annotated[fields.Remark, Field(min_length=1), label("原因分析", "Cause"), Cell("封边胶不足", width=24)]
    trace: Annotated[fields.Remark, label("追溯", "Trace"), Cell("", "批次、工序", 16)] = ""
    part: Part = ""
    tested: Annotated[fields.Count, label("重检件数", "Re-inspected"), Cell(0, width=8)] = Field(
        0, validate_default=True
    )
    failed: Annotated[fields.Count, label("不合格件数", "Failed"), Cell(0, width=8)] = Field(0, validate_default=True)
    category: CauseCategory = ""


class Measures(Decision):
    """What a plan or a joint review says is done, by when."""

    relief: Annotated[fields.Maybe[Relief], label("处理办法", "Relief", PROPOSED), Cell("说明致歉", width=12)] = None
    remedy: Annotated[fields.Remark, label("处理措施", "Remedy", PROPOSED), Cell("更换门板", width=24)] = ""
    by: Annotated[fields.OptionalDay, label("措施期限", "Done by", PROPOSED), Cell(date(2026, 5, 29), width=13)] = None
    corrective: Annotated[fields.Remark, label("纠正预防措施", "Corrective action"), Cell("增加抽检", width=24)] = ""
    corrective_by: Annotated[fields.OptionalDay, label("纠正期限", "Corrected by"), Cell("", width=13)] = None
    amount: Annotated[fields.Money, label("补偿金额", "Compensation (CNY)"), Cell(0, "元", 10)] = Field(
        0, validate_default=True
    )
    part: Part = ""
    quantity: Many = Field(0, validate_default=True)


@sheet("complaint-plan", "投诉方案", signer=("责任部门", "E1032"), hints=("转交只能一次；有异议的会审。",))
class ComplaintPlan(Measures):
    """提出处理方案: remedy, corrective and preventive action with dates; or it is another's."""

    first: ClassVar = ("staff", "verdict")
    verdict: Annotated[PlanVerdict, label("方案结论", "Verdict"), Cell("提出方案", CHOOSE, 12)]
    cause: Annotated[fields.Remark, label("部门原因分析", "Unit's cause", PROPOSED), Cell("漏涂胶", width=20)] = ""
    unit: Annotated[Unit, needed(MOVED)] = ""
    reason: Annotated[fields.ReasonText, needed("转交或有异议时必填 needed to hand on or dispute")] = ""
    category: CauseCategory = ""


@sheet("joint-review", "会审纪要", signer=("销售部经理", "E1044"), hints=("会审决定对单位、措施、期限有约束力。",))
class JointReview(Measures):
    """会审: the departments decide together; binding on unit, remedy and dates (DOMAIN-BRANCHES 3)."""

    first: ClassVar = ("staff", "minutes")
    minutes: Annotated[fields.Remark, Field(min_length=1), label("会审纪要", "Minutes"), Cell("一致同意", width=30)]
    unit: Unit = ""


@sheet("measures", "措施完成", signer=("责任部门", "E1032"), hints=("一行一项措施；上门的附现场处理纪要。",))
class MeasureDone(Decision):
    """跟踪实施: what was done; 现场处理纪要 after a visit."""

    done_on: Annotated[Past[fields.Day], label("完成日期", "Done on"), Cell(date(2026, 5, 20), "不能晚于今天", 13)]
    done: Annotated[fields.Remark, Field(min_length=1), label("完成情况", "What was done"), Cell("已更换", width=24)]
    minutes: Annotated[fields.Remark, label("现场处理纪要", "Minutes of the visit"), Cell("", width=20)] = ""


@sheet("complaint-file", "投诉归档", signer=("投诉专管员", "E1030"), hints=("单位有过失的可写处罚意见。",))
class ComplaintFiled(Decision):
    """结案归档: the handler files the complaint; where a unit is at fault, with a penalty opinion."""

    summary: Annotated[fields.Remark, Field(min_length=1), label("结案摘要", "Summary"), Cell("客户满意", width=30)]
    penalty: Annotated[fields.Money, label("处罚金额", "Penalty (CNY)"), Cell(0, "元；0 为不处罚", 10)] = Field(
        0, validate_default=True
    )
    fault: Annotated[fields.Remark, label("处罚原因", "Unit's fault"), Cell("", "处罚时必填", 20)] = ""
