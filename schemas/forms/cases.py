"""What is asked of cases as a whole: that one is taken back, that some go on."""

from typing import Annotated

from pydantic import Field

from schemas.forms.base import Form
from schemas.forms.fields import CaseNo, Remark, StaffNo, Text, label


class Withdrawal(Form):
    """撤回申报: which case, who, why."""

    number: CaseNo
    staff: StaffNo
    reason: Annotated[Remark, Field(min_length=1), label("撤回原因", "Reason")]


class CasesToAdvance(Form):
    """推进单: which cases are to go on."""

    numbers: Annotated[
        Text,
        label(
            "单号",
            "Case numbers",
            "用空格或换行分开，留空为全部待推进的单据 leave it empty for all cases that have work to do",
        ),
    ] = ""
