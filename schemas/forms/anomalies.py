"""Part anomalies: the report, its review, who is responsible, what is done about it (DOMAIN 6)."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.forms import fields
from schemas.forms.base import Decision, Request
from schemas.forms.fields import Cell, Sense, label, needed
from schemas.sheet_kinds import sheet
from schemas.words import Labelled, Verdict

FROM_THE_LIST = "从列表中选择；空则跳过"
WHO = "编码或名称；仓库、不明可不填 code or name, not needed for warehouse and unknown"
REDIRECTED, MOVED = "改送时必填 needed to redirect", "改期时必填 needed for a new date"
AGREED = "让步接收时必填：何人何时同意 needed to accept as is: who agreed, and when"


class AnomalyKind(Labelled):
    """What is wrong: 单货不符, 包装破损, 质量问题 of S3 §3 1.2, ours beside them; of NOTED nothing is missing."""

    WRONG_PART = "wrong_part", "错件(单货不符)"
    WRONG_LOOK = "wrong_size_or_colour", "尺寸颜色不符(单货不符)"
    DAMAGED = "damaged", "损坏(包装破损)"
    MISSING = "missing", "缺件(单货不符)"
    QUALITY = "quality", "质量问题"
    WRONG_ADDRESS = "wrong_address", "地址错误"
    DELAYED = "delayed", "延期"
    NOTED = "noted", "其他(不缺货)"


class PartyKind(Labelled):
    """Who may be responsible (DOMAIN 6)."""

    UNIT = "unit", "生产单位"
    WAREHOUSE = "warehouse", "仓库"
    CARRIER = "carrier", "承运商"
    REVIEWER = "reviewer", "审核员"
    OFFICE = "office", "办事处"
    SUPPLIER = "supplier", "供应商"
    UNKNOWN = "unknown", "不明"


class Remedy(Labelled):
    """What is done about an anomaly (DOMAIN 6)."""

    REMAKE = "remake", "重新制作"
    RESEND = "resend", "补发"
    ACCEPT = "accept", "让步接收"
    REDIRECT = "redirect", "改送"
    NEW_DATE = "new_date", "改期"
    REPAIR = "repair", "返修"
    REFUND = "refund", "退款"


class Whereabouts(Labelled):
    """Where the goods at hand go."""

    KEPT = "kept", "留在原处"
    GOOD = "good_stock", "入良品库"
    DAMAGED = "damaged_stock", "入残次品库"
    SENDER = "back_to_sender", "退回发货方"
    SCRAPPED = "scrapped", "报废"
    NONE = "none", "无实物"


class PartyVerdict(Labelled):
    """What the responsible party says."""

    CONFIRM = "confirm", "确认"
    OBJECT = "object", "有异议"


@sheet(
    "anomaly-report",
    "异常申报",
    first=("office", "applicant", "source", "line_no", "kind", "quantity", "found"),
    hints=("一行一项异常；须为本办事处未结案的单、未结的行。",),
)
class AnomalyReport(Request):
    """异常申报单: what is wrong with a line of an open case."""

    first: ClassVar = ("office", "applicant", "source", "line_no", "kind", "quantity", "found")
    applicant: Annotated[
        fields.StaffNo, label("申报人工号", "Reported by", "例如 e.g. E1049"), Cell("E1049", "发现异常的人", 12)
    ]
    source: Annotated[
        fields.CaseNo, label("来源单号", "Case", "例如 e.g. PA-2026-000123"), Cell("PA-2026-000123", "出现异常的单", 18)
    ]
    line_no: fields.LineNo
    kind: Annotated[AnomalyKind, label("异常类别", "Kind"), Cell("质量问题", "从列表中选择", 16)]
    quantity: fields.PartQuantity
    found: Annotated[fields.Remark, Field(min_length=1), label("异常情况", "What is wrong"), Cell("开裂", width=30)]
    photos: Annotated[fields.Remark, label("照片编号", "Photos"), Cell(width=20)] = ""


@sheet("anomaly-review", "异常初审", signer=("配件审核员", "E1001"), hints=("一行一单。异常类别可更正。",))
class AnomalyReviewDecision(Decision):
    """初步审核: it is an anomaly, or it is none and the line goes on."""

    verdict: Annotated[Verdict, label("初审结论", "Verdict"), Cell("同意", FROM_THE_LIST, 12)]
    kind: Annotated[
        fields.Maybe[AnomalyKind], label("异常类别", "Kind (可更正 may be corrected)"), Cell("", "可更正", 16)
    ] = None
    reason: Annotated[fields.ReasonText, needed("不同意时必填 needed to refuse")] = ""


@sheet("responsibility", "责任判定", signer=("品管", "E1022"), hints=("一行一单。责任方须为现有的单位。",))
class ResponsibilityFound(Decision):
    """查找责任: who is responsible, what it costs, and why."""

    party_kind: Annotated[PartyKind, label("责任方类别", "Responsible"), Cell("生产单位", FROM_THE_LIST, 12)]
    party: Annotated[fields.OptionalName, label("责任方", "Party", WHO), Cell("板式车间", width=16)] = ""
    cost: Annotated[fields.Money, label("异常费用", "Cost (CNY)"), Cell(120, "元", 10)]
    evidence: Annotated[
        fields.Remark, label("责任依据", "Evidence"), needed("责任方已明时必填"), Cell("漏检", width=30)
    ] = ""


@sheet("anomaly-plan", "处理方案", signer=("计划员", "E1004"), first=("remedy", "goods"), hints=("一行一单。",))
class AnomalyPlan(Decision):
    """处理方案: what is done, and where the goods at hand go."""

    remedy: Annotated[Remedy, label("处理办法", "Remedy"), Cell("重新制作", FROM_THE_LIST, 12)]
    goods: Annotated[Whereabouts, label("货物去向", "Goods at hand"), Cell("无实物", "从列表中选择", 14)]
    address: Annotated[
        fields.Remark, Sense.CONTACT, label("新地址", "New address"), needed(REDIRECTED), Cell(width=30)
    ] = ""
    day: Annotated[fields.OptionalDay, label("新日期", "New date"), needed(MOVED), Cell("", width=13)] = None
    reduction: Annotated[fields.Money, label("折让金额", "Reduction (CNY)"), Cell(0, "让步接收时，元", 10)] = Field(
        0, validate_default=True
    )
    consent: Annotated[fields.Remark, label("申报方同意", "Reporter's consent"), needed(AGREED), Cell(width=24)] = ""
    note: fields.Explanation = ""


@sheet("anomaly-answer", "确认处理意见", signer=("责任方", "E1007"), hints=("一行一单。逾期未答视为同意。",))
class PartyAnswer(Decision):
    """确认处理意见: the responsible party confirms, or objects once."""

    verdict: Annotated[PartyVerdict, label("确认结论", "Verdict"), Cell("确认", FROM_THE_LIST, 12)]
    reason: Annotated[fields.ReasonText, needed("有异议时必填 needed to object")] = ""
