"""Goods on their way: out of the house, picked up, checked (DOMAIN 1.8 to 1.11)."""

from datetime import date
from typing import Annotated

from pydantic import Field

from schemas.forms import fields
from schemas.forms.base import Decision, Form
from schemas.forms.fields import Cell, Register, label, needed
from schemas.sheet_kinds import sheet
from schemas.words import Labelled

SEVERAL = "多件时写明每行货在哪一箱 with several packages: which line is in which"
PACKED = "整行在一箱填箱号，如 2；分装写 1×3，2×1 the package, or how many in which"


class FreightMethod(Labelled):
    """How goods travel (DOMAIN, "Freight rules")."""

    HIRED = "hired", "专车"
    EXPRESS = "express", "快递"
    AIR = "air", "空运"
    OWN = "own", "自有车辆"


class ReleaseVerdict(Labelled):
    """Whether a supervisor lets urgent goods go before the form (S3 §3 2.2)."""

    RELEASE = "release", "先行放行"
    WAIT = "wait", "不提前放行"


class GoodsFound(Labelled):
    """What the office found when it checked the goods (DOMAIN 1.11)."""

    IN_ORDER = "in_order", "货单相符"
    SHORT = "short", "短少"
    DAMAGED = "damaged", "损坏"
    MISMATCH = "mismatch", "货不对单"


class PickupFound(Labelled):
    """The same at pickup, where the check may come later."""

    IN_ORDER = GoodsFound.IN_ORDER
    SHORT = GoodsFound.SHORT
    DAMAGED = GoodsFound.DAMAGED
    MISMATCH = GoodsFound.MISMATCH
    NOT_CHECKED = "not_checked", "已提货未核对"


class PackedLine(Form):
    """Which package a line is in."""

    line_no: Annotated[fields.LineNo, Cell("", "本单中的第几行；只有一件时可不列", 7)]
    packages: Annotated[fields.Name, label("箱号", "Package", PACKED), Cell("", width=12)]


@sheet(
    "goods-out",
    "出库流水账",
    signer=("仓管员或物流", "E1016"),
    dated=True,
    decided_by=("method", "carrier", "freight", "packages", "tracking"),
    hints=("只有一件的一行一单；多件的每行货一行，写明箱号。运费超出标准的须经审批。",),
)
class GoodsOut(Decision):
    """出库: how the goods travel."""

    method: Annotated[FreightMethod, label("运输方式", "Method"), Cell("快递", "从列表中选择", 12)]
    carrier: Annotated[fields.Name, label("承运商", "Carrier"), Register.CARRIER, Cell("中通快递", "承运的公司", 16)]
    freight: Annotated[fields.Money, label("运费", "Freight (CNY)"), Cell(86, "元；自有车辆填 0", 10)]
    packages: Annotated[int, Field(ge=1, le=9999), label("件数", "Packages"), Cell(1, "1 至 9999", 8)]
    tracking: Annotated[fields.OptionalName, label("运单号", "Tracking number"), Cell(width=20)] = ""
    lines: Annotated[fields.OptionalLines[PackedLine], needed(SEVERAL)] = Field([])
    remark: fields.Note = ""


@sheet(
    "release", "加急放行", signer=("客服主管", "E1040"), hints=("一行一单。先行放行的，出库单须在 2 个工作日内补上。",)
)
class EarlyRelease(Decision):
    """加急放行: a supervisor lets urgent goods go before the form."""

    verdict: Annotated[ReleaseVerdict, label("放行结论", "Verdict"), Cell("先行放行", "从列表中选择；空则跳过", 14)]
    reason: fields.ReasonText = ""


ARRIVED_ON = Cell(date(2026, 5, 20), "不早于发货，不晚于今天", 13)


class FoundLine(Form):
    """How many of a line arrived in good order."""

    line_no: Annotated[fields.LineNo, Cell(1, "本单中的第几行；货单相符时可不列", 7)]
    good: Annotated[fields.Count, label("完好数量", "In good order"), Cell(4, "完好收到的数量", 10, given="发货数量")]


@sheet(
    "pickup",
    "提货确认",
    signer=("办事处售后", "E1049"),
    hints=("请对照发货单、装箱单核对；短少、损坏或货不对单的，填写完好数量；损坏或货不对单的还要照片编号。",),
)
class PickupConfirmation(Decision):
    """提货确认: the goods arrived, and what the check against 发货单 and 装箱单 found."""

    arrived_on: Annotated[fields.Past[fields.Day], label("到货日期", "Arrived on"), ARRIVED_ON]
    found: Annotated[PickupFound, label("核对结果", "Check"), Cell("货单相符", "从列表中选择", 16)]
    lines: fields.OptionalLines[FoundLine] = Field([])
    photos: fields.Photos = ""
    note: fields.Explanation = ""


@sheet("handover", "交付客户", signer=("办事处售后", "E1049"), hints=("一行一单。凭客户签收交付。",))
class HandedOver(Decision):
    """交付客户: the office has handed the goods to the customer, who signed for them."""

    handed_on: Annotated[fields.Past[fields.Day], label("交付日期", "Handed over on"), ARRIVED_ON]
    signed: Annotated[fields.Name, label("签收单编号", "Signed receipt"), Cell("QS-0001", width=16)]
    note: fields.Explanation = ""


@sheet(
    "check",
    "到货核对",
    signer=("办事处售后", "E1049"),
    hints=("到货 5 个工作日内核对；逾期未核对，损失由办事处承担。",),
)
class GoodsCheck(Decision):
    """到货核对: the later check of goods that were picked up unchecked."""

    found: Annotated[GoodsFound, label("核对结果", "Check"), Cell("货单相符", "从列表中选择；空则为未核对，跳过", 12)]
    lines: fields.OptionalLines[FoundLine] = Field([])
    photos: fields.Photos = ""
    note: fields.Explanation = ""
