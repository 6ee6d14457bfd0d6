"""Stock by day: a journal is signed for; how much of a part is safe is confirmed (DOMAIN, "Stock")."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.forms.base import Decision, Form
from schemas.forms.fields import Cell, Count, Day, OptionalLines, PartName, Remark, Text, label, needed

SEVERAL = "可填多个，用空格分开 several, with spaces between them"
DIFFERS = "与本处实物、账面不符之处 where it differs from what is there"
OTHERWISE = "与建议不同的配件，其余按建议 parts that are not as proposed"


class JournalSigned(Decision):
    """流水账签收: the WAREHOUSE signs the journals of the group's warehouses, each office sends in its own."""

    first: ClassVar = ("numbers",)
    numbers: Annotated[Remark, Field(min_length=1), label("流水账编号", "Journals", SEVERAL)]
    remark: Annotated[Remark, label("差异说明", "Differences", DIFFERS)] = ""
    reason: Annotated[Remark, label("迟交原因", "Why it is late"), needed("逾期时必填 needed when it is late")] = ""


class SafeQuantity(Form):
    """How much of a part there should be at least."""

    part: PartName
    quantity: Annotated[Count, label("安全库存", "Safety stock"), Cell(300, "0 则不设", 10)]


class SafetyConfirmed(Decision):
    """安全库存确认: the PLANNER confirms a month's proposal, with what is to be otherwise."""

    first: ClassVar = ("month", "lines")
    month: Annotated[Day, label("建议月份", "Month", "该月任意一天 any day of the month that the proposal follows")]
    lines: Annotated[OptionalLines[SafeQuantity], label("另定", "Otherwise", OTHERWISE)] = Field([])


class LotsWanted(Form):
    """批次查询: of which warehouse and part the lots are shown; left empty: of all."""

    warehouse: Annotated[Text, label("仓库", "Warehouse", "编码或名称，空则全部 code or name, empty: all")] = ""
    part: Annotated[Text, label("配件名称", "Part", "编码或名称，空则全部 code or name, empty: all")] = ""
