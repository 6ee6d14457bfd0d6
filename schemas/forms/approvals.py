"""Approvals: by amount, of freight, and other leaders' words (DOMAIN, "Approval by amount")."""

from typing import Annotated

from pydantic import Field

from schemas.forms.base import Decision
from schemas.forms.fields import Cell, ReasonText, label
from schemas.sheet_kinds import sheet
from schemas.words import Verdict


@sheet(
    "approval",
    "审批",
    signer=("审批人", "E1040"),
    first=("verdict",),
    undecided=("verdict", "reason"),
    notes=("一行一单。申请人和已审批过本单的人不能审批。",),
)
class ApprovalDecision(Decision):
    """An approval by amount, of freight, or another leader's word."""

    verdict: Annotated[Verdict, label("审批结论", "Verdict"), Cell("同意", "从列表中选择；空则为未批，跳过", 12)]
    reason: Annotated[
        ReasonText, Field(description="不同意必填 needed to refuse"), Cell(note="不同意时必填", width=30)
    ] = ""
