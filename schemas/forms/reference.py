"""Reference data by sheet: parts and prices, routes, policies. What is in force is followed by what comes, never edited."""

from datetime import date
from typing import Annotated

from pydantic import Field

from schemas.forms import fields
from schemas.forms.base import Form
from schemas.forms.fields import Cell, label
from schemas.sheet_kinds import sheet

FOLLOWS = (
    "生效日期须晚于今天；在用的不改，到前一天为止。 Valid from after today; what is in force ends on the day before."
)
ValidFrom = Annotated[fields.Day, label("生效日期", "Valid from"), Cell(date(2027, 1, 1), "须晚于今天", 13)]
Basis = Annotated[fields.Name, label("变更依据", "Basis"), Cell("2027年1月调价通知", "文号或通知", 24)]
Reviewer = Annotated[fields.StaffNo, Cell("E1001", "配件审核员的工号", 12)]
Supervisor = Annotated[fields.StaffNo, Cell("E1040", "客服主管的工号", 12)]


@sheet("part-catalogue", "配件目录", key_field="code", once=("code",), hints=(
    "一行一种配件：新编码为新配件，已有编码只能填停用日期。",
    "要改名称等，请另立新编码，停用旧编码。 To change a name, add a new code and discontinue the old one.",
))  # fmt: skip
class CatalogueEntry(Form):
    """A part that is new, with its first price, or that is discontinued."""

    code: Annotated[fields.Name, Field(max_length=20), label("配件编码", "Code"), Cell("示例-P-HW-900", width=16)]
    name: Annotated[fields.Name, label("标准名称", "Standard name"), Cell("铰链(全盖175°)", width=26)]
    category: Annotated[fields.Name, label("配件类别", "Category"), Cell("HARDWARE", "类别编码或名称", 14)]
    specification: Annotated[fields.Remark, label("规格", "Specification"), Cell("缓冲 杯径35mm", width=18)] = ""
    colour: Annotated[fields.Remark, label("颜色", "Colour"), Cell("镍色", width=10)] = ""
    uom: Annotated[fields.Name, label("计量单位", "Unit of measure"), Cell("只", width=10)]
    unit: Annotated[fields.Name, label("生产单位", "Made by"), Cell("HW", "编码或名称", 14)]
    safety_stock: Annotated[fields.Count, label("安全库存", "Safety stock"), Cell(100, width=10)] = Field(
        0, validate_default=True
    )
    shelf_days: Annotated[
        fields.Maybe[Annotated[int, Field(ge=1, le=36500)]],
        label("保质期", "Shelf life"),
        Cell("", "天；没有保质期的不填", 10),
    ] = None
    price: Annotated[fields.Money, label("首次单价", "First price (CNY)"), Cell(9.2, "元；已有编码不看", 10)]
    valid_from: ValidFrom
    discontinued_on: Annotated[
        fields.OptionalDay, label("停用日期", "Discontinued on"), Cell("", "停用时填，须晚于今天", 13)
    ] = None
    source: Basis
    staff: Reviewer


@sheet(
    "part-prices", "配件价目", key_field="part", once=("part", "valid_from"), hints=("一行一种配件的新单价。", FOLLOWS)
)
class PartPrice(Form):
    """The price of a part from a day on."""

    part: Annotated[fields.PartName, Cell("示例-铰链(全盖110°)", "标准名称或编码", 26)]
    price: Annotated[fields.Money, label("新单价", "New price (CNY)"), Cell(9.5, "元", 10)]
    valid_from: ValidFrom
    source: Basis
    staff: Reviewer


@sheet("route-prices", "线路参考价", key_field="office", once=("office", "valid_from"), hints=(
    "一行一条线路（发往该办事处）的新参考价，主管签字即为批准。", FOLLOWS,
))  # fmt: skip
class RoutePrice(Form):
    """The reference price of an office's route from a day on; the SUPERVISOR's signature approves it (S3 §3 3.1)."""

    office: Annotated[fields.OfficeName, Cell("示例-北京办事处", "编码或名称", 16)]
    price: Annotated[fields.Money, label("新参考价", "New reference price (CNY)"), Cell(2300, "元/车次", 10)]
    valid_from: ValidFrom
    source: Basis
    staff: Supervisor


@sheet("policies", "政策", key_field="key", once=("key", "valid_from"), hints=(
    "一行一项政策的新值；同一生效日期的各行合成一个版本。",
    "写法与现值相同（见 docs/rules.md），例如 3、08:30、[2, 5, 10]；比例写 0.1，不写 10%。", FOLLOWS,
))  # fmt: skip
class PolicyValue(Form):
    """The value of a policy from a day on, as JSON of the present one's shape."""

    key: Annotated[fields.Name, label("政策代码", "Policy"), Cell("示例-rf.refund_days", width=26)]
    value: Annotated[fields.Remark, Field(min_length=1), label("政策值", "Value"), Cell("7", "写法与现值相同", 24)]
    valid_from: ValidFrom
    source: Basis
    staff: Supervisor
