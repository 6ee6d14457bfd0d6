"""The offices' evaluation 配件申报评估表: an office objects to a correction, the SUPERVISOR decides (DOMAIN-BRANCHES)."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.forms.base import Decision
from schemas.forms.fields import CaseNo, ReasonText, label, needed
from schemas.words import Verdict

ALL_OF_IT = (
    "被修正的行；整份退回或驳回的填 0 the line that was corrected, 0 for all of it where it was sent back or rejected"
)
ReviewedLineNo = Annotated[int, Field(ge=0, le=999_999), label("评估行号", "Line", ALL_OF_IT)]


class ReviewObjection(Decision):
    """评估异议: an office does not agree that a line counts as corrected, or an application as sent back or rejected."""

    first: ClassVar = ("number", "line_no")
    number: CaseNo
    line_no: ReviewedLineNo
    reason: Annotated[ReasonText, Field(min_length=1)]


class ReviewRuling(Decision):
    """评估裁定: the SUPERVISOR finds the office right, so that it counts as unchanged, or not."""

    first: ClassVar = ("number", "line_no", "verdict")
    number: CaseNo
    line_no: ReviewedLineNo
    verdict: Annotated[Verdict, label("裁定结论", "Verdict", "同意即采纳异议 to approve is to find the office right")]
    reason: Annotated[ReasonText, needed("不同意时必填 needed to refuse")] = ""
