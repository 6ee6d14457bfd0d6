"""Special orders as tests apply for them."""

from collections.abc import Mapping
from typing import Any

from tests.play import Play, open_to_gate

DOOR = {
    "品名": "定制衣柜门板(按尺寸)",
    "数量": 2,
    "图号": "DZ-0880",
    "尺寸": "800×600×18",
    "材质": "实木颗粒板",
    "颜色": "胡桃木",
}
SHELF = {"品名": "定制转角层板", "数量": 1, "图号": "DZ-0881", "尺寸": "450×450", "材质": "多层板", "颜色": "白橡"}


def form_of(play: Play, *lines: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """Fill in a special order, of one door by default."""
    asked = play.form(0) | {"明细": [dict(line) for line in lines or (DOOR,)], "要求日期": "2026-12-30"}
    return asked | fields


def order(play: Play, *lines: Mapping[str, Any], **fields: Any) -> int:
    """Apply for a special order and let it go to its first gate; gives its id."""
    return open_to_gate(play.db, form_of(play, *lines, **fields), "SO").case_id


def offered(play: Play, case: int, price: float = 1000, turn: int = 1, **terms: Any) -> int:
    """Take an order to its offer, at so much for each line; by default without a deposit."""
    play.run_to(case, f"proposal-{turn}")
    rows = {
        row["行号"]: {"单价": price, "周期天数": 15} for row in play.items(case)[f"proposal-{turn}"].prefill["明细"]
    }
    play.decide(case, f"proposal-{turn}", **{"明细": rows, "定金": 0, "预付款": 0} | terms)
    play.run_to(case, f"offer-{turn}")
    return case


def edited(case: int, play: Play, key: str, **changed: Any) -> list[dict[str, Any]]:
    return [row | changed for row in play.items(case)[key].prefill["明细"]]


def changed(play: Play) -> int:
    """Take an order to the question whether its changes will do."""
    case = order(play)
    play.run_to(case, "makeable")
    rows = edited(case, play, "makeable", 尺寸="800×590×18")
    play.decide(case, "makeable", 生产结论="改动后可生产", 原因="机台最宽590", 明细=rows)
    return case


def contract(play: Play, credit: str = "A级", **terms: object) -> int:
    """Take an order of 5,000 to its first payment: a deposit of 1,000 and a prepayment of 2,000."""
    case = order(play)
    play.decide(case, "review-1", 信用等级=credit)
    offered(play, case, 2500, **{"定金": 1000, "预付款": 2000} | terms)
    play.decide(case, "offer-1")
    return case
