"""Satisfaction surveys: what a customer answers, and what somebody wants of surveys (S3 §8 5.8; DOMAIN-BRANCHES)."""

from datetime import date
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from schemas.forms import fields
from schemas.forms.base import Form
from schemas.forms.fields import Cell, label
from schemas.forms.sales import YesNo
from schemas.sheet_kinds import sheet
from schemas.spelling import order_number
from schemas.words import Labelled


class Mark(Labelled):
    """How satisfied a customer is, the best first."""

    VERY = "very", "很满意"
    RATHER = "rather", "比较满意"
    BASICALLY = "basically", "基本满意"
    HARDLY = "hardly", "不太满意"
    NOT = "not", "不满意"


class SurveyAbout(Labelled):
    """Whose customers are asked: those of which service, or the group's stores."""

    REPAIRS = "repairs", "返修"
    PARTS = "parts", "配件"
    RETURNS = "returns", "退换货"
    COMPLAINTS = "complaints", "投诉"
    STORES = "stores", "专卖店"


class SurveyDoor(Labelled):
    """How an answer came."""

    PAGE = "page", "网页"
    SHEET = "sheet", "表格"
    AGENT = "agent", "客服登记"


SURVEY = Annotated[fields.Name, AfterValidator(order_number), label("调查编号", "Survey", "例如 e.g. MY-202610-1")]
_FORM = Annotated[fields.Name, AfterValidator(order_number), label("问卷编号", "Form", "例如 e.g. MY-202610-1-007")]
_Mark = Annotated[fields.Maybe[Mark], Cell("很满意", "从列表中选择；没有评的留空", 12)]
DETAILS = "各小题的评价，例如 a1 很满意；c2 不满意 marks of single questions"


@sheet(
    "survey-answers",
    "满意度调查表",
    key_field="form_no",
    once=("form_no",),
    hints=("一行一份收回的调查表；同一份先收到的有效，再发不会改动。", "没有评的留空；客户写的话照抄在备注。"),
)
class SurveyAnswer(Form):
    """满意度调查表: what a customer answered, entered by an agent (S3 §8 5.8)."""

    form_no: Annotated[_FORM, Cell("示例-MY-202610-1-007", "问卷右上角的编号", 22)]
    staff: Annotated[fields.StaffNo, Cell("E1025", "由谁登记的工号，例如 E1025", 12)]
    overall: Annotated[_Mark, label("客户总体评价", "Overall")] = None
    a: Annotated[_Mark, label("性能指标评价", "a Performance")] = None
    b: Annotated[_Mark, label("外观包装评价", "b Look and packaging")] = None
    c: Annotated[_Mark, label("设计评价", "c Design")] = None
    d: Annotated[_Mark, label("同业比较评价", "d Against others")] = None
    e: Annotated[_Mark, label("服务评价", "e Service")] = None
    f: Annotated[fields.Remark, label("建议或需求", "f Wishes"), Cell(width=24)] = ""
    details: Annotated[fields.Remark, label("分项评价", "Questions", DETAILS), Cell("", "例如 a1 很满意", 24)] = ""
    remark: Annotated[fields.Remark, label("客户留言", "Remarks"), Cell(width=24)] = ""
    wants_reply: Annotated[YesNo, label("客户要求回复", "Wants a reply"), Cell("否", "空则为否", 12)] = YesNo.NO


class SurveyWanted(Form):
    """专项调查: a SUPERVISOR asks customers of a service about a time, or the stores (S3 §8 5.8.2)."""

    staff: fields.StaffNo
    about: Annotated[SurveyAbout, label("调查对象", "Ask whom")]
    since: Annotated[date, label("起始日", "First day", "按结案日期 by the day on which cases ended")]
    until: Annotated[date, label("截止日", "Last day", "含当日 included")]
    size: Annotated[int, Field(ge=0, le=10_000), label("份数", "How many", "0 为按规定抽样 as the rule says")] = 0

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.since > self.until:
            raise ValueError(f"起始日 {self.since} 晚于截止日 the first day is after the last, {self.until}")
        return self


class LinksWanted(Form):
    """问卷链接: an AGENT wants the links of a survey, to send them."""

    staff: fields.StaffNo
    number: SURVEY
