"""The form that starts the import of a sheet."""

from pydantic import Field

from schemas.forms.base import Form, Remark
from schemas.words import Labelled


class SheetChoice(Labelled):
    """Which kind of sheet it is; a workbook tells by its tabs, most sheets by their headings."""

    AUTO = "auto", "自动识别"
    APPLICATIONS = "applications", "配件申报"
    REVIEW = "review", "审核修正"
    RESUBMIT = "resubmit", "办事处重报"
    APPROVAL = "approval", "审批"
    CYCLE = "cycle", "周期确认"
    PLAN = "plan", "计划确认"
    PRODUCTION = "production", "车间生产日报"
    GOODS_IN = "goods-in", "入库流水账"
    GOODS_OUT = "goods-out", "出库流水账"
    RELEASE = "release", "加急放行"
    PICKUP = "pickup", "提货确认"
    CHECK = "check", "到货核对"
    ANOMALY = "anomaly", "异常处理"
    SALES = "sales", "销售记录"


class SheetImport(Form):
    """导入单: which sheet is to be taken in."""

    file: Remark = Field(
        alias="文件",
        title="文件 File",
        min_length=1,
        description="服务器上的路径或网址 a path on the server or a URL, .xlsx or .csv",
    )
    kind: SheetChoice = Field(SheetChoice.AUTO, alias="表种", title="表种 Kind")
