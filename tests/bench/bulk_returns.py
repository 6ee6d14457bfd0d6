"""Returns without a reason from sheet rows to paid and closed, for the bulk benchmark."""

from collections.abc import Iterable

from sqlalchemy import text

from deployments.demo.sensible import filled_in, sensible
from tasks.sheets.crew import Crew
from tests.bench.bulk_repairs import Apply, Play, measured
from tests.bench.load import OFFICES, Stage

PLACE = {"返货地址": "佛山", "返货联系人": "退货组", "返货电话": "0757"}
GATES = {  # the sheet of each gate: its form, who signs (the office where nobody is named), what is said
    "return-review": ("ReturnReview", "E1025", {}),
    "return-notice": ("ReturnNotified", "E1025", PLACE),
    "return-record": ("GoodsSentBack", "", {}),
    "returns-received": ("ReturnCounted", "E1016", {"日期": "today", "返货运费": 0, "行号": 1, "实返数量": 1}),
    "returns-appraisal": ("ReturnAppraised", "E1012", {"行号": 1, "完好数量": 1, "可再售数量": 1}),
    "approval": ("ApprovalDecision", "E1044", {}),
    "refund-release": ("RefundReleased", "E1047", {}),
    "refund-paid": ("BankConfirmed", "E1048", {}),
}
_SOLD = text("""
    INSERT INTO sales_record (order_no, line_no, office, customer_name, customer_phone, customer_address, model,
        model_name, factory, quantity, price_paid, factory_date, delivery_date, signing_date, channel, custom_made,
        custom_confirmed)
    SELECT 'SO-RETURN-' || n, 1, 'BJ', '客户' || n, '139' || n, '松涛里', 'DK-553', '书桌', '一厂', 1, 1500,
        CAST(:made AS date), CAST(:made AS date), CAST(:made AS date), 'remote', false, false
    FROM generate_series(0, :many) n""")


def rate(here: Stage, apply: Apply, play_parts: Play, cases: int) -> tuple[float, float]:
    """Give returns a second, and how many rows a return's ledger has for each of a parts application's."""
    return measured(here, apply, play_parts, cases, play, _SOLD, "RF")


def play(helpers: Crew, apply: Apply, cases: Iterable[int]) -> None:
    """Send the sheets of all returns, stage by stage, from the requests to the bank's list."""
    office, applicant = OFFICES[0]
    line = {"客户意愿": "退货", "退换依据": "无理由", "行号": 1, "退换数量": 1, "退换原因": "不合适"}
    own = {"办事处": office, "申报人工号": applicant} | line
    asked = [own | {"申报单号": f"T-{n}", "订单号": f"SO-RETURN-{n}"} for n in cases]
    numbers = apply(helpers, "returns", asked)
    for kind, (form, staff, said) in GATES.items():
        filled = (filled_in({}, sensible(form, said), staff or applicant) for _ in numbers)  # the bank's numbers differ
        apply(helpers, kind, [{"单号": number} | one for number, one in zip(numbers, filled, strict=True)])
