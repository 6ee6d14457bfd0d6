"""What people say where nobody planned otherwise, and who of them may say it: for the demo, tests and benches."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

from schemas.forms.fields import LINE_NO, STAFF
from schemas.words import Role
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.people.queries import Person

ROLES = (  # leaders before those who send goods: they may let urgent ones go first
    Role.OFFICE,
    Role.PARTS_REVIEWER,
    Role.PLANNER,
    Role.WORKSHOP,
    Role.QUALITY,
    Role.RESPONSIBLE_UNIT,
    Role.AGENT,
    Role.COMPLAINT_HANDLER,
    Role.SALES_MANAGER,
    Role.SUPERVISOR,
    Role.MANAGER,
    Role.GENERAL_MANAGER,
    Role.SALES_MANAGER,
    Role.FINANCE,
    Role.OFFICE,  # what it has sent is told before it is counted
    Role.LOGISTICS,
    Role.WAREHOUSE,
)
NEW_NUMBER, FIRST_CONTACT = "new number", "first contact"
OWN_VAN = {"运输方式": "自有车辆", "承运商": "集团自有车队", "运费": 0, "件数": 1}
SENSIBLE: Mapping[str, Mapping[str, Any]] = {
    "ReviewDecision": {"审核结论": "通过"},
    "ApprovalDecision": {"审批结论": "同意"},
    "GoodsOut": OWN_VAN,
    "EarlyRelease": {"放行结论": "先行放行"},
    "PickupConfirmation": {"到货日期": "today", "核对结果": "货单相符"},
    "GoodsCheck": {"核对结果": "货单相符"},
    "RepairReview": {"返修结论": "通过", "维修地点": "本厂维修"},
    "Appraisal": {"鉴定类别": "二类(可修)", "修理费": 80},
    "ReceiptConfirmed": {"确认意见": "确认"},
    "ArbitrationFound": {"裁定结论": "维持鉴定", "原因": "按照片"},
    "QuoteSent": {"联系方式": "电话"},
    "ScrapAnswer": {"报废答复": "同意报废"},
    "RepairReport": {"维修结果": "已修好", "维修内容": "补漆"},
    "QualityInspection": {"检验结论": "合格", "检验项目": "外观"},
    "RepairRuled": {"裁定": "再修一次"},
    "HandedOver": {"交付日期": "today", "签收单编号": "QS-1"},
    "ListDecision": {"清单处理": "发出"},
    "ListShipped": {"承运商": "德邦物流", "运单号": "DB1", "预计到货": "tomorrow"},
    "ParcelReturned": {"承运商": "德邦物流", "退回运单号": "DB2"},
    "ListReceipt": {"到货日期": "today"},
    "ListTraced": {"查询结果": "在途", "预计到货": "tomorrow"},
    "SpecialReviewDecision": {"初审结论": "通过"},
    "MakeabilityDecision": {"生产结论": "可以生产"},
    "ChangesAnswer": {"改动意见": "同意"},
    "QuoteAnswer": {"答复": "同意报价", "签字日期": "today"},
    "PaymentReceived": {"付款日期": "today", "凭证号": NEW_NUMBER},
    "PaymentGivenBack": {"付款日期": "today", "凭证号": NEW_NUMBER},
    "AnomalyReviewDecision": {"初审结论": "同意"},
    "ResponsibilityFound": {"责任方类别": "仓库", "异常费用": 0, "责任依据": "现场核对"},
    "AnomalyPlan": {"处理办法": "让步接收", "货物去向": "无实物", "申报方同意": "客户同意"},
    "PartyAnswer": {"确认结论": "确认"},
    "FirstAnswer": {"接听结论": "有效投诉", "严重程度": "一般"},
    "VisitReport": {"上门结果": "已修好", "维修内容": "紧固", "签收单编号": "QS-1"},
    "UnitAnswer": {"单位意见": "已解答", "答复内容": "按说明书安装"},
    "CustomerTold": {"回复方式": "电话", "回复内容": "原因、追溯和结论已说明"},
    "CustomerWord": {"客户意见": "满意"},
    "DifficultConfirmed": {"属疑难客户": "是"},
    "Coordination": {"品管判定": "是"},
    "CauseFound": {"责任结论": "我方责任", "责任单位": "PANEL", "原因分析": "封边胶不足"},
    "ComplaintPlan": {
        "方案结论": "提出方案",
        "处理办法": "说明致歉",
        "处理措施": "上门更换门板",
        "措施期限": "in 60 days",
        "部门原因分析": "漏涂胶",
        "纠正预防措施": "增加抽检",
        "纠正期限": "in 60 days",
    },
    "JointReview": {"会审纪要": "一致同意", "处理办法": "说明致歉", "处理措施": "换货", "措施期限": "in 60 days"},
    "MeasureDone": {"完成日期": "today", "完成情况": "已更换"},
    "ComplaintFiled": {"结案摘要": "客户满意"},
    "CallMade": {"回访结果": "满意"},
    "NumberCorrected": {"已查到": "是", "客户电话": "13800001343"},
    "CallScored": {
        **dict.fromkeys(("三声接听", "问候规范", "耐心解答", "当天答复", "客户先挂"), "做到"),
        "按约回复": "不涉及",
        "通话录音": "LY-1",
    },
    "ScoreAnswer": {"坐席意见": "认可评分"},
    "ReturnReview": {"退换结论": "同意"},
    "OrderStopped": {"单据状态": "未打印"},
    "ParcelIntercepted": {"拦截结果": "已拦截", "原运单号": "ZT1", "快递员": "快递小李"},
    "ParcelCameBack": {"收到日期": "today", "原包裹已收到": "张仓"},
    "ReturnNotified": {"通知日期": "today"},
    "GoodsSentBack": {"返货承运商": "中通快递", "返货运单号": "ZT2", "返货运费": 90},
    "ReturnCounted": {"送达日期": "today"},
    "ReturnTraced": {"返货查询结果": "仍在途"},
    "ReturnInspected": {"复检项目": "结构、漆面"},
    "DifferenceAnswer": {"客户意见": "认可"},
    "ExchangeChosen": {"缺货选择": "等待"},
    "BankConfirmed": {"银行结果": "已付", "入账日期": "today", "银行流水号": NEW_NUMBER},
    "AccountCorrected": {"更正账号": "6222020200112230"},
    "GoodsGoBack": {"退回承运商": "中通快递", "退回客户运单号": "ZT3"},
    "CorrectivePlan": {"不满原因": "答复不及时", "整改措施": "专人接听", "完成期限": "today"},
    "CountDone": {"监盘人工号": "E1047"},
    "SlipChecked": {"仓管意见": "同意"},
    "PapersCame": {"核对意见": "单货相符", "随货单号": "SH-1"},
    "TransferSent": {"承运商": "德邦物流", "调拨运单号": "DB3"},
    "PenaltyAnswer": {"部门意见": "无异议"},
    "PenaltyDecision": {"处罚结论": "确认"},
}
APPROVALS = {"ReviewDecision", "SpecialReviewDecision", "RepairReview", "AnomalyReviewDecision", "ApprovalDecision"}
APPROVALS |= {"EarlyRelease", "ReturnReview"}
BY_OFFICE = {"PickupConfirmation"}  # LOGISTICS and SUPERVISOR, whose lists it is on too, say only that goods arrived
UNASKED = {"ReturnNews"}  # nobody has anything to say there unless a story says so
DAYS = {"two days ago": -2, "today": 0, "tomorrow": 1, "in 60 days": 60}


def sensible(form: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Give what is said on a form: what is sensible, over it `fields`; list rows by number: {2: {"数量": 3}}."""
    return each_value({**SENSIBLE.get(form, {}), **fields}, day)


def filled_in(prefill: Mapping[str, Any], said: Mapping[str, Any], staff: str) -> dict[str, Any]:
    """Fill in a form: over what is pre-filled what is said, signed by `staff`."""
    rows = {name: _rows(prefill.get(name, []), value) for name, value in said.items() if isinstance(value, Mapping)}
    return {**prefill, **said, **rows, STAFF: staff}


def _rows(rows: Sequence[Mapping[str, Any]], said: Mapping[int, Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, **said.get(row.get(LINE_NO, place), {})} for place, row in enumerate(rows, start=1)]


def each_value(fields: Mapping[Any, Any], change: Callable[[Any], Any]) -> dict[Any, Any]:
    """Change each value, in rows too."""
    return {
        name: each_value(value, change) if isinstance(value, Mapping) else change(value)
        for name, value in fields.items()
    }


def day(value: Any) -> Any:
    """Write the day, or the number that nobody has had, that a word means; what else there is stays."""
    if value == NEW_NUMBER:
        return f"YH-{uuid4().hex[:12]}"
    if value == FIRST_CONTACT:
        return f"CC-{shanghai_day(clock.now()).year}-000001"
    after = DAYS.get(value) if isinstance(value, str) else None
    return value if after is None else (shanghai_day(clock.now()) + timedelta(days=after)).isoformat()


def able_staff(
    people: Mapping[str, Person], role: Role, office: str | None = None, unit: str | None = None
) -> list[str]:
    """Give the active staff who may act as a role, by code."""
    return [code for code, person in sorted(people.items()) if person.active and person.holds(role, office, unit)]


def who_may(able: Sequence[str], form: str, applicant: str, approved: Collection[str]) -> list[str]:
    """Narrow down who answers: the applicant for the office; an approval neither the applicant nor who approved."""
    free = [code for code in able if code not in {applicant, *approved}]
    if form in APPROVALS:
        return free
    return [applicant] if applicant in able else free or list(able)
