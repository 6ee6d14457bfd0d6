"""What the hotline hears, answers at once or hands on; visits to repair, and who is on duty (DOMAIN 3; S1 1.2, 1.3)."""

from datetime import date
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from schemas.forms import fields
from schemas.forms.base import Decision, Form, Request
from schemas.forms.fields import Cell, Register, label, needed
from schemas.sheet_kinds import sheet
from schemas.spelling import order_number
from schemas.words import Labelled

CHOOSE = "从列表中选择；空则跳过"
KNOWN = "没有订单又不匿名时必填 needed without an order, unless anonymous"
SAME = "系统发现疑似同一事项时必填：单号、是或否 where asked: the number, 是 or 否"
FILE = "消协、工商来件必填 needed where an authority writes"


class ContactKind(Labelled):
    """What a customer wants."""

    COMPLAINT = "complaint", "投诉"
    REPAIR = "repair_request", "报修"
    ENQUIRY = "enquiry", "咨询"
    SUGGESTION = "suggestion", "建议"


class ContactWay(Labelled):
    """How it came to us."""

    PHONE = "phone", "电话"
    VISIT = "visit", "来访"
    LETTER = "letter", "信函"
    EMAIL = "email", "邮件"
    ONLINE = "online", "网络"
    OFFICE = "office", "办事处"
    STORE = "store", "门店"
    AUTHORITY = "authority", "消协/工商"


class SpecialMatter(Labelled):
    """What needs a leader's word beside its kind (DOMAIN-BRANCHES 3)."""

    NONE = "none", "无"
    TERMINATION = "contract_termination", "解除合同"
    WAIVER = "warranty_waiver", "放弃保修"
    LEGAL = "legal_matter", "法律事务"
    REQUEST = "special_request", "特殊要求"
    INCIDENT = "public_incident", "公共事件"


class CustomerStanding(Labelled):
    """Who the customer is to us."""

    ORDINARY = "ordinary", "普通客户"
    KEY = "key_customer", "重点客户"
    DIFFICULT = "difficult", "疑难客户"
    DEALER = "dealer", "渠道客户"
    ANONYMOUS = "anonymous", "匿名"


class FirstVerdict(Labelled):
    """What becomes of a contact on the day it came."""

    ANSWERED = "answered", "已答复"
    INTERIM = "interim_answer", "暂复再约"
    PASS_ON = "passed_on", "转办"
    VALID = "valid", "有效投诉"
    INVALID = "invalid", "无效投诉"
    NOT_OURS = "not_ours", "非我方责任"


class Severity(Labelled):
    """How grave a complaint is (DOMAIN 3), in rising order."""

    MINOR = "minor", "一般"
    IMPORTANT = "important", "重要"
    MAJOR = "major", "重大"


class RepairWay(Labelled):
    """Who comes to repair (S1 1.3.3.2)."""

    OURS = "ours", "本公司"
    SUPPLIER = "supplier", "供应商"
    GONE = "nobody_there", "责任人不在"


class VisitResult(Labelled):
    """What came of a visit."""

    REPAIRED = "repaired", "已修好"
    PARTS = "parts", "须配件"
    WORKSHOP = "workshop", "须返厂"
    NOBODY = "nobody_home", "家中无人"


class Shift(Labelled):
    """When somebody is on duty at the hotline; on leave, the deputy takes over (S1 1.3.1)."""

    EVENING = "evening", "晚班"
    HOLIDAY = "day_off", "休息日班"
    LEAVE = "leave", "休假"


_PART = Annotated[fields.Remark, label("配件", "Part", "标准名称或编码 standard name or code"), Register.PART]
Part = Annotated[_PART, Cell(width=20)]
Many = Annotated[fields.Count, label("件数", "Pieces"), Cell("", width=8)]
Unit = Annotated[fields.Remark, label("责任单位", "Unit", "编码或名称 code or name"), Register.UNIT, Cell(width=14)]
Number = Annotated[fields.OptionalName, AfterValidator(order_number)]


@sheet(
    "contacts",
    "来电信息记录",
    first=("office", "applicant", "kind", "way", "matter"),
    hints=("一行一个来电；热线一天的记录可合成一份表。", "当天不能答复的，写明约定回复时间。"),
)
class ContactRecord(Request):
    """来电信息记录表: who called about what, and when we promised to call back (S1 1.3.4.1, S2)."""

    first: ClassVar = ("office", "applicant", "kind", "way", "matter")
    applicant: Annotated[fields.StaffNo, label("申报人工号", "Taken by"), Cell("E1025", "接听人，首问负责", 12)]
    kind: Annotated[ContactKind, label("来电类别", "Kind"), Cell("投诉", "从列表中选择", 10)]
    way: Annotated[ContactWay, label("来电渠道", "Channel"), Cell("电话", "从列表中选择", 10)]
    matter: Annotated[fields.Remark, Field(min_length=1), label("来电事项", "Matter"), Cell("柜门开裂", width=30)]
    expectation: Annotated[fields.Remark, label("客户期望", "Expectation"), Cell(width=20)] = ""
    callback: Annotated[fields.OptionalMoment, label("约定回复时间", "Callback promised"), Cell(width=17)] = ""
    received: Annotated[fields.OptionalMoment, label("来电时间", "Received"), Cell("", "空则为现在", 17)] = ""
    order_no: Annotated[Number, label("订单号", "Order"), Register.ORDER, Cell("SO20260318-0042", width=20)] = ""
    order_line: Annotated[int, Field(ge=0, le=9999), label("订单行", "Order line"), Cell("", width=8)] = 0
    part: Part = ""
    customer_name: Annotated[fields.ContactName[fields.OptionalName], needed(KNOWN), Cell(width=12)] = ""
    customer_phone: Annotated[fields.ContactPhone[fields.OptionalName], Cell(width=15)] = ""
    customer_address: Annotated[fields.ContactAddress[fields.Remark], Cell(width=30)] = ""
    special: Annotated[SpecialMatter, label("特别事项", "Special"), Cell("", width=10)] = SpecialMatter.NONE
    standing: Annotated[CustomerStanding, label("客户身份", "Customer is"), Cell("", width=10)] = (
        CustomerStanding.ORDINARY
    )
    same_as: Annotated[Number, label("同一事项", "Same matter", SAME), Cell("", width=18)] = ""
    about: Annotated[Number, label("相关单号", "About case"), Register.CASE, Cell("", width=18)] = ""
    file_no: Annotated[fields.Remark, label("来件文号", "File number", FILE), Cell("", width=14)] = ""
    answer_by: Annotated[fields.OptionalDay, label("来件期限", "Authority's deadline"), Cell("", width=13)] = None
    recording: Annotated[fields.Remark, label("录音编号", "Recording"), Cell("", width=12)] = ""


@sheet(
    "first-answer",
    "接听处理",
    signer=("客服专员", "E1025"),
    hints=(
        "一行一单；当天必须答复，或暂复并约定时间。",
        "一般：能力所限、无人有过、容易改进；重要：我方疏忽或过失。",
        "重大：多次要求仍未兑现、实施有明显差错、造成重大损失或伤害。",
    ),
)
class FirstAnswer(Decision):
    """接听和记录: answered, answered for now, handed on, or judged to be a complaint or none."""

    verdict: Annotated[FirstVerdict, label("接听结论", "Verdict"), Cell("有效投诉", CHOOSE, 12)]
    severity: Annotated[fields.Maybe[Severity], label("严重程度", "Severity"), Cell("一般", "有效投诉必填", 10)] = None
    answer: Annotated[fields.Remark, label("答复内容", "What was said"), Cell(width=30)] = ""
    callback: Annotated[fields.OptionalMoment, label("约定时间", "Next call or visit"), Cell(width=17)] = ""
    unit: Unit = ""
    repair: Annotated[fields.Maybe[RepairWay], label("维修方式", "Who repairs"), Cell("", "报修转办必填", 10)] = None


@sheet("visits", "上门维修", signer=("维修人员", "E1049"), hints=("一行一次上门；维修服务报告须客户签字。",))
class VisitReport(Decision):
    """上门维修: what came of a visit by appointment."""

    verdict: Annotated[VisitResult, label("上门结果", "Result"), Cell("已修好", CHOOSE, 10)]
    fault: Annotated[fields.Remark, label("故障原因", "Fault and cause"), Cell("铰链松动", width=20)] = ""
    work: Annotated[fields.Remark, label("维修内容", "Work done"), Cell("紧固", width=20)] = ""
    fee: Annotated[fields.Money, label("修理费", "Fee (CNY)"), Cell(0, "元", 8)] = Field(0, validate_default=True)
    signed: Annotated[fields.Remark, label("签收单编号", "Signed report"), Cell("QS-0001", "家中无人时可空", 12)] = ""
    part: Part = ""
    quantity: Many = Field(0, validate_default=True)
    again: Annotated[fields.OptionalMoment, label("另约时间", "New appointment"), Cell("", "家中无人时必填", 17)] = ""


class DutyLine(Form):
    """Who is on duty when, or on leave, and who stands in."""

    day: Annotated[fields.Day, label("值班日期", "Day"), Cell(date(2026, 5, 9), width=13)]
    shift: Annotated[Shift, label("班次", "Shift"), Cell("休息日班", "从列表中选择", 10)]
    on_duty: Annotated[fields.StaffNo, label("值班工号", "On duty"), Cell("E1025", width=12)]
    deputy: Annotated[fields.Remark, label("代理工号", "Deputy"), Register.STAFF, Cell("", width=12)] = ""


@sheet("duty", "值班换班", first=("office", "applicant", "lines"), hints=("主管的即为值班表；他人的即为换班登记。",))
class DutyPlan(Request):
    """值班表, 换班登记表: the SUPERVISOR's roster, or a swap that the other party and the MANAGER sign."""

    first: ClassVar = ("office", "applicant")
    lines: fields.Lines[DutyLine]
    reason: fields.ReasonText = ""
