"""Applications for parts, their review, and the order that becomes of them (DOMAIN 1.1 to 1.3)."""

from datetime import date
from typing import Annotated, ClassVar

from pydantic import Field

from schemas.forms import fields
from schemas.forms.base import Decision, Form, Request
from schemas.forms.fields import Cell, label, needed
from schemas.sheet_kinds import sheet
from schemas.words import FeeCategory, Labelled, Reason

FREELY = "空则按目录 from the catalogue if empty"
AS_SUGGESTED = "可修正；空则按建议"
TOGETHER = "齐套一起发，分批为备齐一行发一行；空则为齐套"
UNKNOWN_ORDER = (
    "销售记录中没有该订单时必填，空则按销售记录 needed where the order is unknown, else from the sales record"
)
FOUND_ON = Cell(date(2026, 5, 6), "不能晚于今天；也可写 2026/3/5、20260305、3月5日", 13)


class Leaving(Labelled):
    """When the goods of a case leave (DOMAIN 1.1)."""

    TOGETHER = "together", "齐套"
    AS_READY = "as_ready", "分批"


class ReviewVerdict(Labelled):
    """What a reviewer may say of an application (DOMAIN 1.2)."""

    APPROVE = "approve", "通过"
    SEND_BACK = "send_back", "退回办事处"
    REJECT = "reject", "驳回"


class ApplicationLine(Form):
    """One part that an office needs; on the 申报单 stand, beside the goods, its fields that `on_paper` names."""

    on_paper: ClassVar[tuple[str, ...]] = ()
    part: fields.PartName
    quantity: fields.PartQuantity
    reason: Annotated[Reason, label("原因", "Reason"), Cell("质量问题", "从列表中选择", 12)]
    specification: Annotated[fields.Remark, label("规格", "Specification", FREELY), Cell(width=18)] = ""
    colour: Annotated[fields.Remark, label("颜色", "Colour", FREELY), Cell(width=10)] = ""


@sheet(
    "applications",
    "配件申报",
    first=("office", "applicant", "order_no", "urgency", "found_on", "lines", "remark"),
    hints=(
        "一行一种配件；同一份申报的各行填同一个申报单号。",
        "办事处、订单号等整份申报的内容只需填在其中一行，各行都填时必须一致。",
        "同订单、同配件、同原因的配件不能重复申报。",
    ),
)
class PartsApplication(Request):
    """配件申报单: what an office applies for."""

    first: ClassVar = ("office", "applicant", "order_no", "urgency")
    order_no: fields.OrderNo
    found_on: Annotated[fields.Past[fields.OptionalDay], label("发现日期", "Found on"), FOUND_ON] = None
    lines: fields.Lines[ApplicationLine]
    leaving: Annotated[Leaving, label("发货方式", "Goods leave"), Cell("齐套", TOGETHER, 10)] = Leaving.TOGETHER
    customer_name: Annotated[fields.ContactName[fields.OptionalName], needed(UNKNOWN_ORDER), Cell(width=12)] = ""
    customer_phone: Annotated[fields.ContactPhone[fields.OptionalName], Cell(note="同上", width=15)] = ""
    customer_address: Annotated[fields.ContactAddress[fields.Remark], Cell(note="同上", width=30)] = ""
    remark: Annotated[fields.Note, Cell(note="整份申报的备注", width=24)] = ""


class ReviewedLine(Form):
    """A line as the reviewer wants it."""

    line_no: Annotated[fields.LineNo, Cell(1, "本单中的第几行；无须修正的行可不列", 7)]
    part: Annotated[fields.PartName, Cell("铰链(全盖110°)", "可修正；标准名称或编码", 26)]
    quantity: Annotated[fields.PartQuantity, Cell(4, "可修正；大于 0", 8)]
    price: Annotated[fields.Money, label("单价", "Price (CNY)"), Cell(12.5, "可修正；元", 10)]
    fee: Annotated[fields.Maybe[FeeCategory], label("费用类别", "Fee category"), Cell("免费(三包)", AS_SUGGESTED)] = (
        None
    )


@sheet(
    "review",
    "审核修正",
    signer=("配件审核员", "E1001"),
    first=("verdict", "staff", "reason"),
    hints=("可直接修正配件名称、数量、单价、费用类别；修正会记入申报评估。",),
)
class ReviewDecision(Decision):
    """审核修正: approve (with corrections), send back, or reject."""

    verdict: Annotated[ReviewVerdict, label("审核结论", "Verdict"), Cell("通过", "从列表中选择；空则为未审，跳过", 12)]
    lines: Annotated[fields.OptionalLines[ReviewedLine], label("明细", "Lines (可修正 may be corrected)")] = Field([])
    reason: Annotated[fields.ReasonText, needed("退回或驳回时必填 needed to send back or reject")] = ""


@sheet(
    "resubmit",
    "办事处重报",
    signer=("办事处售后", "E1049"),
    hints=("各行即为更正后的全部明细：漏掉的行不再申报。", "同一单的各行合成一份。"),
)
class PartsResubmission(Decision):
    """The office's corrected lines after the reviewer sent the application back."""

    stops_clock: ClassVar = True
    lines: fields.Lines[ApplicationLine]
    remark: Annotated[fields.Note, Cell(note="整份的备注", width=24)] = ""


class OrderReceived(Form):
    """What the order system answers (DOMAIN 1.3)."""

    order_number: Annotated[fields.Name, label("系统单号", "Order number")]
