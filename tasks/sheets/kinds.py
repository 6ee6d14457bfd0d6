"""Sheet kinds, each described once: its columns, the form that a group of rows fills, its notes."""

from datetime import date

from schemas.forms import parts as forms
from schemas.forms.sales import SalesLine
from schemas.problems import NotFound
from tasks.sheets.columns import DAY, LINE_NO, NUMBER, SERIAL, STAFF, STEP, CellType, Column, SheetKind

__all__ = ["APPLICATIONS", "EXAMPLE", "KINDS", "SALES", "CellType", "Column", "SheetKind", "sheet_kind"]

EXAMPLE = "示例"  # a row whose key begins so is an example and is not read

_CASE = Column(NUMBER, "示例 PA-2026-000123", "本单的单号，例如 PA-2026-000123", 20)
_STEP = Column(STEP, "", "待办的步骤；由待办表填好，自己做表时可不填", 16, CellType.TEXT)
_LINE = Column(LINE_NO, 1, "本单中的第几行", 7)
_DAY = Column(DAY, date(2026, 5, 6), "实际办理日期，不能晚于今天", 13, CellType.DAY, must=True)
_SERIAL = Column(SERIAL, "", "同一天有两条完全相同的记录时用以区分", 10, CellType.TEXT)

_OFFICE = Column("办事处名称", width=14, type=CellType.TEXT)
_CUSTOMER = Column("客户", width=10, type=CellType.TEXT)
_ORDER = Column("销售订单", width=20, type=CellType.TEXT)
_URGENT = Column("紧急", width=7, type=CellType.TEXT)
_DUE = Column("到期", width=19, type=CellType.DAY)
_PART = Column("配件", width=26, type=CellType.TEXT)
_WANTED = Column("申报数量", width=10, type=CellType.NUMBER)
_DETAIL = Column("待办内容", width=48, type=CellType.TEXT)
_ABOUT = (_URGENT, _OFFICE, _CUSTOMER, _ORDER)
_LINES = (_PART, _WANTED)

_ALL = (
    "请不要合并单元格，不要使用公式，不要改动表头；灰色的列只供查看，不会读入。",
    "同一份文件重复发送不会重复办理；有误的行会连同原因退回，改好后可直接再发退回的表。",
    f"单号以“{EXAMPLE}”开头的行不会读入。",
)
_TOGETHER = (
    "一行一种配件；同一单的各行合成一份，整份的内容（如经办人工号）只需填在其中一行。",
    "同一单的同一行号再次出现，即为另一份。",
)


def _staff(example: str, who: str) -> Column:
    return Column(STAFF, example, f"{who}的工号，例如 {example}", 12)


APPLICATIONS = SheetKind(
    code="applications",
    title="配件申报",
    form=forms.PartsApplication,
    key=Column("申报单号", "示例-001", "办事处自己的编号；同一编号的各行合成一份申报", 16),
    lines="明细",
    columns=(
        Column("办事处", "北京办事处", "名称或编码", 16),
        Column("申报人工号", "E1049", "须为该办事处的售后人员", 12),
        Column("订单号", "SO20260318-0042", "销售订单号", 20),
        Column("紧急程度", "普通", "空则为普通", 10),
        Column("发现日期", date(2026, 5, 6), "不能晚于今天；也可写 2026/3/5、20260305、3月5日", 13),
        Column("配件名称", "铰链(全盖110°)", "标准名称或编码", 26),
        Column("数量", 4, "大于 0，最多两位小数", 8),
        Column("原因", "质量问题", "从列表中选择", 12),
        Column("规格", "", "空则按目录", 18),
        Column("颜色", "", "空则按目录", 10),
        Column("备注", "", "整份申报的备注", 24),
        Column("客户姓名", "", "销售记录中没有该订单时必填", 12),
        Column("客户电话", "", "同上", 15),
        Column("客户地址", "", "同上", 30),
    ),
    notes=(
        "一行一种配件；同一份申报的各行填同一个申报单号。",
        "办事处、订单号等整份申报的内容只需填在其中一行，各行都填时必须一致。",
        "同订单、同配件、同原因的配件不能重复申报。",
        "请不要合并单元格，不要使用公式，不要改动表头。",
        "同一份文件重复发送不会重复申报；有误的行会连同原因退回，改好后可直接再发退回的表。",
        f"申报单号以“{EXAMPLE}”开头的行不会读入。",
    ),
)

REVIEW = SheetKind(
    code="review",
    title="审核修正",
    form=forms.ReviewDecision,
    key=_CASE,
    lines="明细",
    columns=(
        _STEP,
        Column("审核结论", "通过", "从列表中选择；空则为未审，跳过", 12),
        _staff("E1001", "配件审核员"),
        Column("费用类别", "免费(三包)", "空则为免费(三包)", 12),
        Column("原因", "", "退回或驳回时必填", 24),
        Column(LINE_NO, 1, "本单中的第几行；无须修正的行可不列", 7),
        Column("配件名称", "铰链(全盖110°)", "可修正；标准名称或编码", 26),
        Column("数量", 4, "可修正；大于 0", 8),
        Column("单价", 12.5, "可修正；元", 10),
    ),
    shown=(*_ABOUT, _DUE, _DETAIL),
    undecided=("审核结论", "原因"),
    notes=("可直接修正配件名称、数量、单价；修正会记入申报评估。", *_TOGETHER, *_ALL),
)

RESUBMIT = SheetKind(
    code="resubmit",
    title="办事处重报",
    form=forms.PartsResubmission,
    key=_CASE,
    lines="明细",
    columns=(
        _STEP,
        _staff("E1049", "办事处售后"),
        Column("配件名称", "铰链(全盖110°)", "标准名称或编码", 26),
        Column("数量", 4, "大于 0，最多两位小数", 8),
        Column("原因", "质量问题", "从列表中选择", 12),
        Column("规格", "", "空则按目录", 18),
        Column("颜色", "", "空则按目录", 10),
        Column("备注", "", "整份的备注", 24),
    ),
    shown=(*_ABOUT, _DUE, _DETAIL),
    undecided=(STAFF,),
    notes=("各行即为更正后的全部明细：漏掉的行不再申报。", "同一单的各行合成一份。", *_ALL),
)

APPROVAL = SheetKind(
    code="approval",
    title="审批",
    form=forms.ApprovalDecision,
    key=_CASE,
    columns=(
        _STEP,
        Column("审批结论", "同意", "从列表中选择；空则为未批，跳过", 12),
        _staff("E1040", "审批人"),
        Column("原因", "", "不同意时必填", 30),
    ),
    shown=(*_ABOUT, _DUE, _DETAIL),
    undecided=("审批结论", "原因"),
    notes=("一行一单。申请人和已审批过本单的人不能审批。", *_ALL),
)

CYCLE = SheetKind(
    code="cycle",
    title="周期确认",
    form=forms.CycleDecision,
    key=_CASE,
    lines="明细",
    columns=(_STEP, _staff("E1004", "计划员"), _LINE, Column("周期天数", 7, "工作日，1 至 365", 10)),
    shown=(*_LINES, *_ABOUT, _DUE, _DETAIL),
    undecided=(STAFF,),
    notes=("本单要做的每一行都要填写周期天数。", *_TOGETHER, *_ALL),
)

PLAN = SheetKind(
    code="plan",
    title="计划确认",
    form=forms.PlanDecision,
    key=_CASE,
    lines="明细",
    columns=(
        _STEP,
        _staff("E1004", "计划员"),
        _LINE,
        Column("来源", "本厂生产", "从列表中选择", 12),
        Column("生产单位", "板式车间", "名称或编码", 16),
        Column("计划日期", "", "空则按承诺日期", 13),
        Column("延期原因", "", "计划日期晚于承诺日期时必填", 24),
    ),
    shown=(*_LINES, *_ABOUT, _DUE, _DETAIL),
    undecided=(STAFF,),
    notes=("计划日期可以晚于承诺日期，但须填延期原因，承诺日期不变。", *_TOGETHER, *_ALL),
)

PRODUCTION = SheetKind(
    code="production",
    title="车间生产日报",
    form=forms.ProductionReport,
    key=_CASE,
    lines="明细",
    columns=(
        _STEP,
        _DAY,
        _SERIAL,
        _staff("E1007", "车间人员"),
        _LINE,
        Column("完成数量", 3, "自上次报告以来完成的数量", 10),
        Column("报废数量", 0, "空则为 0", 10),
        Column("异常说明", "", "有异常才填", 30),
    ),
    shown=(_PART, Column("待做数量", width=10, type=CellType.NUMBER, of="完成数量"), *_ABOUT, _DUE),
    undecided=(STAFF,),
    notes=("可以分次报告：只填这次完成的行和数量。", *_TOGETHER, *_ALL),
)

GOODS_IN = SheetKind(
    code="goods-in",
    title="入库流水账",
    form=forms.GoodsInCount,
    key=_CASE,
    lines="明细",
    columns=(
        _STEP,
        _DAY,
        _SERIAL,
        _staff("E1016", "仓管员"),
        _LINE,
        Column("实收数量", 3, "先清点再填写", 10),
        Column("差异原因", "", "与车间报告数量不符时必填", 30),
    ),
    shown=(_PART, Column("报告数量", width=10, type=CellType.NUMBER, of="实收数量"), *_ABOUT, _DUE),
    undecided=(STAFF,),
    notes=("一次报告的各行须一次清点完。", *_TOGETHER, *_ALL),
)

GOODS_OUT = SheetKind(
    code="goods-out",
    title="出库流水账",
    form=forms.GoodsOut,
    key=_CASE,
    columns=(
        _STEP,
        _DAY,
        _SERIAL,
        _staff("E1016", "仓管员或物流"),
        Column("运输方式", "快递", "从列表中选择", 12),
        Column("承运商", "中通快递", "承运的公司", 16),
        Column("运费", 86, "元；自有车辆填 0", 10),
        Column("件数", 1, "1 至 9999", 8),
        Column("运单号", "", "", 20),
        Column("备注", "", "", 24),
    ),
    shown=(*_ABOUT, _DUE, _DETAIL),
    undecided=("运输方式", "承运商", "运费", "件数", "运单号"),
    notes=("一行一单。运费超出标准的须经审批。", *_ALL),
)

RELEASE = SheetKind(
    code="release",
    title="加急放行",
    form=forms.EarlyRelease,
    key=_CASE,
    columns=(
        _STEP,
        Column("放行结论", "先行放行", "从列表中选择；空则跳过", 14),
        _staff("E1040", "客服主管"),
        Column("原因", "", "", 30),
    ),
    shown=(*_ABOUT, _DUE, _DETAIL),
    undecided=("放行结论", "原因"),
    notes=("一行一单。先行放行的，出库单须在 2 个工作日内补上。", *_ALL),
)

_FOUND = (Column("照片编号", "", "有异常时必填", 20), Column("说明", "", "", 30))
_GOOD = Column("完好数量", 4, "完好收到的数量", 10)
_SENT = Column("发货数量", width=10, type=CellType.NUMBER, of="完好数量")

PICKUP = SheetKind(
    code="pickup",
    title="提货确认",
    form=forms.PickupConfirmation,
    key=_CASE,
    lines="明细",
    columns=(
        _STEP,
        _staff("E1049", "办事处售后"),
        Column("到货日期", date(2026, 5, 20), "不早于发货，不晚于今天", 13),
        Column("核对结果", "货单相符", "从列表中选择", 16),
        Column(LINE_NO, 1, "本单中的第几行；货单相符时可不列", 7),
        _GOOD,
        *_FOUND,
    ),
    shown=(_PART, _SENT, *_ABOUT, _DUE),
    undecided=("到货日期", "核对结果"),
    notes=("请对照发货单、装箱单核对；短少、损坏或货不对单的，填写完好数量和照片编号。", *_TOGETHER, *_ALL),
)

CHECK = SheetKind(
    code="check",
    title="到货核对",
    form=forms.GoodsCheck,
    key=_CASE,
    lines="明细",
    columns=(
        _STEP,
        _staff("E1049", "办事处售后"),
        Column("核对结果", "货单相符", "从列表中选择；空则为未核对，跳过", 12),
        Column(LINE_NO, 1, "本单中的第几行；货单相符时可不列", 7),
        _GOOD,
        *_FOUND,
    ),
    shown=(_PART, _SENT, *_ABOUT, _DUE),
    undecided=("核对结果",),
    notes=("到货 5 个工作日内核对；逾期未核对，损失由办事处承担。", *_TOGETHER, *_ALL),
)

ANOMALY = SheetKind(
    code="anomaly",
    title="异常处理",
    form=forms.AnomalyDecision,
    key=_CASE,
    columns=(
        _STEP,
        Column("处理意见", "接受短交", "从列表中选择；空则为未处理，跳过", 14),
        _staff("E1040", "客服主管"),
        Column("原因", "客户同意", "接受短交或关闭时必填", 30),
    ),
    shown=(*_ABOUT, _DUE, _DETAIL),
    undecided=("处理意见", "原因"),
    notes=("一行一项异常。", *_ALL),
)

SALES = SheetKind(
    code="sales",
    title="销售记录",
    form=SalesLine,
    key=Column("订单号", "示例-SO20260318-0042", "销售订单号", 22),
    columns=(
        Column(LINE_NO, 1, "订单中的第几行", 7),
        Column("办事处", "北京办事处", "名称或编码", 16),
        Column("客户姓名", "凌霄", "", 12),
        Column("客户电话", "13800009999", "", 15),
        Column("客户地址", "松涛里9栋", "", 30),
        Column("型号", "BD-201", "", 12),
        Column("品名", "静谷软包床(1.8米)", "", 24),
        Column("数量", 1, "大于 0", 8),
        Column("实付金额", 4731, "元", 12),
        Column("生产工厂", "中山软体厂", "", 16),
        Column("出厂日期", date(2026, 3, 2), "", 13),
        Column("发货日期", date(2026, 3, 9), "可空", 13),
        Column("签收日期", date(2026, 3, 12), "可空；保修从签收起算", 13),
        Column("渠道", "门店", "门店或远程", 8),
        Column("是否定制", "否", "空则为否", 10),
    ),
    notes=(
        "一行是订单的一行；同一订单号和行号再次发来，内容有变即更正，没有变即不动。",
        "请不要合并单元格，不要使用公式，不要改动表头。",
        f"订单号以“{EXAMPLE}”开头的行不会读入。",
    ),
)

KINDS = {
    kind.code: kind
    for kind in (
        APPLICATIONS,
        REVIEW,
        RESUBMIT,
        APPROVAL,
        CYCLE,
        PLAN,
        PRODUCTION,
        GOODS_IN,
        GOODS_OUT,
        RELEASE,
        PICKUP,
        CHECK,
        ANOMALY,
        SALES,
    )
}


def sheet_kind(code: str) -> SheetKind:
    """Find a kind by its code or title; NotFound lists what there is."""
    found = KINDS.get(code) or next((kind for kind in KINDS.values() if kind.title == code), None)
    if found is None:
        known = ", ".join(f"{kind.code} {kind.title}" for kind in KINDS.values())
        raise NotFound(f"没有这种表 no sheet kind {code!r}; 可用 known: {known}")
    return found
