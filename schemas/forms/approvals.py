"""Approvals: by amount, of freight, and other leaders' words (DOMAIN, "Approval by amount")."""

from typing import Annotated

from schemas.forms.base import Decision
from schemas.forms.fields import Cell, ReasonText, label, needed
from schemas.sheet_kinds import sheet
from schemas.words import Verdict


@sheet("approval", "审批", signer=("审批人", "E1040"), hints=("一行一单。申请人和已审批过本单的人不能审批。",))
class ApprovalDecision(Decision):
    """An approval by amount, of freight, or another leader's word."""

    verdict: Annotated[Verdict, label("审批结论", "Verdict"), Cell("同意", "从列表中选择；空则为未批，跳过", 12)]
    reason: Annotated[ReasonText, needed("不同意时必填 needed to refuse")] = ""
