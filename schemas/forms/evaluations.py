"""The offices' evaluation 配件申报评估表: an office objects to a correction, the SUPERVISOR decides (DOMAIN-BRANCHES)."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.forms.fields import CaseNo, label
from schemas.forms.objections import Objection, Ruling

ALL_OF_IT = (
    "被修正的行；整份退回或驳回的填 0 the line that was corrected, 0 for all of it where it was sent back or rejected"
)
ReviewedLineNo = Annotated[int, Field(ge=0, le=999_999), label("评估行号", "Line", ALL_OF_IT)]


class ReviewObjection(Objection):
    """评估异议: an office does not agree that a line counts as corrected, or an application as sent back or rejected."""

    first: ClassVar = ("number", "line_no")
    number: CaseNo
    line_no: ReviewedLineNo


class ReviewRuling(Ruling):
    """评估裁定: the SUPERVISOR finds the office right, so that it counts as unchanged, or not."""

    first: ClassVar = ("number", "line_no", "verdict")
    number: CaseNo
    line_no: ReviewedLineNo
