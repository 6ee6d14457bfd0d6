"""Cases from before the system, so that trends and rates begin with the past."""

from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from schemas.forms import fields
from schemas.forms.base import Form
from schemas.forms.fields import Cell, label
from schemas.sheet_kinds import sheet

Optional = Annotated[datetime | None, BeforeValidator(lambda value: None if value == "" else value)]
Mark = Annotated[
    Annotated[int, Field(ge=1, le=5)] | None,
    BeforeValidator(lambda value: None if value == "" else value),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 5}),
]
Word = Annotated[fields.Remark, Field(max_length=100)]


@sheet(
    "history",
    "历史记录",
    key_field="case_no",
    once=("case_no",),
    in_order=(("started_at", "finished_at"),),
    hints=("系统启用前的单据，一行一单；同一单号再次发来即更正。", "时间可以只写日期；没有写时区的按北京时间。"),
)
class PastCase(Form):
    """A case from before the system, with when it was promised and done, and how satisfied its customer was."""

    case_no: Annotated[fields.Name, label("历史单号", "Case no"), Cell("示例-2019-0815", "原来的单号", 20)]
    started_at: Annotated[fields.Past[datetime], label("开始时间", "Started at"), Cell(datetime(2019, 8, 15, 9, 30))]
    process: Annotated[Word, label("流程", "Process"), Cell("PA", "流程代码或名称", 12)] = ""
    office: Annotated[Word, label("办事处", "Office"), Cell("北京", width=12)] = ""
    unit: Annotated[Word, label("责任单位", "Unit"), Cell("板式车间", width=14)] = ""
    category: Annotated[Word, label("类别", "Category"), Cell("板式", width=12)] = ""
    promised_at: Annotated[Optional, label("承诺时间", "Promised at"), Cell(datetime(2019, 8, 22, 17, 30))] = None
    finished_at: Annotated[fields.Past[Optional], label("完成时间", "Finished at"), Cell(datetime(2019, 8, 21, 16))] = (
        None
    )
    mark: Annotated[Mark, label("满意度", "Mark 1-5"), Cell(5, "1 到 5，5 为很满意", 10)] = None
