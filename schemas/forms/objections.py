"""What an objection says, and what the SUPERVISOR rules on it; of what, each form adds (DOMAIN-BRANCHES)."""

from typing import Annotated

from pydantic import Field

from schemas.forms.base import Decision
from schemas.forms.fields import ReasonText, label, needed
from schemas.words import Verdict


class Objection(Decision):
    """Somebody does not agree, for a reason."""

    reason: Annotated[ReasonText, Field(min_length=1)]


class Ruling(Decision):
    """The SUPERVISOR finds who objects right, or not."""

    verdict: Annotated[Verdict, label("裁定结论", "Verdict", "同意即采纳异议 to approve is to find them right")]
    reason: Annotated[ReasonText, needed("不同意时必填 needed to refuse")] = ""
