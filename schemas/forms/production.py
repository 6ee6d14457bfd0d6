"""From the cycle to counted goods: plans, workshops' reports, goods in (DOMAIN 1.4 to 1.7)."""

from typing import Annotated

from pydantic import Field

from schemas.forms.base import Decision, Form
from schemas.forms.fields import Cell, Count, LineNo, Lines, Name, OptionalDay, Register, Remark, label, needed
from schemas.sheet_kinds import sheet
from schemas.words import Supply

LATER = "计划日期晚于承诺日期时必填 needed for a date after the promised one"
DIFFERENT = "与车间报告数量不符时必填 needed where the workshop reported another quantity"


class CycleLine(Form):
    """Working days for a line."""

    line_no: LineNo
    days: Annotated[int, Field(ge=1, le=365), label("周期天数", "Working days"), Cell(7, "工作日，1 至 365", 10)]


@sheet("cycle", "周期确认", signer=("计划员", "E1004"), hints=("本单要做的每一行都要填写周期天数。",))
class CycleDecision(Decision):
    """周期确认: the planner says how long each line takes."""

    lines: Lines[CycleLine]


class PlanLine(Form):
    """Who makes a line, and by when."""

    line_no: LineNo
    supply: Annotated[Supply, label("来源", "Supply"), Cell("本厂生产", "从列表中选择", 12)]
    unit: Annotated[Name, label("生产单位", "Unit"), Register.UNIT, Cell("板式车间", "名称或编码", 16)]
    planned: Annotated[OptionalDay, label("计划日期", "Planned", "空则按承诺日期 the promised day if empty")] = None


@sheet(
    "plan", "计划确认", signer=("计划员", "E1004"), hints=("计划日期可以晚于承诺日期，但须填延期原因，承诺日期不变。",)
)
class PlanDecision(Decision):
    """计划确认: the planner assigns the unit; a later date needs a reason and does not move the promise."""

    lines: Lines[PlanLine]
    reason: Annotated[Remark, label("延期原因", "Reason for a later date"), needed(LATER), Cell(width=24)] = ""


class ReportLine(Form):
    """What the workshop did of a line since its last report."""

    line_no: LineNo
    made: Annotated[Count, label("完成数量", "Made"), Cell(3, "自上次报告以来完成的数量", 10, given="待做数量")]
    scrapped: Annotated[Count, label("报废数量", "Scrapped"), Cell(0, "空则为 0", 10)] = Field(0, validate_default=True)
    anomaly: Annotated[Remark, label("异常说明", "Anomaly", "有异常才填 only if something is wrong")] = ""


@sheet(
    "production",
    "车间生产日报",
    signer=("车间人员", "E1007"),
    dated=True,
    hints=("可以分次报告：只填这次完成的行和数量。",),
)
class ProductionReport(Decision):
    """车间生产: completed quantities, partial ones too."""

    lines: Lines[ReportLine]


class CountLine(Form):
    """What was counted of a line."""

    line_no: LineNo
    counted: Annotated[Count, label("实收数量", "Counted"), Cell(3, "先清点再填写", 10, given="报告数量")]
    reason: Annotated[Remark, label("差异原因", "Reason of a difference"), needed(DIFFERENT), Cell(width=30)] = ""


@sheet("goods-in", "入库流水账", signer=("仓管员", "E1016"), dated=True, hints=("一次报告的各行须一次清点完。",))
class GoodsInCount(Decision):
    """出货入库: counted before booked."""

    lines: Lines[CountLine]
