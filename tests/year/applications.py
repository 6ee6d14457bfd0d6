"""What comes in on the working days of a year: cases of all processes, each about an order of its own, by seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from sqlalchemy import Connection, insert

from schemas.tables import sales_record
from tests.bench.load import OFFICES, UNITS
from tests.bench.specials import LINES as SPECIAL_LINES

AGENTS = ("E1025", "E1026", "E1027")
SHARES = {"PA": 40, "RR": 20, "CC": 22, "RF": 12, "SO": 6}  # of all that come in, per cent
CALLS = {"投诉": 60, "报修": 10, "咨询": 20, "建议": 10}
MODELS = (("BD-201", "软包床"), ("DK-553", "书桌"))
DELIVERED, SIGNED = timedelta(days=12), timedelta(days=3)  # before a case comes in


@dataclass(frozen=True)
class Incoming:
    """An application: the day on which it comes, its process and its form."""

    day: date
    code: str
    form: dict[str, Any]


def incoming(days: Sequence[date], cases: int, chance: Random) -> list[Incoming]:
    """Choose what comes in on these days."""
    codes = chance.choices(list(SHARES), list(SHARES.values()), k=cases)
    return [
        Incoming(day, code, _form(code, n, day, chance))
        for n, (day, code) in enumerate(zip(sorted(chance.choices(days, k=cases)), codes, strict=True))
    ]


def sell(connection: Connection, cases: Sequence[Incoming]) -> None:
    """Write the sales records that the applications are about."""
    rows = [_sale(n, one) for n, one in enumerate(cases)]
    connection.execute(insert(sales_record), rows)


def _sale(n: int, one: Incoming) -> dict[str, Any]:
    model, name = MODELS[n % 2]
    return {
        "order_no": one.form["订单号"], "line_no": 1, "office": one.form["办事处"], "customer_name": f"客户{n}",
        "customer_phone": f"139{n // 2:08d}", "customer_address": f"松涛里{n}号", "model": model, "model_name": name,
        "factory": "一厂", "quantity": 2, "price_paid": 3000, "factory_date": one.day - 2 * DELIVERED,
        "delivery_date": one.day - DELIVERED, "signing_date": one.day - SIGNED, "channel": "remote",
        "custom_made": False, "custom_confirmed": False,
    }  # fmt: skip


def _form(code: str, n: int, day: date, chance: Random) -> dict[str, Any]:
    office, applicant = chance.choice(OFFICES)
    own: dict[str, Any] = {"办事处": office, "申报人工号": applicant, "订单号": f"SO-YEAR-{n:06d}"}
    match code:
        case "PA":
            parts = chance.choice(UNITS)[2]
            many = chance.choice((1, 1, 1, 4, 40))  # now and then beyond what the reviewer may grant
            lines = [{"配件名称": part, "数量": many * few, "原因": "质量问题"} for part, few in parts.items()]
            return own | {"紧急程度": chance.choice(("普通", "普通", "普通", "加急")), "明细": lines}
        case "RR":
            line = {"配件名称": "P-PT-004", "数量": 1, "原因": "质量问题", "损坏原因": "掉漆"}
            return own | {"明细": [line]}
        case "CC":
            (kind,) = chance.choices(list(CALLS), list(CALLS.values()))
            said = {"来电类别": kind, "来电渠道": "电话", "来电事项": "柜门开裂", "订单行": 1, "客户期望": "更换"}
            return own | said | {"申报人工号": chance.choice(AGENTS)}
        case "RF":
            line = {"行号": 1, "退换数量": chance.choice((1, 2)), "退换原因": "不合适"}
            wish = {"客户意愿": chance.choice(("退货", "退货", "退货", "换货")), "退换依据": "无理由"}
            return own | wish | {"明细": [line]}
    return own | {"要求日期": (day + timedelta(days=60)).isoformat(), "明细": list(SPECIAL_LINES)}


def lists() -> list[dict[str, Any]]:
    """Give the lists by which offices send back what they have collected."""
    return [{"办事处": office, "申报人工号": applicant} for office, applicant in OFFICES]
