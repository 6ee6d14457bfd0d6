"""What is asked of cases as a whole: that one is taken back, that some go on."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from schemas.forms.base import Form, TakenBack
from schemas.forms.fields import STAFF, CaseNo, Name, Sense, Text, label

WANTED = "客户电话、姓名、订单号，单号、运单号，或配件名称 a customer, a case, or a standard part"
ASKER = "工号；专卖店、经销商填自己的代码 or a store's own code, e.g. E1001, ZM001"
SEVERAL = "用空格或换行分开，留空为全部待推进的单据 leave it empty for all cases that have work to do"


class Withdrawal(TakenBack):
    """撤回申报: which case, who, why."""

    first: ClassVar = ("number",)
    number: CaseNo


class CasesToAdvance(Form):
    """推进单: which cases are to go on."""

    numbers: Annotated[Text, label("单号", "Case numbers", SEVERAL)] = ""


class GoodsReady(Form):
    """What a case writes to one whose goods leave with its own: they are ready, or there will be none."""

    number: CaseNo


class LookUpRequest(Form):
    """查找单: who asks, and what is looked for; it may be a customer's phone, so it is cleared when it is answered."""

    staff: Annotated[Name, label(STAFF, "Staff number", ASKER)]
    wanted: Annotated[Name, label("查找内容", "Look for", WANTED), Sense.CONTACT]


class CaseEnded(Form):
    """What a case writes to the one that waits for it: how it ended, whether that is what it was opened for, and why."""

    number: CaseNo
    ending: Annotated[Name, label("结果", "Ending")]
    good: Annotated[bool, label("如愿", "Good")]
    reason: Annotated[str, label("原因", "Reason")] = ""
    told: Annotated[dict[str, Any], label("附言", "More")] = Field({})
