"""盘点 and 对账: what a warehouse has is counted and compared with the books (DOMAIN, "Stock"; S3 §3 1.4.1, §2 6)."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.forms import fields
from schemas.forms.base import Decision, Form, Request
from schemas.forms.fields import Cell, Register, label
from schemas.sheet_kinds import sheet
from schemas.words import Labelled

SINCE = "空则为现在 now if empty; movements after it do not count as differences"
WITNESS = "盘点时另一人；对账时为总部财务，办事处对账也可为总部仓管员 another person; FINANCE to reconcile"


class CountKind(Labelled):
    """Why a warehouse is counted; BOOKS: an office's own books with the department's, the centre's with FINANCE's."""

    MONTHLY = "monthly", "月度盘点"
    QUARTERLY = "quarterly", "季度盘点"
    SPOT = "spot", "临时盘点"
    BOOKS = "books", "对账"


class PartToCount(Form):
    """A part that is counted."""

    part: Annotated[fields.PartName, Cell("铰链(全盖110°)", "只盘部分时列出", 26)]


@sheet(
    "counts",
    "盘点申请",
    first=("office", "applicant", "warehouse", "kind", "lines"),
    hints=("月度、季度盘点和每月 15 日的对账自动发起；临时盘点登记在这里。", "不列配件即盘整个仓库。"),
)
class CountRequest(Request):
    """盘点申请: a warehouse is to be counted, all of it or some of its parts."""

    first: ClassVar = ("office", "applicant", "warehouse", "kind")
    applicant: Annotated[fields.StaffNo, label("申报人工号", "Applicant"), Cell("E1016", "保管人或客服主管", 12)]
    warehouse: Annotated[fields.Name, label("盘点仓库", "Warehouse"), Register.WAREHOUSE, Cell("总部良品仓", width=20)]
    kind: Annotated[CountKind, label("盘点类别", "Kind"), Cell("临时盘点", "从列表中选择", 12)]
    lines: fields.OptionalLines[PartToCount] = Field([])
    remark: fields.Note = ""


class CountedLine(Form):
    """A part as it was counted, and why that differs from the books."""

    part: fields.PartName
    book: Annotated[fields.Count, label("账面数量", "Book"), Cell(20, "盘点表上的，不用改", 10)] = Field(
        0, validate_default=True
    )
    counted: Annotated[fields.Count, label("实盘数量", "Counted"), Cell(20, "先清点再填写", 10)]
    cause: Annotated[fields.Remark, label("差异说明", "Cause"), Cell("", "有差异时必填", 20)] = ""
    responsibility: Annotated[fields.Remark, label("差异责任", "Responsibility"), Cell("", "有差异时必填", 14)] = ""
    proposal: Annotated[fields.Remark, label("处理建议", "Proposal"), Cell("", "有差异时必填", 16)] = ""


@sheet("count-sheets", "盘点表", signer=("仓管员", "E1016"), hints=("每种配件一行；账外的也列。", "差异经批准才改账。"))
class CountDone(Decision):
    """清点: the keeper counts before a witness; what differs says why, whose it is and what to do."""

    witness: Annotated[fields.Name, label("监盘人工号", "Witness", WITNESS), Cell("E1047", width=12)]
    counted_at: Annotated[fields.OptionalMoment, label("盘点时间", "Counted at", SINCE), Cell("", width=17)] = ""
    lines: fields.OptionalLines[CountedLine] = Field([])
