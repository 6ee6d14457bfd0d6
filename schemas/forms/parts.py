"""The forms of process 1, parts application (DOMAIN 1): the application and every decision on its way."""

from pydantic import Field

from schemas.forms.base import Count, Day, Decision, Form, Money, Name, OptionalDay, Quantity, Remark
from schemas.words import (
    AnomalyVerdict,
    FeeCategory,
    FreightMethod,
    GoodsFound,
    PickupFound,
    Reason,
    ReleaseVerdict,
    ReviewVerdict,
    Supply,
    Urgency,
    Verdict,
)


class ApplicationLine(Form):
    """One part that an office needs."""

    part: Name = Field(alias="配件名称", title="配件名称 Part", description="标准名称或编码 standard name or code")
    quantity: Quantity = Field(alias="数量", title="数量 Quantity")
    reason: Reason = Field(alias="原因", title="原因 Reason")
    specification: Remark = Field(
        "", alias="规格", title="规格 Specification", description="空则按目录 from the catalogue if empty"
    )
    colour: Remark = Field("", alias="颜色", title="颜色 Colour")


class PartsApplication(Form):
    """配件申报单: what an office applies for."""

    office: Name = Field(alias="办事处", title="办事处 Office", description="编码或名称 code or name, e.g. BJ")
    applicant: Name = Field(alias="申报人工号", title="申报人工号 Applicant", description="例如 e.g. E1049")
    order_no: Name = Field(alias="订单号", title="订单号 Order", description="例如 e.g. SO20260318-0042")
    urgency: Urgency = Field(Urgency.NORMAL, alias="紧急程度", title="紧急程度 Urgency")
    found_on: OptionalDay = Field(None, alias="发现日期", title="发现日期 Found on")
    lines: list[ApplicationLine] = Field(alias="明细", title="明细 Lines", min_length=1)
    customer_name: Remark = Field(
        "", alias="客户姓名", title="客户姓名 Customer", description="空则按销售记录 from the sales record if empty"
    )
    customer_phone: Remark = Field("", alias="客户电话", title="客户电话 Phone")
    customer_address: Remark = Field("", alias="客户地址", title="客户地址 Address")
    remark: Remark = Field("", alias="备注", title="备注 Remark")


class PartsResubmission(Decision):
    """The office's corrected lines after the reviewer sent the application back."""

    lines: list[ApplicationLine] = Field(alias="明细", title="明细 Lines", min_length=1)
    remark: Remark = Field("", alias="备注", title="备注 Remark")


class ReviewedLine(Form):
    """A line as the reviewer wants it."""

    line_no: int = Field(alias="行号", title="行号 Line", ge=1)
    part: Name = Field(alias="配件名称", title="配件名称 Part")
    quantity: Quantity = Field(alias="数量", title="数量 Quantity")
    price: Money = Field(alias="单价", title="单价 Price (CNY)")


class ReviewDecision(Decision):
    """审核修正: approve (with corrections), send back, or reject."""

    verdict: ReviewVerdict = Field(alias="审核结论", title="审核结论 Verdict")
    fee: FeeCategory = Field(FeeCategory.FREE, alias="费用类别", title="费用类别 Fee category")
    lines: list[ReviewedLine] = Field([], alias="明细", title="明细 Lines (可修正 may be corrected)")
    reason: Remark = Field(
        "", alias="原因", title="原因 Reason", description="退回或驳回必填 needed to send back or reject"
    )


class ApprovalDecision(Decision):
    """An approval by amount, of freight, or another leader's word."""

    verdict: Verdict = Field(alias="审批结论", title="审批结论 Verdict")
    reason: Remark = Field("", alias="原因", title="原因 Reason", description="不同意必填 needed to refuse")


class OrderReceived(Form):
    """The order system's answer."""

    order_number: Name = Field(alias="系统单号", title="系统单号 Order number")


class CycleLine(Form):
    """Working days for a line."""

    line_no: int = Field(alias="行号", title="行号 Line", ge=1)
    days: int = Field(alias="周期天数", title="周期天数 Working days", ge=1, le=365)


class CycleDecision(Decision):
    """周期确认: the planner says how long each line takes."""

    lines: list[CycleLine] = Field(alias="明细", title="明细 Lines", min_length=1)


class PlanLine(Form):
    """Who makes a line, and by when."""

    line_no: int = Field(alias="行号", title="行号 Line", ge=1)
    supply: Supply = Field(alias="来源", title="来源 Supply")
    unit: Name = Field(alias="生产单位", title="生产单位 Unit")
    planned: OptionalDay = Field(
        None, alias="计划日期", title="计划日期 Planned", description="空则按承诺日期 the promised day if empty"
    )


class PlanDecision(Decision):
    """计划确认: the planner assigns the unit; a later date needs a reason and does not move the promise."""

    lines: list[PlanLine] = Field(alias="明细", title="明细 Lines", min_length=1)
    reason: Remark = Field("", alias="延期原因", title="延期原因 Reason for a later date")


class ReportLine(Form):
    """What the workshop did of a line since its last report."""

    line_no: int = Field(alias="行号", title="行号 Line", ge=1)
    made: Count = Field(alias="完成数量", title="完成数量 Made")
    scrapped: Count = Field(0, alias="报废数量", title="报废数量 Scrapped", validate_default=True)
    anomaly: Remark = Field(
        "", alias="异常说明", title="异常说明 Anomaly", description="有异常才填 only if something is wrong"
    )


class ProductionReport(Decision):
    """车间生产: completed quantities, partial ones too."""

    lines: list[ReportLine] = Field(alias="明细", title="明细 Lines", min_length=1)


class CountLine(Form):
    """What was counted of a line."""

    line_no: int = Field(alias="行号", title="行号 Line", ge=1)
    counted: Count = Field(alias="实收数量", title="实收数量 Counted")
    reason: Remark = Field("", alias="差异原因", title="差异原因 Reason of a difference")


class GoodsInCount(Decision):
    """出货入库: counted before booked."""

    lines: list[CountLine] = Field(alias="明细", title="明细 Lines", min_length=1)


class GoodsOut(Decision):
    """出库: how the goods travel."""

    method: FreightMethod = Field(alias="运输方式", title="运输方式 Method")
    carrier: Name = Field(alias="承运商", title="承运商 Carrier")
    freight: Money = Field(alias="运费", title="运费 Freight (CNY)")
    packages: int = Field(alias="件数", title="件数 Packages", ge=1, le=9999)
    tracking: Remark = Field("", alias="运单号", title="运单号 Tracking number")
    remark: Remark = Field("", alias="备注", title="备注 Remark")


class EarlyRelease(Decision):
    """加急放行: a supervisor lets urgent goods go before the form."""

    verdict: ReleaseVerdict = Field(alias="放行结论", title="放行结论 Verdict")
    reason: Remark = Field("", alias="原因", title="原因 Reason")


class FoundLine(Form):
    """How many of a line arrived in good order."""

    line_no: int = Field(alias="行号", title="行号 Line", ge=1)
    good: Count = Field(alias="完好数量", title="完好数量 In good order")


class PickupConfirmation(Decision):
    """提货确认: the goods arrived, and what the check against 发货单 and 装箱单 found."""

    arrived_on: Day = Field(alias="到货日期", title="到货日期 Arrived on")
    found: PickupFound = Field(alias="核对结果", title="核对结果 Check")
    lines: list[FoundLine] = Field([], alias="明细", title="明细 Lines")
    photos: Remark = Field(
        "", alias="照片编号", title="照片编号 Photos", description="有异常必填 needed for an anomaly"
    )
    note: Remark = Field("", alias="说明", title="说明 Note")


class GoodsCheck(Decision):
    """到货核对: the later check of goods that were picked up unchecked."""

    found: GoodsFound = Field(alias="核对结果", title="核对结果 Check")
    lines: list[FoundLine] = Field([], alias="明细", title="明细 Lines")
    photos: Remark = Field(
        "", alias="照片编号", title="照片编号 Photos", description="有异常必填 needed for an anomaly"
    )
    note: Remark = Field("", alias="说明", title="说明 Note")


class AnomalyDecision(Decision):
    """异常处理: re-make, accept short, or close the case."""

    verdict: AnomalyVerdict = Field(alias="处理意见", title="处理意见 Decision")
    reason: Remark = Field("", alias="原因", title="原因 Reason")


class Withdrawal(Form):
    """撤回申报: which case, who, why."""

    number: Name = Field(alias="单号", title="单号 Case", description="例如 e.g. PA-2026-000123")
    staff: Name = Field(alias="经办人工号", title="经办人工号 Staff number")
    reason: Remark = Field(alias="撤回原因", title="撤回原因 Reason", min_length=1)
