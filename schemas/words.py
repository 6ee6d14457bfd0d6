"""The words that several trades speak; those of one stand beside its forms, a process's endings in schemas/processes.

Values are what the database stores. `.zh` is what staff read.
"""

from enum import StrEnum
from functools import cache
from typing import Any, Self

from pydantic_core import core_schema


class Labelled(StrEnum):
    """A stored value with the Chinese label that staff read.

    Forms offer `.option` ("加急 urgent"); the value, the label and the option are all accepted as input.
    Pydantic stores the value; a dump with `context="form"` gives the option.
    """

    zh: str

    def __new__(cls, value: str, zh: str = "") -> Self:
        """Keep the label beside the value; a word of other words keeps the one that it has there."""
        member = str.__new__(cls, value)
        member._value_ = str(value)
        member.zh = zh or getattr(value, "zh", member._value_)
        return member

    @property
    def option(self) -> str:
        """What a drop-down shows."""
        return f"{self.zh} {self.value.lower().replace('_', ' ')}"

    @classmethod
    def parse(cls, text: object) -> Self:
        """Read a value, a label or an option; ValueError names what was expected."""
        if (member := cls._missing_(text)) is None:
            raise ValueError(cls._expected())
        return member

    @classmethod
    @cache
    def _by_text(cls) -> dict[str, Self]:
        """All that each member may be called; the first that has a name keeps it."""
        named = [(name, member) for member in cls for name in (member.value, member.zh, member.option)]
        return dict(reversed(named))

    @classmethod
    def _missing_(cls, text: object) -> Self | None:
        """Find a word by its label or option."""
        return cls._by_text().get(text) if isinstance(text, str) else None

    @classmethod
    def _expected(cls) -> str:
        return "应为 expected one of: " + " / ".join(member.option for member in cls)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> core_schema.CoreSchema:
        """Let Pydantic find stored values by itself, which is what a replay reads; it asks `_missing_` for the rest."""
        shown = core_schema.plain_serializer_function_ser_schema(
            lambda member, info: member.option if info.context == "form" else member._value_,
            info_arg=True,
            return_schema=core_schema.str_schema(),
        )
        words = core_schema.enum_schema(cls, list(cls), sub_type="str", serialization=shown)
        return core_schema.custom_error_schema(words, "word", custom_error_message=cls._expected())

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "string", "enum": [member.option for member in cls]}


class Role(Labelled):
    """Who does what (DOMAIN, "Who"); SYSTEM and ENGINEER are the product's own."""

    OFFICE = "OFFICE", "办事处售后"
    PARTS_REVIEWER = "PARTS_REVIEWER", "配件审核员"
    PLANNER = "PLANNER", "计划员"
    WORKSHOP = "WORKSHOP", "售后车间"
    WAREHOUSE = "WAREHOUSE", "仓管员"
    LOGISTICS = "LOGISTICS", "物流"
    QUALITY = "QUALITY", "品管"
    AGENT = "AGENT", "客服专员"
    COMPLAINT_HANDLER = "COMPLAINT_HANDLER", "投诉专管员"
    RESPONSIBLE_UNIT = "RESPONSIBLE_UNIT", "责任部门"
    SUPERVISOR = "SUPERVISOR", "客服主管"
    MANAGER = "MANAGER", "客户服务部经理"
    SALES_MANAGER = "SALES_MANAGER", "销售部经理"
    GENERAL_MANAGER = "GENERAL_MANAGER", "总经理"
    FINANCE = "FINANCE", "财务"
    SYSTEM = "SYSTEM", "系统"
    ENGINEER = "ENGINEER", "系统工程师"


class Channel(Labelled):
    """Through which door a decision came."""

    PREFECT = "prefect", "Prefect 界面"
    CLI = "cli", "命令行"
    SHEET = "sheet", "表格"
    SYSTEM = "system", "系统"


class ItemState(Labelled):
    """A work item waits until exactly one of the other words ends it."""

    OPEN = "open", "待办"
    DECIDED = "decided", "已办"
    WITHDRAWN = "withdrawn", "已撤回"
    TIMED_OUT = "timed_out", "已超时"
    DROPPED = "dropped", "已取消"


class Ending(Labelled):
    """How a case ended: each process lists its own words; `good` ones are what the case was opened for."""

    good: bool

    def __new__(cls, value: str, zh: str = "", good: bool = False) -> Self:
        """Keep beside the value its label, and whether it is a good end."""
        member = str.__new__(cls, value)
        member._value_, member.zh, member.good = value, zh or value, good
        return member


class EntryKind(StrEnum):
    """What a ledger row tells of: a step, an answer to a question, or the undoing of a step."""

    STEP = "step"
    DECISION = "decision"
    WITHDRAWN = "withdrawn"
    TIMED_OUT = "timed_out"
    UNDO = "undo"


class LinkKind(Labelled):
    """Who moves a case on from a link of its chain (DOMAIN, "The seven processes")."""

    AUTO = "auto", "自动"
    GATE = "gate", "决定"
    EVENT = "event", "回报"
    SCHEDULED = "scheduled", "定时"


class Urgency(Labelled):
    """How fast a case must go."""

    NORMAL = "normal", "普通"
    URGENT = "urgent", "加急"


class Reason(Labelled):
    """Why a part is applied for."""

    QUALITY = "quality", "质量问题"
    TRANSPORT = "transport_damage", "运输损坏"
    MISSING = "missing", "缺件"
    INSTALLATION = "installation", "安装损坏"
    MISUSE = "misuse", "使用不当"
    OTHER = "other", "其他"


class FeeCategory(Labelled):
    """Who pays for the parts (DOMAIN 1.2)."""

    FREE = "free", "免费(三包)"
    CHARGED = "charged", "收费"
    SHARED = "shared", "分摊"
    GOODWILL = "goodwill", "优惠"


class Supply(Labelled):
    """Where a planned line comes from (DOMAIN 1.5); what is on stock was reserved before, it is not planned."""

    WORKSHOP = "workshop", "本厂生产"
    OUTSOURCED = "outsourced", "外协"
    PURCHASE = "purchase", "采购"


class MovementKind(Labelled):
    """Why stock moved (DOMAIN, "Stock"); a reversal is a negative slip of the same kind."""

    PURCHASE_IN = "purchase_in", "采购入库"
    SMALL_PURCHASE_IN = "small_purchase_in", "零星采购入库"
    DAMAGED_IN = "damaged_in", "残次品入库"
    REPAIRED_IN = "repaired_in", "维修入库"
    PRODUCTION_IN = "production_in", "生产入库"
    CUSTOMER_RETURN_IN = "customer_return_in", "客户退货入库"
    RETURN_TO_STOCK = "return_to_stock", "退库"
    TRANSFER_IN = "transfer_in", "调拨入库"
    COUNT_GAIN = "count_gain", "盘盈"
    OWN_USE_OUT = "own_use_out", "自用出库"
    REPAIR_OUT = "repair_out", "维修出库"
    SCRAP_OUT = "scrap_out", "报废出库"
    TRANSFER_OUT = "transfer_out", "调拨出库"
    COUNT_LOSS = "count_loss", "盘亏"
    DELIVERY_OUT = "delivery_out", "发货出库"

    @property
    def goes(self) -> bool:
        """Whether it is counted among what went; its reversal counts there too, the other way."""
        return self.endswith("_out") or self is MovementKind.COUNT_LOSS


class DocumentKind(Labelled):
    """A numbered document; the value is the prefix of its number."""

    APPLICATION = "SQ", "配件申报单"
    INBOUND_SLIP = "RK", "入库单"
    OUTBOUND_SLIP = "CK", "出库单"
    DISPATCH_NOTE = "FH", "发货单"
    PACKING_LIST = "ZX", "装箱单"
    REPAIR_APPLICATION = "FS", "返修申报单"
    RETURN_LIST = "FJ", "返件清单"
    TRANSFER = "DB", "调拨单"
    QUOTE = "FK", "返回品信息反馈单"
    FEE_NOTE = "SF", "修理收费单"
    INSPECTION = "JY", "检验报告"
    SERVICE_REPORT = "WX", "维修服务报告"
    REPAIR_OUTBOUND = "FX", "返修品出库单"
    SPECIAL_ORDER = "TD", "特殊订货单"
    RETURN_SHEET = "TH", "退换货清单"
    REFUND_NOTE = "TK", "退款单"
    PARCEL_NOTE = "SD", "返货随附单"
    RETURN_RECORD = "TJ", "退货记录表"
    EXPRESS_RETURN = "KT", "快件退回单"
    AFTER_SALES = "DJ", "售后登记表"
    ANOMALY_REPORT = "YC", "异常申报单"
    CYCLE_SHEET = "ZQ", "配件周期控制表"
    PENALTY_OPINION = "YJ", "处罚意见书"
    PENALTY_NOTICE = "CF", "处罚通知单"
    CONTACT = "LD", "来电信息记录表"
    COMPLAINT = "TS", "顾客投诉处理单"
    REPAIR_NOTICE = "TZ", "维修通知单"
    CONFIRMATION = "QR", "解决方案确认书"
    CUSTOMER_NOTICE = "GZ", "客户问题告知书"
    SITE_MINUTES = "JL", "现场处理纪要"
    REVIEW_MINUTES = "HS", "会审纪要"
    AGREEMENT = "XY", "协议书"
    COMPLAINT_FILE = "DA", "投诉档案目录"
    SUGGESTION = "JB", "意见建议反馈表"
    DUTY_SWAP = "HB", "换班登记表"
    INTERNAL_LETTER = "LL", "内部联络单"
    COUNT_SHEET = "PD", "盘点表"
    JOURNAL = "LS", "出入库流水账"


class OrderState(Labelled):
    """A production order."""

    OPEN = "open", "生产中"
    DONE = "done", "已完工"
    CANCELLED = "cancelled", "已取消"


class OutboxState(Labelled):
    """A message that leaves the house; a dead one waits for a person, who sends it again or drops it."""

    PENDING = "pending", "待发送"
    ANSWERED = "answered", "已答复"
    DEAD = "dead", "发送失败"
    DROPPED = "dropped", "已放弃"


class NoticeWay(Labelled):
    """By which way notices reach people outside of the desk."""

    EMAIL = "email", "邮件"
    WECOM = "wecom", "企业微信群机器人"
    DINGTALK = "dingtalk", "钉钉群机器人"
    WEBHOOK = "webhook", "网络回调"


class Occasion(Labelled):
    """After what a customer gets a care message 温馨短信 (S1 1.4.2; DOMAIN, "Scheduled work")."""

    ENQUIRY = "enquiry", "咨询"
    DEPOSIT = "deposit", "定金"
    CONTRACT = "contract", "签约"
    REGISTRATION = "registration", "保修卡登记"
    DELIVERY = "delivery", "送达"
    CLOSED = "closed", "结案"
    REGULAR = "regular", "老客户问候"


class CareState(Labelled):
    """What became of a care message before it left."""

    WAITING = "waiting", "待发"
    SENT = "sent", "已发出"
    REPLACED = "replaced", "被后一条取代"
    OPTED_OUT = "opted_out", "客户已退订"


class PaymentKind(Labelled):
    """What a customer pays for (DOMAIN-BRANCHES 2, 7), and what is given back of it."""

    DEPOSIT = "deposit", "定金"
    PREPAYMENT = "prepayment", "预付款"
    BALANCE = "balance", "尾款"
    FEE = "fee", "服务费"
    RETURNED = "returned", "退还"


class RefundState(Labelled):
    """A refund: granted by its approvers, sent to be paid, refused by the bank, paid."""

    GRANTED = "granted", "已核准"
    SENT = "sent", "付款中"
    REFUSED = "refused", "付款失败"
    PAID = "paid", "已付款"


class FinanceState(Labelled):
    """What the finance system says of a payment: the bank has paid it, has it, or refused it."""

    PAID = "paid", "已付款"
    ACCEPTED = "accepted", "已受理"
    REFUSED = "refused", "退票"


class TextState(Labelled):
    """What the gateway says of a short message; the embedded one keeps it."""

    SENT = "sent", "已送达网关"
    KEPT = "kept", "未接短信网关，未外发"
    REFUSED = "refused", "网关拒收"


class Verdict(Labelled):
    """What an approver may say."""

    APPROVE = "approve", "同意"
    REJECT = "reject", "不同意"
