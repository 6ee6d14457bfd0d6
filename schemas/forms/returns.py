"""Returns and refunds: the request, its review, what came back, what is paid (DOMAIN 5; DOMAIN-BRANCHES 5)."""

import re
from datetime import date
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from schemas.forms import fields
from schemas.forms.base import Decision, Form, Request
from schemas.forms.fields import Cell, Sense, label, needed
from schemas.forms.sales import YesNo
from schemas.sheet_kinds import sheet
from schemas.spelling import order_number
from schemas.words import FinanceState, Labelled, Verdict

CHOOSE = "从列表中选择；空则跳过"
AN_ACCOUNT = re.compile(r"[0-9]{12,19}")
NO_ACCOUNT = "应为 12 至 19 位银行账号，原路退回则留空 a bank account has 12 to 19 digits; empty: the way it was paid"
BY_RECORD = "可空；须与销售记录一致 as in the sales record"
REOPENS = "逾期未返货结案后货到的，填原单号 the case that ended because the goods never came"


class Wish(Labelled):
    """What a customer wants; CHANGE: of attribute or address, before the goods have gone."""

    RETURN = "return", "退货"
    EXCHANGE = "exchange", "换货"
    REDUCTION = "reduction", "折价"
    CHANGE = "change", "更改订单"


class Ground(Labelled):
    """Why goods are brought back."""

    DEFECT = "defect", "质量问题"
    NO_REASON = "no_reason", "无理由"
    SPECIAL = "special", "特批"


def _account(typed: str) -> str:
    """Read an account as it is typed, in groups; ValueError where it can be none."""
    digits = re.sub(r"[\s-]", "", typed)
    if digits and not AN_ACCOUNT.fullmatch(digits):
        raise ValueError(NO_ACCOUNT)
    return digits


Account = Annotated[
    fields.Remark, AfterValidator(_account), label("退款账号", "Account"), Sense.CONTACT, Cell("", NO_ACCOUNT[:24], 20)
]
WISH = label("客户意愿", "Wish")


class ReturnLine(Form):
    """How many of a line of the order, and why."""

    line_no: Annotated[fields.LineNo, Field(le=9999), Cell(1, "订单中的第几行", 7)]
    quantity: Annotated[fields.Quantity, label("退换数量", "Quantity"), Cell(1, "大于 0", 10)]
    found: Annotated[fields.Remark, Field(min_length=1), label("退换原因", "Reason"), Cell("床板开裂", width=26)]


@sheet(
    "returns",
    "退换货申请",
    first=("office", "applicant", "order_no", "wish", "ground", "lines"),
    hints=("一行是订单的一行；同一份申请的各行填同一个申报单号。", "质量问题须有照片。"),
)
class ReturnRequest(Request):
    """退换货申请: what a customer of the office wants to bring back, and what instead."""

    first: ClassVar = ("office", "applicant", "order_no", "wish", "ground", "lines")
    order_no: fields.OrderNo
    wish: Annotated[Wish, WISH, Cell("退货", "从列表中选择", 10)]
    ground: Annotated[Ground, label("退换依据", "Ground"), Cell("质量问题", "从列表中选择", 10)]
    lines: fields.Lines[ReturnLine]
    photos: Annotated[
        fields.Remark, label("照片编号", "Photos", "质量问题时必填 needed for a defect"), Cell(width=16)
    ] = ""
    requested_on: Annotated[
        fields.Past[fields.OptionalDay],
        label("客户提出日期", "Asked on", "空则今天 today if empty"),
        Cell("", width=13),
    ] = None
    purchased_on: Annotated[fields.Past[fields.OptionalDay], label("购买日期", "Bought on"), Cell("", width=13)] = None
    customer_name: Annotated[fields.ContactName[fields.OptionalName], needed(BY_RECORD), Cell(width=10)] = ""
    customer_phone: Annotated[fields.ContactPhone[fields.OptionalName], needed(BY_RECORD), Cell(width=14)] = ""
    account: Account = ""
    wanted: Annotated[
        fields.Remark, label("改成", "Change to", "更改订单时必填 needed for a change"), Sense.CONTACT, Cell(width=20)
    ] = ""
    unqualified: Annotated[
        fields.Remark,
        label("质检文书", "Found unqualified", "主管机关认定不合格的文号 of an authority"),
        Cell(width=16),
    ] = ""
    dispute: Annotated[YesNo, label("平台维权", "Platform dispute"), Cell("否", "空则为否", 8)] = YesNo.NO
    reopens: Annotated[
        fields.OptionalName, AfterValidator(order_number), label("原退换单号", "Reopens", REOPENS), Cell("", width=18)
    ] = ""
    remark: fields.Note = ""


@sheet("return-review", "退换审核", signer=("客服专员", "E1025"), hints=("一行一单；登记人不能审核。",))
class ReturnReview(Decision):
    """审核确认: what it is by the rules, who brings the goods, what is deducted; the leaders' approval follows."""

    verdict: Annotated[Verdict, label("退换结论", "Verdict"), Cell("同意", CHOOSE, 10)]
    ground: Annotated[fields.Maybe[Ground], label("依据更正", "Ground, corrected"), Cell("", "可更正", 10)] = None
    collect: Annotated[YesNo, label("上门取货", "We collect"), Cell("否", "空则为否", 8)] = YesNo.NO
    ahead: Annotated[YesNo, label("先换后退", "Exchange first"), Cell("否", "须经理批准", 8)] = YesNo.NO
    freight: Annotated[fields.Money, label("预计运费", "Expected freight (CNY)"), Cell(0, "元", 10)] = Field(
        0, validate_default=True
    )
    gift: Annotated[fields.Money, label("赠品留用", "Gift kept (CNY)"), Cell(0, "元", 10)] = Field(
        0, validate_default=True
    )
    share: Annotated[
        fields.Count, Field(le=100), label("折价比例", "Reduction (%)", "折价时必填 needed to reduce"), Cell("", "%", 8)
    ] = Field(0, validate_default=True)
    reason: Annotated[fields.ReasonText, needed("不同意时必填 needed to refuse")] = ""


class Printed(Labelled):
    """How far an order is that has not been sent."""

    NOT_PRINTED = "not_printed", "未打印"
    PRINTED = "printed", "已打印"
    PACKED = "packed", "已打包"
    GONE = "gone", "已发出"


@sheet(
    "stop-order", "截单处理", signer=("仓管员", "E1016"), hints=("一行一单；未打印的作废或更改，已打印、打包的收回。",)
)
class OrderStopped(Decision):
    """截单: how far the order was; what was printed or packed is recalled."""

    printed: Annotated[Printed, label("单据状态", "Printed"), Cell("未打印", CHOOSE, 10)]


class InterceptFound(Labelled):
    """What came of intercepting a parcel."""

    STOPPED = "intercepted", "已拦截"
    FAILED = "failed", "拦截失败"
    LOST = "lost", "已丢失"


@sheet("intercept", "快件拦截", signer=("物流", "E1020"), hints=("一行一单；拦截成功的由快递员签快件退回单。",))
class ParcelIntercepted(Decision):
    """拦截: the carrier stops the parcel, or cannot."""

    verdict: Annotated[InterceptFound, label("拦截结果", "Outcome"), Cell("已拦截", CHOOSE, 10)]
    tracking: Annotated[fields.Name, label("原运单号", "Tracking number"), Cell("ZT20261118", width=18)]
    courier: Annotated[
        fields.Remark, label("快递员", "Courier", "已拦截时必填 needed where it was"), Cell(width=10)
    ] = ""


@sheet("parcel-came-back", "售后登记", signer=("仓管员", "E1016"), hints=("一行一单；原包裹收到后登记。",))
class ParcelCameBack(Decision):
    """售后登记表: the parcel that was intercepted is back."""

    came_on: Annotated[fields.Past[fields.Day], label("收到日期", "Came back on"), Cell(date(2026, 5, 20), width=13)]
    received_by: Annotated[fields.Name, label("原包裹已收到", "Received by"), Cell("张仓", "收件人姓名", 12)]


@sheet("return-notice", "通知返货", signer=("客服专员", "E1025"), decided_by=("notified_on",), hints=("一行一单。",))
class ReturnNotified(Decision):
    """通知返货: the customer knows address, person and phone (1 wd)."""

    notified_on: Annotated[fields.Past[fields.Day], label("通知日期", "Told on"), Cell(date(2026, 5, 20), width=13)]
    address: Annotated[fields.Name, label("返货地址", "Address"), Cell("佛山市", "空则按规定的地址", 26)]
    contact: Annotated[fields.Name, label("返货联系人", "Person"), Cell("退货组", width=12)]
    phone: Annotated[fields.Name, label("返货电话", "Phone"), Cell("0757-00000000", width=14)]


@sheet("return-record", "退货记录", signer=("办事处售后或物流", "E1049"), hints=("一行一次发货。",))
class GoodsSentBack(Decision):
    """退货记录表: the goods are on their way, under this number."""

    carrier: Annotated[fields.Name, label("返货承运商", "Carrier"), Cell("中通快递", width=14)]
    tracking: Annotated[fields.Name, label("返货运单号", "Tracking number"), Cell("ZT20261120", width=18)]
    freight: Annotated[fields.Money, label("返货运费", "Freight (CNY)"), Cell(90, "元；谁付都填", 10)]


class CameBack(Form):
    """How many of a line came back."""

    line_no: Annotated[fields.LineNo, Cell(1, "订单中的第几行；未到的不列", 7)]
    counted: Annotated[fields.Count, label("实返数量", "Counted"), Cell(1, "先清点再填写", 10, given="待返数量")]


@sheet("returns-received", "退货清点", signer=("仓管员", "E1016"), dated=True, hints=("分次到货的分次登记。",))
class ReturnCounted(Decision):
    """返货验收: what the carrier delivered, and when."""

    received_on: Annotated[
        fields.Past[fields.Day], label("送达日期", "Delivered on"), Cell(date(2026, 5, 20), width=13)
    ]
    freight: Annotated[fields.Money, label("返货运费", "Freight (CNY)"), Cell(90, "元；按凭据", 10)]
    lines: fields.Lines[CameBack]


class TraceSaid(Labelled):
    """What tracing returned goods found."""

    COMING = "coming", "仍在途"
    LOST = "lost", "途中丢失"


@sheet("return-trace", "返货查询", signer=("物流", "E1020"), hints=("一行一单；逾期未到的查询。",))
class ReturnTraced(Decision):
    """返货查询: LOGISTICS has asked the carrier."""

    verdict: Annotated[TraceSaid, label("返货查询结果", "Found"), Cell("仍在途", CHOOSE, 12)]


class AppraisedReturn(Form):
    """In what condition the pieces of a line are."""

    line_no: Annotated[fields.LineNo, Cell(1, "订单中的第几行", 7)]
    intact: Annotated[
        fields.Count,
        label("完好数量", "Intact", "品质、功能、配件、标签"),
        Cell(1, "打开试用不算", 10, given="收到数量"),
    ]
    resale: Annotated[fields.Count, label("可再售数量", "Fit for resale"), Cell(1, "包装完整", 10)]
    scrap: Annotated[fields.Count, label("拟报废数量", "To be scrapped"), Cell(0, "空则为 0", 10)] = Field(
        0, validate_default=True
    )


@sheet(
    "returns-appraisal",
    "退货鉴定",
    signer=("车间人员", "E1012"),
    decided_by=("staff",),
    hints=("标签剪、污、损即不完好。",),
)
class ReturnAppraised(Decision):
    """退货鉴定: the WORKSHOP says in what condition the goods are, and what could be deducted for that."""

    lines: fields.Lines[AppraisedReturn]
    deduction: Annotated[fields.Money, label("拟扣金额", "Deduction (CNY)"), Cell(0, "元；0 为不完好的不收", 10)] = (
        Field(0, validate_default=True)
    )
    photos: Annotated[fields.Remark, label("鉴定照片", "Photos"), Cell(width=14)] = ""


class InspectedReturn(Form):
    """How many pieces of a line have the defect; what is unclear counts as ours."""

    line_no: Annotated[fields.LineNo, Cell(1, "订单中的第几行", 7)]
    defective: Annotated[fields.Count, label("属质量问题", "Defective"), Cell(1, "我方责任", 10, given="检验数量")]
    unclear: Annotated[fields.Count, label("无法判定", "Unclear"), Cell(0, "按我方责任", 10)] = Field(
        0, validate_default=True
    )


@sheet("returns-inspection", "退货复检", signer=("品管", "E1022"), decided_by=("tests",), hints=("全数重检。",))
class ReturnInspected(Decision):
    """退货复检: QUALITY re-inspects every claimed piece, and says whose responsibility it is."""

    tests: Annotated[fields.Name, label("复检项目", "Tests"), Cell("结构、漆面", width=20)]
    lines: fields.Lines[InspectedReturn]


class DifferenceVerdict(Labelled):
    """What a customer says of a difference."""

    AGREE = "agree", "认可"
    DISPUTE = "dispute", "不认可"


@sheet("return-difference", "差异答复", signer=("客服专员", "E1025"), hints=("一行一单；逾期未答视为认可。",))
class DifferenceAnswer(Decision):
    """差异答复: the customer was told what was found, and what is paid."""

    stops_clock: ClassVar = True
    verdict: Annotated[DifferenceVerdict, label("客户意见", "Answer"), Cell("认可", CHOOSE, 10)]
    note: fields.Explanation = ""


class Instead(Labelled):
    """What a customer takes where an exchange is out of stock."""

    WAIT = "wait", "等待"
    OTHER = "other", "改换其他商品"
    REFUND = "refund", "改为退款"


@sheet("exchange-choice", "缺货选择", signer=("客服专员", "E1025"), hints=("一行一单；逾期未答按退款办理。",))
class ExchangeChosen(Decision):
    """缺货选择: wait, another article, or the money."""

    stops_clock: ClassVar = True
    verdict: Annotated[Instead, label("缺货选择", "Choice"), Cell("等待", CHOOSE, 12)]
    model: Annotated[fields.Key, label("另换型号", "Other article"), Cell("", "改换时必填", 14)] = ""
    name: Annotated[fields.Key, label("另换品名", "Its name"), Cell("", "改换时必填", 16)] = ""
    price: Annotated[fields.Money, label("另换单价", "Its price (CNY)"), Cell("", "改换时必填", 10)] = Field(
        0, validate_default=True
    )


@sheet("return-news", "意愿更改", signer=("客服专员", "E1025"), hints=("一行一单；退款核准前可改。",))
class ReturnNews(Decision):
    """客户来电: the wish has changed, or the platform has a dispute."""

    standing: ClassVar = True
    wish: Annotated[fields.Maybe[Wish], label("意愿更改为", "Wish"), Cell("换货", "从列表中选择；未变则空", 10)] = None
    dispute: Annotated[YesNo, label("平台维权", "Platform dispute"), Cell("否", "空则为否", 8)] = YesNo.NO
    account: Account = ""
    photos: Annotated[fields.Remark, label("照片编号", "Photos", "改为折价时 to reduce"), Cell(width=14)] = ""
    note: fields.Explanation = ""


@sheet(
    "refund-release", "退款付款", signer=("财务", "E1047"), decided_by=("staff",), hints=("一行一单；审批人不能付款。",)
)
class RefundReleased(Decision):
    """办理退款: FINANCE has the refund paid."""

    note: Annotated[fields.Remark, label("付款说明", "Note"), Cell(width=24)] = ""


class BankSaid(Labelled):
    """What the bank did."""

    PAID = "paid", "已付"
    REFUSED = "refused", "退票"


@sheet("refund-paid", "银行回单", signer=("财务", "E1047"), decided_by=("verdict",), hints=("一行一笔，按银行清单。",))
class BankConfirmed(Decision):
    """银行回单: the bank has paid the refund, or refused it."""

    verdict: Annotated[BankSaid, label("银行结果", "Bank"), Cell("已付", CHOOSE, 10)]
    paid_on: Annotated[
        fields.Past[fields.OptionalDay], label("入账日期", "Paid on"), Cell(date(2026, 5, 20), width=13)
    ] = None
    reference: Annotated[fields.OptionalName, label("银行流水号", "Reference"), Cell("YH20260520-01", width=18)] = ""
    reason: Annotated[fields.ReasonText, needed("退票时必填 needed where it refused")] = ""


class FinanceAnswered(Form):
    """What the finance system answers: paid, refused, or taken and left to the bank's list."""

    state: Annotated[FinanceState, label("付款状态", "State")]
    reference: Annotated[fields.OptionalName, label("付款流水号", "Reference")] = ""
    reason: Annotated[str, label("退票原因", "Reason")] = ""


@sheet("refund-account", "账号更正", signer=("客服专员", "E1025"), decided_by=("account",), hints=("一行一单。",))
class AccountCorrected(Decision):
    """账号更正: the customer's account after the bank refused; the same 退款单 is paid."""

    account: Annotated[
        fields.Name, AfterValidator(_account), label("更正账号", "Account, corrected"), Sense.CONTACT, Cell(width=20)
    ]


@sheet("refused-goods", "退回客户", signer=("仓管员", "E1016"), hints=("一行一单；不收的货，运费客户付。",))
class GoodsGoBack(Decision):
    """退回客户: what is not accepted was sent back, or collected."""

    carrier: Annotated[fields.Name, label("退回承运商", "Carrier"), Cell("中通快递", "自提填“自提”", 14)]
    tracking: Annotated[fields.OptionalName, label("退回客户运单号", "Tracking number"), Cell(width=18)] = ""
