"""返件清单: an office's damaged parts on their way to be repaired (DOMAIN 2, S3 §3 1.5)."""

from datetime import date
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from schemas.forms import fields
from schemas.forms.base import Decision, Form, Request
from schemas.forms.fields import Cell, Register, label, needed
from schemas.forms.repairs import CHOOSE
from schemas.forms.sales import YesNo
from schemas.sheet_kinds import sheet
from schemas.spelling import order_number
from schemas.words import Labelled

DIFFERENT = "有差异时必填 needed where something differs"
ALL_OF_THEM = "空则为本办事处所有待返的返修单 all of the office's that wait if empty"

HELD = "未申报到货的包裹中的配件 of an unannounced parcel"
BY_WAREHOUSE = "仓管员收到没有清单的包裹时选是 the WAREHOUSE has a parcel without a list"


class ListVerdict(Labelled):
    """What an office does with its list."""

    SEND = "send", "发出"
    CHANGE = "change", "更改"
    CANCEL = "cancel", "作废"


class GoodsState(Labelled):
    """How goods arrived."""

    AS_LISTED = "as_listed", "与清单相符"
    MISSING = "missing", "缺少"
    DAMAGED = "damaged_in_transport", "运输损坏"
    OTHER = "not_as_declared", "与申报不符"


class TraceFound(Labelled):
    """What tracing a shipment found."""

    COMING = "coming", "在途"
    LOST = "lost", "丢失"


class ListRow(Form):
    """A repair that goes with the list, and its package; of a parcel that nobody announced, a part that is in it."""

    number: Annotated[
        fields.Remark,
        AfterValidator(order_number),
        label("返修单号", "Repair"),
        Register.CASE,
        Cell("RR-2026-000001", "已审核、待返的返修单", 18),
    ] = ""
    package: Annotated[fields.Name, label("箱号", "Package"), Cell("1", "木箱编号", 10)] = "1"
    part: Annotated[fields.Remark, label("暂存配件", "Part held", HELD), Register.PART, Cell("", width=20)] = ""
    quantity: Annotated[fields.Count, label("暂存数量", "Quantity held", HELD), Cell("", width=8)] = Field(
        0, validate_default=True
    )


@sheet(
    "return-lists",
    "返件清单",
    first=("office", "applicant", "lines", "remark"),
    hints=("一行一份返修单；只列本办事处的。木箱包装，六面塑料膜，件间加隔板。",),
)
class ReturnList(Request):
    """返件清单: the repairs of an office that are sent back together, or a parcel that came without any list."""

    first: ClassVar = ("office", "applicant")
    lines: Annotated[fields.OptionalLines[ListRow], needed(ALL_OF_THEM)] = Field([])
    unannounced: Annotated[YesNo, label("未申报到货", "Unannounced parcel", BY_WAREHOUSE), Cell("否", width=10)] = (
        YesNo.NO
    )
    remark: fields.Note = ""


@sheet("parcel-return", "暂存件退回", signer=("仓管员", "E1016"), hints=("一行一个包裹；退回发出后填写。",))
class ParcelReturned(Decision):
    """暂存件退回: the warehouse has sent back what nobody filed for."""

    carrier: Annotated[fields.Name, label("承运商", "Carrier"), Register.CARRIER, Cell("德邦物流", "空则跳过", 16)]
    tracking: Annotated[fields.Name, label("退回运单号", "Tracking number"), Cell("DB123457", width=20)]


@sheet(
    "return-list",
    "清单发出",
    signer=("办事处售后", "E1049"),
    hints=("发出前可以更改：各行即为更改后的清单，漏掉的不返。",),
)
class ListDecision(Decision):
    """制作返件清单: change it, send it, or cancel it."""

    verdict: Annotated[ListVerdict, label("清单处理", "Decision"), Cell("发出", CHOOSE, 10)]
    lines: Annotated[fields.OptionalLines[ListRow], label("明细", "Lines (可更改 may be changed)")] = Field([])


@sheet(
    "return-logistics",
    "返件物流",
    signer=("办事处售后", "E1049"),
    hints=("清单发出后登记承运商、运单号和预计到货日期。",),
)
class ListShipped(Decision):
    """确认物流信息: by whom, under which number, to arrive when, at what freight."""

    carrier: Annotated[fields.Name, label("承运商", "Carrier"), Register.CARRIER, Cell("德邦物流", width=16)]
    tracking: Annotated[fields.Name, label("运单号", "Tracking number"), Cell("DB123456", width=20)]
    expected: Annotated[fields.Day, label("预计到货", "Expected on"), Cell(date(2026, 5, 20), width=13)]
    freight: Annotated[fields.Money, label("运费", "Freight (CNY)"), Cell("", "元；返件运费", 10, later=True)] = Field(
        0, validate_default=True
    )


class ArrivedLine(Form):
    """How a line of the list arrived."""

    line_no: Annotated[fields.LineNo, Cell(1, "清单的第几行；未到的行不列", 7)]
    counted: Annotated[fields.Count, label("实收数量", "Counted"), Cell(3, "先清点再填写", 10, given="返件数量")]
    state: Annotated[GoodsState, label("到货状况", "Found"), Cell("与清单相符", "空则与清单相符", 14)] = (
        GoodsState.AS_LISTED
    )
    photos: Annotated[fields.Remark, label("照片编号", "Photos", DIFFERENT), Cell("", width=16)] = ""


@sheet(
    "return-receipts",
    "返件验收",
    signer=("仓管员", "E1016"),
    dated=True,
    hints=("对照清单清点；分次到货的分次登记，只列到的行。",),
)
class ListReceipt(Decision):
    """提货验货: what arrived, on its own day."""

    received_on: Annotated[fields.Past[fields.Day], label("到货日期", "Arrived on"), Cell(date(2026, 5, 20), width=13)]
    lines: fields.Lines[ArrivedLine]


@sheet("return-tracing", "返件查询", signer=("物流", "E1020"), hints=("逾期未到的由物流查询。",))
class ListTraced(Decision):
    """返件查询: LOGISTICS has asked the carrier."""

    verdict: Annotated[TraceFound, label("查询结果", "Found"), Cell("在途", CHOOSE, 10)]
    expected: Annotated[
        fields.OptionalDay,
        label("预计到货", "Expected on"),
        needed("在途时必填 needed while it is coming"),
        Cell("", width=13),
    ] = None


class ListSent(Form):
    """What a list writes to the repairs on it: it was sent, their goods go in this package."""

    number: fields.CaseNo
    package: Annotated[fields.Name, label("箱号", "Package")]


class GoodsShipped(Form):
    """What a list writes: the goods are on their way."""

    number: fields.CaseNo
    carrier: Annotated[fields.Name, label("承运商", "Carrier")]
    tracking: Annotated[fields.Name, label("运单号", "Tracking number")]
    expected: Annotated[fields.Day, label("预计到货", "Expected on")]


class GoodsArrived(Form):
    """What a list writes: how many of a line arrived, and how; none of what was lost."""

    number: fields.CaseNo
    received_on: Annotated[fields.Day, label("到货日期", "Arrived on")]
    counted: Annotated[fields.Count, label("实收数量", "Counted")]
    state: Annotated[GoodsState, label("到货状况", "Found")]
    photos: Annotated[fields.Remark, label("照片编号", "Photos")] = ""
