"""Corrective actions: what a unit is told, and how it corrects what was wrong (S3 §8 5.9, 5.10)."""

from datetime import date
from typing import Annotated, ClassVar

from pydantic import Field

from schemas.forms import fields
from schemas.forms.base import Decision, Form, Request
from schemas.forms.contacts import Unit
from schemas.forms.fields import Cell, label
from schemas.forms.sales import YesNo
from schemas.sheet_kinds import sheet

TO_CORRECT = "要求整改时必填 needed where it must be corrected"


class FeedbackLine(Form):
    """What customers say of one question."""

    item: Annotated[fields.Name, label("评价项目", "Question"), Cell("服务", width=20)]
    result: Annotated[fields.Remark, label("评价结果", "Marks"), Cell("很满意 3 · 不满意 1", width=30)]


@sheet(
    "feedback",
    "整改通知",
    first=("office", "applicant", "unit", "matter", "below"),
    hints=("通报一个单位的满意度；未达标的要求限期整改。", "单位为空即本部门；调查截止后由系统发出，主管也可另发。"),
)
class FeedbackNote(Request):
    """满意度通报: what a unit's customers say; below target it must correct it by a day (S3 §8 5.10)."""

    first: ClassVar = ("office", "applicant", "unit", "matter", "below")
    unit: Unit = ""
    matter: Annotated[fields.Remark, Field(min_length=1), label("通报事由", "What about"), Cell("服务评价低", width=30)]
    below: Annotated[YesNo, label("要求整改", "Must correct"), Cell("是", "从列表中选择", 10)]
    by: Annotated[fields.OptionalDay, label("整改期限", "Corrected by", TO_CORRECT), Cell("", width=13)] = None
    lines: fields.OptionalLines[FeedbackLine] = Field([])


@sheet("corrective-plan", "整改方案", signer=("责任部门", "E1032"), hints=("一行一单；期限不能晚于通报的整改期限。",))
class CorrectivePlan(Decision):
    """整改方案: why customers are not satisfied, what the unit does about it, and by when."""

    first: ClassVar = ("staff", "analysis")
    analysis: Annotated[fields.Remark, Field(min_length=1), label("不满原因", "Cause"), Cell("答复不及时", width=24)]
    action: Annotated[fields.Remark, Field(min_length=1), label("整改措施", "Action"), Cell("专人接听", width=24)]
    done_by: Annotated[fields.Day, label("完成期限", "Done by"), Cell(date(2026, 5, 29), "不晚于整改期限", 13)]
