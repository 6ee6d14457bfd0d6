"""A day's special orders to measure with: three lines each, made by one unit, paid by deposit and balance.

Order `n` goes through all links with twelve answers; the reviewer's limit covers its amount, its customer's credit is A.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from deployments.demo.sensible import filled_in, sensible
from schemas.sheet_kinds import sheet_kind
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tests.bench.load import OFFICES, rows_of_form

LINES = [
    {"品名": like, "数量": quantity, "图号": "DZ-0880", "尺寸": "800×600×18", "材质": "实木颗粒板", "颜色": "胡桃木"}
    for like, quantity in (("P-CU-005", 1), ("P-CU-007", 2), ("P-CU-008", 1))
]
NUMBERED = [(no, line["数量"]) for no, line in enumerate(LINES, start=1)]
PRICE, DEPOSIT, BALANCE = 100, 80, 320  # CNY: four pieces


def _office(n: int) -> tuple[str, str]:
    return OFFICES[n % len(OFFICES)]


def order_rows(n: int) -> list[dict[str, Any]]:
    """Give the rows of an order's sheet, a line each."""
    office, applicant = _office(n)
    whole = {"办事处": office, "申报人工号": applicant, "订单号": f"SO-BENCH-{n:07d}", "要求日期": _today()}
    customer = {"客户姓名": f"客户{n}", "客户电话": f"138{n:08d}", "客户地址": f"松涛里{n}号"}
    return rows_of_form({"申报单号": f"B-{n}"}, whole | customer | {"明细": LINES})


def _today() -> str:
    return shanghai_day(clock.now()).isoformat()


def _lines(**cells: Callable[[Any], Any]) -> dict[str, Any]:
    return {"明细": [{"行号": no} | {name: cell(wanted) for name, cell in cells.items()} for no, wanted in NUMBERED]}


def _paid(kind: str, amount: int) -> dict[str, Any]:
    return {"款项": kind, "金额": amount}


# the sheet of each answer, who signs ("": the applicant), and what it says beyond what is sensible
SHEETS: Sequence[tuple[str, str, Mapping[str, Any]]] = (
    ("special-review", "E1001", {"信用等级": "A级"}),
    ("makeability", "E1012", {}),
    ("proposal", "E1004", _lines(单价=lambda _: PRICE, 周期天数=lambda _: 15) | {"定金": DEPOSIT, "预付款": 0}),
    ("approval", "E1002", {}),
    ("quote-answer", "", {}),
    ("payments", "E1047", _paid("定金", DEPOSIT)),
    ("plan", "E1004", _lines(来源=lambda _: "本厂生产", 生产单位=lambda _: "CUSTOM")),
    ("production", "E1012", _lines(完成数量=lambda wanted: wanted)),
    ("goods-in", "E1016", _lines(实收数量=lambda wanted: wanted)),
    ("payments", "E1047", _paid("尾款", BALANCE)),
    ("goods-out", "E1017", {}),
    ("pickup", "", {}),
)


def answer_rows(n: int, place: int, number: str) -> list[dict[str, Any]]:
    """Give the rows of the sheet that answers a case's work item, without its step."""
    code, who, said = SHEETS[place]
    kind = sheet_kind(code)
    day = {"日期": _today()} if kind.dated else {}
    filled = {name: value for name, value in said.items() if name != kind.lines} | sensible(kind.form.__name__, {})
    lines = {kind.lines: said[kind.lines]} if kind.lines in said else {}
    return rows_of_form({"单号": number, **day}, filled_in({}, filled, who or _office(n)[1]) | lines)
