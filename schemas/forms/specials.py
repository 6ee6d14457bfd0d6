"""Special orders: what no catalogue has, whether and how it can be made, at which price (DOMAIN 7)."""

from datetime import date
from typing import Annotated, ClassVar

from pydantic import Field

from schemas.forms import fields
from schemas.forms.applications import UNKNOWN_ORDER, ReviewVerdict
from schemas.forms.base import Decision, Form, Request
from schemas.forms.fields import Cell, label, needed
from schemas.sheet_kinds import sheet
from schemas.words import Labelled, Verdict

FROM_THE_LIST = "从列表中选择；空则跳过"
LIKE = label("品名", "Made like", "照哪种标准配件做：标准名称或编码 the standard part that it is made like")
WANTED_ON = Cell(date(2026, 6, 30), "资料齐全须有", 13)
CHANGED = "需改动时必填 needed with changes"


class CreditGrade(Labelled):
    """How well a customer pays (S4 3.2.2)."""

    A = "A", "A级"
    B = "B", "B级"
    C = "C", "C级"


class Makeability(Labelled):
    """Whether a special order can be made."""

    YES = "yes", "可以生产"
    CHANGED = "with_changes", "改动后可生产"
    NO = "no", "不能生产"


class SpecialLine(Form):
    """One thing that is made to a customer's wish."""

    part: Annotated[fields.Name, LIKE, fields.Register.PART, Cell("定制衣柜门板(按尺寸)", width=26)]
    quantity: fields.PartQuantity
    drawing: Annotated[fields.Key, label("图号", "Drawing"), Cell("DZ-0880", width=12)] = ""
    size: Annotated[fields.Key, label("尺寸", "Dimensions"), Cell("800×600×18", width=14)] = ""
    material: Annotated[fields.Key, label("材质", "Material"), Cell("实木颗粒板", width=14)] = ""
    colour: Annotated[fields.Key, label("颜色", "Colour"), Cell("胡桃木", width=10)] = ""


@sheet(
    "special-orders",
    "特殊订货",
    first=("office", "applicant", "order_no", "urgency", "wanted_on", "lines", "remark"),
    hints=("一行一种；同一份特殊订货的各行填同一个申报单号。", "定制商品无质量问题不退换。"),
)
class SpecialOrder(Request):
    """特殊订货单: what a customer wants to have made."""

    first: ClassVar = ("office", "applicant", "order_no", "urgency")
    order_no: fields.OrderNo
    wanted_on: Annotated[fields.OptionalDay, label("要求日期", "Wanted on"), WANTED_ON] = None
    lines: fields.Lines[SpecialLine]
    customer_name: Annotated[fields.ContactName[fields.OptionalName], needed(UNKNOWN_ORDER), Cell(width=12)] = ""
    customer_phone: Annotated[fields.ContactPhone[fields.OptionalName], Cell(note="同上", width=15)] = ""
    customer_address: Annotated[fields.ContactAddress[fields.Remark], Cell(note="同上", width=30)] = ""
    remark: Annotated[fields.Note, Cell(note="整份的备注", width=24)] = ""


@sheet("special-review", "订货初审", signer=("配件审核员", "E1001"), hints=("一行一单。资料不齐的退回补充。",))
class SpecialReviewDecision(Decision):
    """初步审核: the order is complete, sent back for what is missing, or rejected."""

    verdict: Annotated[ReviewVerdict, label("初审结论", "Verdict"), Cell("通过", FROM_THE_LIST, 12)]
    credit: Annotated[CreditGrade, label("信用等级", "Credit grade"), Cell("B级", "空则为B级", 10)] = CreditGrade.B
    reason: Annotated[fields.ReasonText, needed("退回或驳回时必填 needed to send back or reject")] = ""


@sheet("special-resubmit", "订货补充", signer=("办事处售后", "E1049"), hints=("各行即为补充后的全部明细。",))
class SpecialResubmission(Decision):
    """特殊订货申报: the office completes what was sent back."""

    stops_clock: ClassVar = True
    wanted_on: Annotated[fields.OptionalDay, label("要求日期", "Wanted on"), WANTED_ON] = None
    lines: fields.Lines[SpecialLine]


@sheet("makeability", "确认生产", signer=("车间人员", "E1012"), hints=("改动后可生产的，各行写成改动后的样子。",))
class MakeabilityDecision(Decision):
    """确认生产: the workshop says whether it can be made, and with which changes."""

    verdict: Annotated[Makeability, label("生产结论", "Can it be made"), Cell("可以生产", FROM_THE_LIST, 14)]
    lines: Annotated[fields.OptionalLines[SpecialLine], needed(CHANGED)] = Field([])
    reason: Annotated[fields.ReasonText, needed("改动或不能生产时必填 needed with changes, or if not")] = ""


@sheet("changes-answer", "改动答复", signer=("办事处售后", "E1049"), hints=("一行一单。逾期未答复即失效。",))
class ChangesAnswer(Decision):
    """改动答复: the applicant agrees to the changes, or the order ends."""

    stops_clock: ClassVar = True
    verdict: Annotated[Verdict, label("改动意见", "Answer"), Cell("同意", FROM_THE_LIST, 12)]
    reason: Annotated[fields.ReasonText, needed("不同意时必填 needed to decline")] = ""


class PricedLine(Form):
    """What a line costs, and how long it takes."""

    line_no: fields.LineNo
    price: Annotated[fields.Money, label("单价", "Price (CNY)"), Cell(680, "元，大于 0", 10)]
    days: Annotated[int, Field(ge=1, le=365), label("周期天数", "Working days"), Cell(15, "工作日，1 至 365", 10)]


@sheet(
    "proposal",
    "价格和周期",
    signer=("计划员", "E1004"),
    first=("lines", "deposit", "prepayment"),
    decided_by=("staff",),
    hints=("定金不得超过总价的 20%；尾款在发货前收齐。",),
)
class ProposalDecision(Decision):
    """确认价格和周期: the planner proposes price, cycle, deposit and prepayment."""

    lines: fields.Lines[PricedLine]
    deposit: Annotated[fields.Money, label("定金", "Deposit (CNY)"), Cell(200, "元，不超过总价 20%", 10)]
    prepayment: Annotated[fields.Money, label("预付款", "Prepayment (CNY)"), Cell(0, "元，空则为 0", 10)] = Field(
        0, validate_default=True
    )
