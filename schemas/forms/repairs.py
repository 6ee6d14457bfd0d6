"""Repair return: the application, its review, appraisal, quote, repair and inspection (DOMAIN 2)."""

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from schemas.forms import fields
from schemas.forms.applications import ApplicationLine, PartsResubmission, ReviewDecision, ReviewedLine, ReviewVerdict
from schemas.forms.base import Decision, Request
from schemas.forms.fields import Cell, Register, label, needed
from schemas.forms.sales import YesNo
from schemas.sheet_kinds import sheet
from schemas.spelling import order_number
from schemas.words import Labelled

CHOOSE = "从列表中选择；空则跳过"
OPTIONAL = Cell("", width=16)


class Owner(Labelled):
    """Whose the goods are, and how they come: a customer's own parcel is counted with the customer (S3 §8 5.1.1)."""

    CUSTOMER = "customer", "客户"
    SENT_BY_CUSTOMER = "sent_by_customer", "客户(自行寄来)"
    OFFICE = "office", "办事处"


class Place(Labelled):
    """Where goods are repaired; what photos prove to be class I is scrapped where it is (DOMAIN-BRANCHES 2)."""

    WORKSHOP = "workshop", "本厂维修"
    OUTSIDE = "outside", "商修"
    PAINT_ROOM = "paint_room", "办事处漆房"
    SCRAP = "scrap_by_photos", "凭照片就地报废"


class Grade(Labelled):
    """What a workshop finds of returned goods."""

    WORTHLESS = "I", "一类(不值得修)"
    REPAIRABLE = "II", "二类(可修)"


class OfficeWord(Labelled):
    """What an office says of a receipt and its appraisal."""

    CONFIRM = "confirm", "确认"
    OBJECT = "object", "有异议"


class Arbitration(Labelled):
    """Whom QUALITY finds right where an office objects."""

    APPRAISAL = "appraisal", "维持鉴定"
    OFFICE = "office", "采纳办事处意见"


class ScrapWord(Labelled):
    """What a customer says of scrapping goods; a new part is offered where warranty does not give one."""

    SCRAP = "scrap", "同意报废"
    BUY_NEW = "buy_new", "同意报废并购新件"
    REFUSES = "refuses", "不同意报废"


class RepairResult(Labelled):
    """What came of a repair."""

    REPAIRED = "repaired", "已修好"
    DEARER = "dearer", "须重新报价"
    IMPOSSIBLE = "impossible", "无法修复"


class RepairRuling(Labelled):
    """What a leader decides when inspections failed too often."""

    AGAIN = "again", "再修一次"
    OTHER = "other_unit", "换单位维修"
    SCRAP = "scrap", "报废"


class RepairLine(ApplicationLine):
    """Damaged goods that an office wants repaired (S3 §3 1.5)."""

    on_paper: ClassVar = ("cause", "old_no", "new_no", "replaced_by", "replaced_on")
    cause: Annotated[fields.Name, label("损坏原因", "Cause of damage"), Cell("开裂", "政策中的返修原因", 12)]
    volume: Annotated[fields.Count, label("体积", "Volume (m³)"), Cell(0.2, "立方米", 8)] = Field(
        0, validate_default=True
    )
    old_no: Annotated[
        fields.OptionalName, AfterValidator(order_number), label("旧件编号", "Old part number"), OPTIONAL
    ] = ""
    new_no: Annotated[fields.Remark, label("新件编号", "New part number"), OPTIONAL] = ""
    replaced_by: Annotated[fields.Remark, label("更换人", "Replaced by"), OPTIONAL] = ""
    replaced_on: Annotated[fields.Past[fields.OptionalDay], label("更换日期", "Replaced on"), Cell("", width=13)] = None


@sheet(
    "repairs",
    "返修申报",
    first=("office", "applicant", "order_no", "urgency", "owner", "lines", "remark"),
    hints=("一行一种损坏件；同一份申报的各行填同一个申报单号。", "订单须在销售记录中；已报废的件不能再报返修。"),
)
class RepairApplication(Request):
    """返修申报单: damaged goods of an order."""

    says_itself: ClassVar = (
        "返修件的问题请在返修单的鉴定、维修、清点或核对中填写 what is wrong with a repair is said on its own forms"
    )
    first: ClassVar = ("office", "applicant", "order_no", "urgency")
    order_no: fields.OrderNo
    lines: fields.Lines[RepairLine]
    owner: Annotated[Owner, label("货主", "Whose goods"), Cell("客户", "空则为客户", 12)] = Owner.CUSTOMER
    found_on: Annotated[fields.Past[fields.OptionalDay], label("发现日期", "Found on"), Cell("", width=13)] = None
    customer_name: Annotated[fields.ContactName[fields.OptionalName], Cell("", "空则按销售记录", 12)] = ""
    customer_phone: Annotated[fields.ContactPhone[fields.OptionalName], Cell("", "同上", 15)] = ""
    customer_address: Annotated[fields.ContactAddress[fields.Remark], Cell("", "同上", 30)] = ""
    remark: fields.Note = ""


class ReviewedRepairLine(ReviewedLine):
    """A line as the reviewer wants it; its price is the estimated fee with parts, per piece."""

    cause: Annotated[fields.Remark, label("损坏原因", "Cause of damage"), Cell("", "可修正；空则按申报", 12)] = ""


PLACE = "通过时必填 needed to approve"
PROOF = "就地报废须有照片证明 needed to scrap goods where they are"


@sheet(
    "repair-review",
    "返修审核",
    signer=("配件审核员", "E1001"),
    first=("verdict", "place", "staff", "reason"),
    hints=("单价为预估的修理费加配件费；可直接修正名称、数量、单价、费用类别和损坏原因。",),
)
class RepairReview(ReviewDecision):
    """审核修正: repair cause, fee category, and where it is repaired."""

    verdict: Annotated[ReviewVerdict, label("返修结论", "Verdict"), Cell("通过", CHOOSE, 12)]
    lines: fields.OptionalLines[ReviewedRepairLine] = Field([])  # type: ignore[assignment]
    place: Annotated[fields.Maybe[Place], label("维修地点", "Repaired at", PLACE), Cell("本厂维修", width=14)] = None
    photos: Annotated[fields.Remark, label("照片编号", "Photos", PROOF), OPTIONAL] = ""


@sheet(
    "repair-resubmit",
    "返修重报",
    signer=("办事处售后", "E1049"),
    hints=("各行即为更正后的全部明细：漏掉的行不再申报。",),
)
class RepairResubmission(PartsResubmission):
    """The office's corrected lines after the reviewer sent the application back."""

    lines: fields.Lines[RepairLine]  # type: ignore[assignment]


FEE = "二类且收费的必填 needed where the customer pays for the repair"
SHOWN = "有差异时必填 needed where something differs"


@sheet("appraisal", "返件鉴定", signer=("车间人员", "E1007"), hints=("一行一种返件；到货后 5 个工作日内鉴定。",))
class Appraisal(Decision):
    """提货验货: a workshop appraises what came back."""

    grade: Annotated[Grade, label("鉴定类别", "Class"), Cell("二类(可修)", CHOOSE, 14)]
    main_broken: Annotated[YesNo, label("主要部件损坏", "Main component broken"), Cell("否", "空则为否", 10)] = YesNo.NO
    misuse: Annotated[YesNo, label("使用不当", "Misuse"), Cell("否", "空则为否", 10)] = YesNo.NO
    differs: Annotated[YesNo, label("与申报不符", "Not as declared"), Cell("否", "空则为否", 10)] = YesNo.NO
    fee: Annotated[fields.Money, label("修理费", "Repair fee (CNY)", FEE), Cell(0, "元；含配件", 10)] = Field(
        0, validate_default=True
    )
    photos: Annotated[fields.Remark, label("照片编号", "Photos", SHOWN), OPTIONAL] = ""
    note: fields.Explanation = ""


@sheet(
    "repair-confirm", "修正确认", signer=("办事处售后", "E1049"), hints=("一行一种返件；2 个工作日内未答视为同意。",)
)
class ReceiptConfirmed(Decision):
    """修正确认: the office confirms what was found, or objects."""

    verdict: Annotated[OfficeWord, label("确认意见", "Verdict"), Cell("确认", CHOOSE, 12)]
    reason: Annotated[fields.ReasonText, needed("有异议时必填 needed to object")] = ""


@sheet("repair-arbitration", "异议裁定", signer=("品管", "E1022"), hints=("采纳办事处意见的，填写应为的类别。",))
class ArbitrationFound(Decision):
    """异议裁定: QUALITY decides between workshop and office."""

    verdict: Annotated[Arbitration, label("裁定结论", "Verdict"), Cell("维持鉴定", CHOOSE, 16)]
    grade: Annotated[Grade, label("鉴定类别", "Class"), Cell("二类(可修)", width=14)]
    misuse: Annotated[YesNo, label("使用不当", "Misuse"), Cell("否", width=10)]
    reason: Annotated[fields.ReasonText, Field(min_length=1)]


@sheet("quote-sent", "报价联系", signer=("客服专员", "E1025"), hints=("一行一单；联系客户之日起 15 天内有效。",))
class QuoteSent(Decision):
    """报价联系: an agent has brought the quote to the customer."""

    how: Annotated[fields.Name, label("联系方式", "How"), Cell("电话", width=12)]
    disputed: Annotated[YesNo, label("三包有异议", "Warranty disputed"), Cell("否", "空则为否", 10)] = YesNo.NO
    note: fields.Explanation = ""


@sheet("scrap-answers", "报废答复", signer=("客服专员", "E1025"), hints=("客户的货须经客户同意才能报废。",))
class ScrapAnswer(Decision):
    """报废答复: the customer agrees to scrapping, perhaps to a new part for money."""

    verdict: Annotated[ScrapWord, label("报废答复", "Customer's answer"), Cell("同意报废", CHOOSE, 16)]
    note: fields.Explanation = ""


@sheet("repair-report", "维修报告", signer=("车间人员", "E1007"), hints=("修理费高于报价的须重新报价。",))
class RepairReport(Decision):
    """车间维修: what was done, or that it cannot be."""

    result: Annotated[RepairResult, label("维修结果", "Result"), Cell("已修好", CHOOSE, 12)]
    work: Annotated[fields.Name, label("维修内容", "Work done"), Cell("补漆", width=24)]
    used: Annotated[fields.Remark, label("所用配件", "Parts used"), OPTIONAL] = ""
    fee: Annotated[fields.Money, label("修理费", "Repair fee (CNY)"), Cell(0, "元；不超过已同意的报价", 10)]


OTHER_UNIT = "换单位时必填 needed for another unit"


@sheet("repair-ruling", "返修裁定", signer=("客服主管", "E1040"), hints=("换单位的填写生产单位。",))
class RepairRuled(Decision):
    """返修裁定: once more, another repairer, or scrap."""

    verdict: Annotated[RepairRuling, label("裁定", "Decision"), Cell("再修一次", CHOOSE, 12)]
    unit: Annotated[fields.Remark, label("生产单位", "Unit", OTHER_UNIT), Register.UNIT, OPTIONAL] = ""
