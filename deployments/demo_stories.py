"""The twenty-two applications of the demo: what offices ask for, what staff say at each gate, how each must end.

A gate's acts are told by the beginning of its key and said in turn; where a story says nothing, staff say what
is sensible (`demo_desk.SENSIBLE`). Parts that must be made appear in one story only, so that no story depends
on what another leaves on stock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.states import Ending


@dataclass(frozen=True)
class TakeBack:
    """An attempt to withdraw a case through the deployment 撤回申报; `refused` is why it must fail."""

    staff: str
    reason: str
    refused: str = ""


@dataclass(frozen=True)
class Act:
    """What somebody does at a gate.

    fields    what differs from the pre-filled form; lists are told by line: {2: {"数量": 3}}
    staff     who signs; empty: somebody who holds the role and may decide
    refused   the answer must come back, and the next form must hold this text
    twice     a colleague sends the same answer in the same moment
    withdraw  instead of an answer, attempts to take the case back
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    staff: str = ""
    refused: str = ""
    twice: bool = False
    withdraw: tuple[TakeBack, ...] = ()


def say(staff: str = "", refused: str = "", twice: bool = False, **fields: Any) -> Act:
    """Answer a gate."""
    return Act(fields, staff, refused, twice)


def take_back(*attempts: TakeBack) -> Act:
    """Withdraw the case instead of answering."""
    return Act(withdraw=attempts)


@dataclass(frozen=True)
class Slip:
    """A mistake in the sheet as it is first sent: what stands in a cell of a line, and why it comes back."""

    line: int
    heading: str
    written: object
    reason: str


Line = tuple[str, float, str]  # part, quantity, reason


@dataclass(frozen=True)
class Story:
    """One application: `key` is the office's own number on the sheet, `slips` its first mistakes."""

    key: str
    title: str
    office: str
    applicant: str
    order: str
    lines: Sequence[Line]
    acts: Mapping[str, Sequence[Act]] = field(default_factory=dict)
    ending: Ending = Ending.DELIVERED
    urgency: str = "普通"
    slips: Sequence[Slip] = ()


BY_HIRED = {"运输方式": "专车", "承运商": "德邦物流", "件数": 2, "运单号": "DB20261121"}
BY_AIR = {"运输方式": "空运", "承运商": "航空货运代理", "件数": 1, "运单号": "CA8820"}
Q, T, M = "质量问题", "运输损坏", "缺件"

SHEET: tuple[Story, ...] = (
    Story(
        "BJ-01", "现货直发，两人同时审核", "北京办事处", "E1049", "SO20260318-0042",
        [("铰链(全盖110°)", 6, Q), ("拉手(孔距96mm)", 4, Q), ("螺丝包(衣柜通用)", 2, M)],
        {"review": [say(twice=True)]},
    ),
    Story(
        "TJ-01", "入库差异，重做后交付", "天津办事处", "E1051", "SO20260925-0058",
        [("柜门板(左)", 3, T), ("铰链(半盖110°)", 6, Q), ("层板托(带锁)", 8, M)],
        {
            "goods-in": [say(明细={1: {"实收数量": 2, "差异原因": "一块封边破损"}})],
            "anomaly": [say(处理意见="重新制作")],
        },
        slips=[Slip(1, "配件名称", "柜门版(左)", "不是标准配件名称")],
    ),
    Story(
        "SH-01", "分两次报工，外购件定周期", "上海办事处", "E1052", "SO20260416-0113",
        [("衣柜侧板(左)", 4, Q), ("抽屉导轨(三节 350mm)", 2, Q), ("移门玻璃(长虹 5mm)", 1, T)],
        {
            "cycle": [say(明细={3: {"周期天数": 5}})],
            "produce-1-panel": [say(明细={1: {"完成数量": 5}}, refused="最多 4"), say(明细={1: {"完成数量": 2}})],
        },
    ),
    Story(
        "NJ-01", "生产报废一件，补做", "南京办事处", "E1054", "SO20260328-0023",
        [("床头柜台面(实木)", 2, Q), ("餐椅靠背横档", 2, Q), ("补漆修色套装", 1, Q)],
        {"produce": [say(明细={1: {"完成数量": 1, "报废数量": 1}})]},
    ),
    Story(
        "HZ-01", "退回重报后驳回", "杭州办事处", "E1055", "SO20261009-0138",
        [("铰链(内藏110°)", 4, Q), ("拉手(孔距128mm)", 2, Q), ("床铰链(四件套)", 1, Q)],
        {
            "review": [say(审核结论="退回办事处", 原因="请补充照片编号"), say(审核结论="驳回", 原因="不属于售后范围")],
            "resubmit": [say(备注="照片 HZ-0138-1")],
        },
        Ending.REJECTED,
        slips=[Slip(2, "数量", 0, "应大于 must be greater than 0")],
    ),
    Story(
        "JN-01", "退回重报，审核再修正数量和单价", "济南办事处", "E1056", "SO20250618-0047",
        [("餐椅后腿(左)", 2, Q), ("餐椅后腿(右)", 2, Q), ("沙发脚(金属 高120mm)", 4, M)],
        {
            "review": [
                say(审核结论="退回办事处", 原因="左右各需几条请核对"),
                say(费用类别="优惠", 明细={1: {"数量": 2, "单价": 80}, 2: {"单价": 80}}),
            ],
            "resubmit": [say(明细={1: {"数量": 3}, 2: {"数量": 1}})],
        },
    ),
    Story(
        "GZ-01", "驳回须有原因", "广州办事处", "E1057", "SO20260917-0130",
        [("移门滑轮(上轨)", 2, "使用不当"), ("移门滑轮(下轨)", 2, "使用不当"), ("移门阻尼器", 1, "使用不当")],
        {"review": [say(审核结论="驳回", refused="退回或驳回时必填"), say(审核结论="驳回", 原因="客户自行改装")]},
        Ending.REJECTED,
        slips=[Slip(1, "发现日期", "tomorrow", "不能晚于今天")],
    ),
    Story(
        "SZ-01", "金额五万以上，逐级审批到总经理", "深圳办事处", "E1059", "SO20260615-0162",
        [("定制橱柜门板(吸塑)", 60, Q), ("定制衣柜门板(按尺寸)", 40, Q), ("定制台面(石英石)", 10, T)],
        {"approve": [say("E1042"), say("E1042", "已审批过本单"), say("E1043"), say("E1046")]},
    ),
    Story(
        "WH-01", "经理不同意金额", "武汉办事处", "E1060", "SO20260519-0056",
        [("床垫(1.8米 独立弹簧)", 5, Q), ("床垫外套(1.8米)", 4, Q), ("调整脚(M8)", 8, M)],
        {"approve": [say(), say(审批结论="不同意", 原因="先送检再议")]},
        Ending.REJECTED,
    ),
    Story(
        "CS-01", "无权的人审批，被拒后由主管审批", "长沙办事处", "E1061", "SO20260831-0075",
        [("沙发扶手外套(左 皮)", 2, Q), ("沙发扶手外套(右 皮)", 2, Q), ("排骨架横条", 6, M)],
        {"approve": [say("E1061", "需要客服主管"), say("E1001", "需要客服主管"), say("E9999", "没有这位在职员工"), say()]},
        slips=[Slip(1, "申报人工号", "E1062", "须为长沙办事处的售后人员")],
    ),
    Story(
        "CD-01", "加急先行放行，后补出库单", "成都办事处", "E1062", "SO20260624-0080",
        [("抽屉导轨(三节 450mm)", 4, Q), ("三合一连接件", 20, M), ("万向轮(带刹车 2寸)", 4, Q)],
        {"release": [say(放行结论="先行放行")]},
        urgency="加急",
    ),
    Story(
        "CQ-01", "空运须经理审批", "重庆办事处", "E1063", "SO20260214-0046",
        [("拉手(孔距96mm)", 6, Q), ("铰链(全盖165°)", 4, Q), ("床铰链(四件套)", 2, Q)],
        {"goods-out": [say("E1020", **BY_AIR, 运费=860)]},
        slips=[Slip(1, "办事处", "重庆分部", "没有这个办事处")],
    ),
    Story(
        "XA-01", "专车超参考价未批，改价后发货", "西安办事处", "E1065", "SO20260828-0066",
        [("排骨架横条", 12, Q), ("调整脚(M8)", 20, M), ("抽屉侧板", 2, Q)],
        {
            "goods-out": [say("E1021", **BY_HIRED, 运费=2600), say("E1021", **BY_HIRED, 运费=1900)],
            "freight": [say(审批结论="不同意", 原因="请另询价")],
        },
    ),
    Story(
        "KM-01", "入库短少接受，无参考价专车经批准", "昆明办事处", "E1064", "SO20260802-0139",
        [("定制收口板(按尺寸)", 4, Q), ("铰链(半盖110°)", 4, Q), ("层板托(带锁)", 8, M)],
        {
            "goods-in": [say(明细={1: {"实收数量": 3, "差异原因": "少一块"}})],
            "anomaly": [say(处理意见="接受短交", refused="接受短交或关闭时必填"), say(处理意见="接受短交", 原因="客户只需三块")],
            "goods-out": [say(**BY_HIRED, 运费=980)],
        },
        slips=[Slip(3, "数量", "八个", "应为数字")],
    ),
    Story(
        "SY-01", "到货短少有照片，重做再发", "沈阳办事处", "E1067", "SO20261024-0068",
        [("书柜层板(900mm)", 3, Q), ("螺丝包(衣柜通用)", 1, Q), ("拉手(孔距128mm)", 2, Q)],
        {
            "pickup": [say(核对结果="短少", 明细={1: {"完好数量": 2}}, 照片编号="SY-0068-1,2", 说明="少一块层板")],
            "anomaly": [say(处理意见="重新制作")],
        },
        slips=[Slip(3, "配件名称", "螺丝包(衣柜通用)", "重复")],
    ),
    Story(
        "WL-01", "提货未核对，后补核对", "乌鲁木齐办事处", "E1066", "SO20250315-0107",
        [("沙发脚(金属 高120mm)", 4, Q), ("万向轮(带刹车 2寸)", 2, Q), ("三合一连接件", 10, M)],
        {
            "pickup": [say(核对结果="已提货未核对")],
            "check": [say(核对结果="短少", 明细={1: {"完好数量": 3}}, refused="照片编号"), say(核对结果="货单相符")],
        },
    ),
    Story(
        "BJ-02", "投产前申报人撤回", "北京办事处", "E1050", "SO20260726-0129",
        [("书桌台面(1400mm)", 1, T), ("调整脚(M8)", 4, M), ("螺丝包(衣柜通用)", 1, M)],
        {"plan": [take_back(TakeBack("E1050", "客户改买新桌"))]},
        Ending.WITHDRAWN,
    ),
    Story(
        "SH-02", "投产后只有主管能撤回", "上海办事处", "E1053", "SO20260918-0101",
        [("电视柜台面板(2000mm)", 1, Q), ("层板托(带锁)", 8, M), ("铰链(全盖110°)", 4, Q)],
        {"goods-out": [take_back(TakeBack("E1053", "客户退单", "只有客服主管可以撤回"), TakeBack("E1040", "客户退单"))]},
        Ending.WITHDRAWN,
        slips=[Slip(1, "配件名称", "书柜侧板(旧款 18mm)", "停产")],
    ),
    Story(
        "GZ-02", "生产异常，关闭改单", "广州办事处", "E1058", "SO20260419-0128",
        [("实木床尾板(1.8米)", 1, Q), ("床铰链(四件套)", 1, Q), ("补漆修色套装", 1, Q)],
        {
            "produce": [say(明细={1: {"完成数量": 0, "异常说明": "木料开裂，需换料重排"}})],
            "anomaly": [say(处理意见="关闭本单", 原因="改下新单")],
        },
        Ending.REPLACED,
    ),
    Story(
        "TJ-02", "发货后主管撤回，红字冲销", "天津办事处", "E1051", "SO20250918-0017",
        [("铰链(内藏110°)", 8, Q), ("拉手(孔距96mm)", 2, Q), ("抽屉导轨(三节 450mm)", 1, Q)],
        {"pickup": [take_back(TakeBack("E1041", "客户拒收"))]},
        Ending.WITHDRAWN,
    ),
)  # fmt: skip

BY_FORM: tuple[Story, ...] = (
    Story(
        "SZ-F1", "表单加急，计划延期须有原因", "SZ", "E1059", "SO20260819-0129",
        [("茶几面板(1.2米)", 1, T), ("调整脚(M8)", 4, M)],
        {
            "plan": [
                say(明细={1: {"计划日期": "in 60 days"}}, refused="请填延期原因"),
                say(明细={1: {"计划日期": "in 60 days"}}, 延期原因="外协排产已满"),
            ],
            "release": [say(放行结论="不提前放行")],
        },
        urgency="加急",
    ),
    Story(
        "BJ-F2", "表单填错退回草稿，更正后受理", "BJ", "E1049", "SO20260608-0087",
        [("定制抽屉(整套)", 1, Q), ("抽屉侧板", 2, Q)],
        {
            "draft": [say(明细={1: {"配件名称": "定制抽屉"}}, 申报人工号="E1049", refused="不是标准配件名称"),
                      say(明细={1: {"配件名称": "定制抽屉(整套)"}})],
        },
        slips=[Slip(1, "配件名称", "抽屉一套", "不是标准配件名称"), Slip(1, "申报人工号", "E1051", "须为北京办事处的售后人员")],
    ),
)  # fmt: skip
