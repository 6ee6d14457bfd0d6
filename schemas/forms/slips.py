"""出入库单 by hand: what comes in or leaves without a case of its own (DOMAIN, "Stock"; S3 §2, §3 1.2, 1.3)."""

from typing import Annotated, ClassVar

from schemas.forms import fields
from schemas.forms.base import Decision, Form, Request
from schemas.forms.fields import Cell, Register, label, needed
from schemas.sheet_kinds import sheet
from schemas.words import Labelled, Verdict

TO_REFUSE = "不同意时必填 needed to refuse"


class SlipKind(Labelled):
    """Why a slip is written by hand."""

    PURCHASE = "small_purchase", "零星采购入库"
    OWN_USE = "own_use", "自用领用"
    LEFTOVER = "leftover", "余料退回"
    PROVISIONAL = "provisional", "暂估入库"
    NEW_ITEM = "new_item", "新物料入库"


class PapersSay(Labelled):
    """What the papers of goods say that came before them."""

    MATCH = "match", "单货相符"
    DIFFER = "differ", "数量不符"
    REFUSED = "refused", "拒收"


class SlipLine(Form):
    """An item and how many of it; a new one has no standard name yet."""

    item: Annotated[
        fields.Name,
        label("物料", "Item"),
        Register.PART,
        Cell("铰链(全盖110°)", "标准名称或编码；新物料写名称规格", 26),
    ]
    quantity: fields.PartQuantity


@sheet(
    "goods-slips",
    "出入库申请",
    first=("office", "applicant", "warehouse", "kind", "lines"),
    hints=(
        "入库由保管人登记；领用、退料任何在职人员都可申请。",
        "暂估须先询问发货方；新物料须附照片；退料须写原出库单号。",
    ),
)
class SlipRequest(Request):
    """出入库申请: goods come in, or leave, by a slip of their own."""

    first: ClassVar = ("office", "applicant", "warehouse", "kind")
    applicant: Annotated[fields.StaffNo, label("申报人工号", "Applicant"), Cell("E1016", width=12)]
    warehouse: Annotated[fields.Name, label("记账仓库", "Warehouse"), Register.WAREHOUSE, Cell("总部良品仓", width=20)]
    kind: Annotated[SlipKind, label("出入库类别", "Kind"), Cell("零星采购入库", "从列表中选择", 14)]
    party: Annotated[fields.Name, label("供应方或领用方", "Supplier or user"), Cell("南城五金店", width=18)]
    lines: fields.Lines[SlipLine]
    asked: Annotated[fields.Remark, label("询问发货方", "Sender asked"), Cell("", "暂估时：问过谁，怎么答", 24)] = ""
    photos: Annotated[fields.Remark, label("物料照片", "Photos"), Cell("", "新物料必填", 16)] = ""
    slip: Annotated[fields.Remark, label("原出库单号", "Slip"), Cell("", "余料退回必填，例如 CK-2026-000012", 18)] = ""
    remark: fields.Note = ""


class CodedLine(Form):
    """The standard part that a new item is."""

    line_no: fields.LineNo
    part: fields.PartName


@sheet("item-codes", "物料建码", signer=("配件审核员", "E1001"), hints=("先在配件表中建码，再在这里填写。",))
class ItemsCoded(Decision):
    """建码: each new item has got its code in the catalogue."""

    lines: fields.Lines[CodedLine]


class SlipCount(Form):
    """How many of a line come in or leave."""

    line_no: fields.LineNo
    counted: Annotated[fields.Count, label("实际数量", "Counted"), Cell(4, "先清点再填写", 10, given="申请数量")]


@sheet("slip-checks", "仓管核准", signer=("仓管员", "E1016"), hints=("不合规定的收发由仓管员拒绝，写明原因。",))
class SlipChecked(Decision):
    """仓管核准: the keeper counts and books, or refuses what is irregular with a reason (S3 §3 1.3)."""

    verdict: Annotated[Verdict, label("仓管意见", "Verdict"), Cell("同意", "从列表中选择", 10)]
    lines: fields.Lines[SlipCount]
    reason: Annotated[fields.ReasonText, needed(TO_REFUSE)] = ""


class PapersLine(Form):
    """How many of a line the papers say."""

    line_no: fields.LineNo
    many: Annotated[fields.Count, label("单据数量", "By the papers"), Cell(4, "随货单上的", 10, given="暂估数量")]


@sheet("goods-papers", "暂估核对", signer=("仓管员", "E1016"), hints=("单据到后填写；数量不符的以红字、蓝字单更正。",))
class PapersCame(Decision):
    """核对单据: the papers of what was booked provisionally."""

    verdict: Annotated[PapersSay, label("核对意见", "Papers"), Cell("单货相符", "从列表中选择", 12)]
    papers: Annotated[fields.Name, label("随货单号", "Papers' number"), Cell("SH-0001", width=16)]
    lines: fields.Lines[PapersLine]
    reason: Annotated[fields.ReasonText, needed("拒收时必填 needed to refuse the goods")] = ""
