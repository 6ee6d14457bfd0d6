"""调拨: goods of one warehouse go to another (DOMAIN, "Stock"; S3 §2 4.1)."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.forms import fields
from schemas.forms.base import Decision, Form, Request
from schemas.forms.fields import Cell, Register, label, needed
from schemas.sheet_kinds import sheet

LESS = "少于申请时必填 needed where it is less than was asked for"
DIFFERENT = "有短少或损坏时必填 needed where something is missing or damaged"


class TransferLine(Form):
    """A part and how many of it."""

    part: fields.PartName
    quantity: fields.PartQuantity


@sheet(
    "transfers",
    "调拨申请",
    first=("office", "applicant", "sender", "receiver", "lines"),
    hints=("良品与残次品分开申请；跨办事处由计划员批准。", "办事处须为调出仓或调入仓所属；总部仓之间可填任一办事处。"),
)
class TransferRequest(Request):
    """调拨申请: what goes from which warehouse to which, good and damaged goods apart."""

    first: ClassVar = ("office", "applicant", "sender", "receiver")
    applicant: Annotated[
        fields.StaffNo, label("申报人工号", "Applicant"), Cell("E1049", "调出或调入仓的保管人，或计划员", 12)
    ]
    sender: Annotated[fields.Name, label("调出仓库", "From"), Register.WAREHOUSE, Cell("总部良品仓", width=20)]
    receiver: Annotated[fields.Name, label("调入仓库", "To"), Register.WAREHOUSE, Cell("北京办事处良品仓", width=20)]
    lines: fields.Lines[TransferLine]
    remark: fields.Note = ""


class LeftLine(Form):
    """How many of a line leave."""

    line_no: fields.LineNo
    sent: Annotated[fields.Count, label("调出数量", "Sent"), Cell(4, "不发的填 0", 10, given="预留数量")]


@sheet("transfers-out", "调出确认", signer=("仓管员", "E1016"), hints=("调出仓的保管人填写；全部为 0 即不调。",))
class TransferSent(Decision):
    """调出: the sender confirms what leaves, and how."""

    carrier: Annotated[fields.Remark, label("承运商", "Carrier"), Register.CARRIER, Cell("德邦物流", width=16)] = ""
    tracking: Annotated[fields.OptionalName, label("调拨运单号", "Tracking number"), Cell("DB123458", width=20)] = ""
    lines: fields.Lines[LeftLine]
    reason: Annotated[fields.ReasonText, needed(LESS)] = ""


class CameLine(Form):
    """How many of a line came, and how many of these are damaged."""

    line_no: fields.LineNo
    came: Annotated[fields.Count, label("调入数量", "Came"), Cell(4, "先清点再填写", 10, given="在途数量")]
    damaged: Annotated[fields.Count, label("其中损坏", "Of these damaged"), Cell(0, "良品在途损坏的", 10)] = Field(
        0, validate_default=True
    )
    found: Annotated[fields.Remark, label("差异情况", "What is wrong", DIFFERENT), Cell("", width=24)] = ""


@sheet(
    "transfers-in", "调入确认", signer=("办事处售后", "E1049"), hints=("调入仓的保管人清点后填写；差异自动转异常。",)
)
class TransferCame(Decision):
    """调入: the receiver counts before anything is booked; what differs goes to an anomaly."""

    lines: fields.Lines[CameLine]
