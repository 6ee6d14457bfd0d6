"""Returns as tests request them, of the example of DOMAIN-BRANCHES: 2 × 800, 1,500 paid, delivery 60."""

from pathlib import Path
from typing import Any

from schemas.sheet_kinds import sheet_kind
from schemas.words import Role
from tests.play import Play, open_to_gate
from tests.tasks.sheets.workbooks import became, reasons, save, send

ORDER, CUSTOMER = "SO20261020-0201", ("阮清禾", "13800004101")
ACCOUNT = "6222020200112230"


def form_of(play: Play, quantity: float = 2, **fields: Any) -> dict[str, Any]:
    """Fill in a return of the example's order: a defect, the money, by default all of it."""
    office = play.rows("SELECT office FROM sales_record WHERE order_no = :order", order=fields.get("订单号", ORDER))
    code = office[0].office if office else "BJ"
    asked = {
        "办事处": code,
        "申报人工号": play.holders(Role.OFFICE, code)[0],
        "订单号": ORDER,
        "客户意愿": "退货",
        "退换依据": "质量问题",
        "照片编号": "P-1",
        "明细": [{"行号": 1, "退换数量": quantity, "退换原因": "桌面开裂"}],
    }
    return asked | fields


def bring_back(play: Play, quantity: float = 2, **fields: Any) -> int:
    """Request a return and let it go to its review; gives its id."""
    return open_to_gate(play.db, form_of(play, quantity, **fields), "RF").case_id


def paid(play: Play, case: int) -> list[float]:
    """Give what was paid for a case."""
    found = play.rows("SELECT amount, state FROM refund WHERE case_id = :case ORDER BY turn", case=case)
    assert {one.state for one in found} <= {"paid"}
    return [float(one.amount) for one in found]


def sale(play: Play, order: str = ORDER, line: int = 1) -> Any:
    """Give a line of an order as it stands."""
    return play.rows("SELECT * FROM sales_record WHERE order_no = :order AND line_no = :line", order=order, line=line)[
        0
    ]


CHAIRS = "SO20261020-0202"


def no_reason(play: Play, quantity: float = 2, **fields: Any) -> int:
    """Bring goods back without a reason, as a remote sale allows."""
    return bring_back(play, quantity, 退换依据="无理由", **fields)


def bring_back_on(play: Play, order: str, quantity: float, **fields: Any) -> int:
    """Bring goods of another order back."""
    return bring_back(play, quantity, 订单号=order, **fields)


def out_of_stock(play: Play, order: str = ORDER) -> None:
    """Let what was sold be an article of which nothing is on stock."""
    play.run("UPDATE sales_record SET model = 'SF-315' WHERE order_no = :order", order=order)


def in_stock(play: Play, part: str, many: int) -> None:
    """Let there be goods on stock."""
    play.run(
        "INSERT INTO stock_balance (warehouse, part, on_hand) VALUES ('MAIN-GOOD', :part, :many)", part=part, many=many
    )
    play.run(
        "WITH lot AS (INSERT INTO stock_lot VALUES ('MAIN-GOOD', :part, '2026-11-01', '9999-12-31', :many)) "
        "INSERT INTO stock_movement (id, step_key, kind, warehouse, part, quantity, moved_at, came_on) "
        "VALUES (gen_random_uuid(), 'opening', 'count_gain', 'MAIN-GOOD', :part, :many, '2026-11-01Z', '2026-11-01')",
        part=part,
        many=many,
    )


def unsigned(play: Play, delivered: bool = True) -> None:
    """Let the customer not have the goods yet; where they are not `delivered` they have not left either."""
    gone = "" if delivered else "delivery_date = NULL, "
    play.run(f"UPDATE sales_record SET {gone}signing_date = NULL WHERE order_no = :o", o=ORDER)


def request_by_sheet(play: Play, path: Path, quantity: float = 2, **fields: Any) -> int:
    """Request a return by a sheet; gives its id."""
    form = form_of(play, quantity, **fields)
    (line,) = form.pop("明细")
    outcomes = send(play.db, save(path, sheet_kind("returns"), {"申报单号": "NJ-1", **form, **line}))
    assert became(outcomes) == ["+"], reasons(outcomes)
    (case,) = play.rows("SELECT id FROM service_case ORDER BY id DESC LIMIT 1")
    return int(case.id)
