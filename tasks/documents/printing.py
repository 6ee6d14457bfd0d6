"""Documents as they are printed: one page of HTML that a browser prints or saves as PDF, contact data in full."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from schemas.problems import NotFound
from schemas.shapes import figure
from schemas.tables import document
from schemas.words import DocumentKind
from tasks.cycle.rules import shanghai_day

TEMPLATES = Path(__file__).with_name("templates")
FACTS = {  # of a document's content, in this order
    "case": "单号 Case",
    "edition": "版次 Edition",
    "office": "办事处 Office",
    "applicant": "申报人 Applicant",
    "urgency": "紧急程度 Urgency",
    "order": "订单 Order",
    "model": "型号 Model",
    "customer": "客户 Customer",
    "warehouse": "仓库 Warehouse",
    "day": "日结日期 Day closed",
    "category": "类别 Category",
    "counted_by": "盘点人 Counted by",
    "witness": "监盘人 Witness",
    "supplier": "供应方 Supplier",
    "receiver": "收货方 Receiver",
    "receiver_address": "地址 Address",
    "method": "运输方式 Method",
    "carrier": "承运商 Carrier",
    "courier": "快递员 Courier",
    "tracking": "运单号 Tracking",
    "packages": "件数 Packages",
    "freight": "运费 Freight (CNY)",
    "production_unit": "责任单位 Unit",
    "month": "月份 Month",
    "penalty": "处罚金额 Penalty (CNY)",
    "found_on": "发现日期 Found on",
    "packing": "包装要求 Packing",
    "wanted_on": "要求日期 Wanted on",
    "amount": "总价 Total (CNY)",
    "deposit": "定金 Deposit (CNY)",
    "prepayment": "预付款 Prepayment (CNY)",
    "valid_until": "有效期至 Valid until",
    "clause": "约定 Terms",
    "volume": "体积 Volume (m³)",
    "consent": "客户意见 Customer's answer",
    "handling": "经办处理 Handling",
    "kind": "类别 Kind",
    "way": "渠道 Channel",
    "received": "来电时间 Received",
    "matter": "事项 Matter",
    "expectation": "期望 Expectation",
    "callback": "约定回复 Callback",
    "recording": "录音 Recording",
    "severity": "严重程度 Severity",
    "cause": "原因 Cause",
    "trace": "追溯 Trace",
    "unit_cause": "部门原因 Unit's cause",
    "tested": "重检 Re-inspected",
    "remedy": "处理措施 Remedy",
    "corrective": "纠正预防措施 Corrective action",
    "released_by": "批准 Released by",
    "minutes": "纪要 Minutes",
    "reply": "答复 Reply",
    "customer_says": "客户意见 Customer",
    "effect": "效果验证 Effect",
    "source": "来源单 Source",
    "anomaly": "异常 Anomaly",
    "photos": "照片 Photos",
    "became": "处理结果 What became of it",
    "wish": "意愿 Wish",
    "reckoned": "核算 Reckoning",
    "refund": "退款金额 Refund (CNY)",
    "account": "退款账号 Account",
    "coupon": "退券 Coupon back (CNY)",
    "remark": "备注 Remark",
}
COLUMNS = {  # of its lines
    "package": "箱号 Package",
    "line_no": "行 Line",
    "part": "编码 Code",
    "name": "名称 Name",
    "item": "项目 Item",
    "specification": "规格 Specification",
    "colour": "颜色 Colour",
    "uom": "单位 Unit",
    "book": "账面 Book",
    "quantity": "数量 Quantity",
    "difference": "差异 Difference",
    "lots": "批次(入库日期) Lot (came in)",
    "price": "单价 Price (CNY)",
    "sum": "金额 Amount (CNY)",
    "days": "周期天数 Working days",
    "reported": "报告数量 Reported",
    "production_unit": "生产单位 Made by",
    "promised": "承诺 Promised",
    "planned": "计划 Planned",
    "made_on": "完成 Made",
    "in_on": "入库 In",
    "out_on": "出库 Out",
    "picked_on": "提货 Picked up",
    "used": "用时 Days used",
    "over": "超期 Days over",
    "paused": "暂停 Days paused",
    "made_in_time": "按期完成 Made in time",
    "in_in_time": "按期入库 In in time",
    "out_in_time": "按期出库 Out in time",
    "penalty": "处罚金额 Penalty (CNY)",
    "reason": "原因 Reason",
    "responsibility": "责任 Responsibility",
    "proposal": "处理建议 Proposal",
    "cause": "损坏原因 Cause",
    "finding": "检验情况 Finding",
    "work": "维修内容 Work",
    "materials": "所用配件 Parts used",
    "tests": "检验项目 Tests",
    "result": "结果 Result",
    "fee": "修理费 Fee (CNY)",
    "repair": "返修单 Repair",
    "order": "订单 Order",
    "model": "型号 Model",
    "old_no": "旧件编号 Old part",
    "new_no": "新件编号 New part",
    "replaced_by": "更换人 Replaced by",
    "replaced_on": "更换日期 Replaced on",
    "document": "单据编号 Document",
    "title": "单据名称 Title",
    "issued_on": "日期 Date",
    "shift": "班次 Shift",
    "at": "时间 At",
    "movement": "类别 Kind",
    "source": "来源单 Source",
    "came": "收入 In",
    "went": "发出 Out",
    "balance": "结存 Balance",
    "on_duty": "值班 On duty",
    "was_on_duty": "原值班 Was on duty",
}
FIGURES, COUNTED = {"quantity", "reported"}, {"book", "difference"}
WIDE = 9  # with more columns than these it is printed across
SIGNED_BY = {
    DocumentKind.APPLICATION: ("申报人 Applicant", "审核员 Reviewer"),
    DocumentKind.SPECIAL_ORDER: ("申报人 Applicant", "客户 Customer"),
    DocumentKind.INBOUND_SLIP: ("交货人 Delivered by", "仓管员 Warehouse"),
    DocumentKind.OUTBOUND_SLIP: ("仓管员 Warehouse", "领货人 Taken by"),
    DocumentKind.DISPATCH_NOTE: ("发货人 Sent by", "承运人 Carrier", "收货人 Received by"),
    DocumentKind.REPAIR_APPLICATION: ("申报人 Applicant", "审核员 Reviewer"),
    DocumentKind.RETURN_LIST: ("装箱人 Packed by", "收货人 Received by"),
    DocumentKind.TRANSFER: ("调出 Sent by", "调入 Received by"),
    DocumentKind.QUOTE: ("客户签字 Customer", "经办人 Handled by"),
    DocumentKind.FEE_NOTE: ("客户 Customer", "财务 Finance"),
    DocumentKind.INSPECTION: ("检验员 Inspector",),
    DocumentKind.SERVICE_REPORT: ("维修人 Repaired by", "客户 Customer"),
    DocumentKind.REPAIR_OUTBOUND: ("仓管员 Warehouse", "领货人 Taken by"),
    DocumentKind.RETURN_SHEET: ("销售部经理 Sales manager", "业务员(红联) Salesperson", "财务 Finance"),
    DocumentKind.REFUND_NOTE: ("核准 Granted", "财务 Finance"),
    DocumentKind.PARCEL_NOTE: ("客户 Customer",),
    DocumentKind.RETURN_RECORD: ("登记人 Entered by",),
    DocumentKind.EXPRESS_RETURN: ("快递员签字 Courier", "经办人 Handled by"),
    DocumentKind.AFTER_SALES: ("收件人 Received by",),
    DocumentKind.ANOMALY_REPORT: ("申报人 Reported by", "审核员 Reviewer"),
    DocumentKind.PACKING_LIST: ("装箱人 Packed by", "核对人 Checked by", "收货人 Received by"),
    DocumentKind.CYCLE_SHEET: ("计划员 Planner", "生产单位 Unit"),
    DocumentKind.PENALTY_OPINION: ("提出 Proposed by", "责任部门 Unit"),
    DocumentKind.CONTACT: ("记录人 Taken by", "解决人 Solved by"),
    DocumentKind.COMPLAINT: ("投诉专管员 Handler", "品管 Quality", "责任部门 Unit", "批准 Released by"),
    DocumentKind.REPAIR_NOTICE: ("经办人 Handled by", "供应商 Supplier"),
    DocumentKind.CONFIRMATION: ("客户签字 Customer", "经办人 Handled by"),
    DocumentKind.CUSTOMER_NOTICE: ("经办人 Handled by",),
    DocumentKind.SITE_MINUTES: ("处理人 Handled by", "客户 Customer"),
    DocumentKind.REVIEW_MINUTES: ("销售部经理 Sales manager", "品管 Quality", "责任部门 Unit"),
    DocumentKind.AGREEMENT: ("客户 Customer", "客户服务部 Service department"),
    DocumentKind.COMPLAINT_FILE: ("归档人 Filed by",),
    DocumentKind.SUGGESTION: ("经办人 Handled by", "责任部门 Unit"),
    DocumentKind.DUTY_SWAP: ("换班双方 Both parties", "客户服务部经理 Manager"),
    DocumentKind.COUNT_SHEET: ("盘点人 Counted by", "监盘人 Witness", "批准 Approved"),
    DocumentKind.INTERNAL_LETTER: ("发出 Sent by", "接收 Received by"),
    DocumentKind.JOURNAL: ("仓管员或办事处 Warehouse or office",),
    DocumentKind.PENALTY_NOTICE: ("客户服务部经理 Manager", "责任部门 Unit"),
}


def printed(connection: Connection, number: str) -> str:
    """Write a document as a page of HTML; NotFound where no document has this number."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # not on the path of issuing one

    row = connection.execute(select(document).where(document.c.number == number.strip().upper())).first()
    if row is None:
        raise NotFound(f"没有编号为 {number} 的票据，请核对 there is no document {number}: check the number")
    content, kind = row.content, DocumentKind(row.kind)
    template = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    ).get_template("document.html.j2")
    columns = {name: heading for name, heading in COLUMNS.items() if any(line.get(name) for line in content["lines"])}
    if "book" in columns:
        columns["quantity"] = "实盘 Counted"
    return template.render(
        number=row.number,
        kind=kind,
        day=shanghai_day(row.issued_at),
        copies=content.get("copies", [""]),
        is_slip="red" in content,
        red=content.get("red", False),
        facts=[(label, content[name]) for name, label in FACTS.items() if content.get(name)],
        columns=columns,
        wide=len(columns) > WIDE,
        figures=FIGURES | {"price", "fee", "sum", "days", "package", "line_no", "came", "went", "balance"} | COUNTED,
        rows=[[(name, _cell(line, name)) for name in columns] for line in content["lines"]],
        signed_by=SIGNED_BY[kind],
    )


def _cell(line: Mapping[str, Any], name: str) -> str:
    return figure(line[name]) if name in FIGURES else str(line.get(name, ""))
