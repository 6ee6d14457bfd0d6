"""Cases as offices, stores and dealers look them up: where one stands, what was promised, what came and went (S0)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from schemas.shapes import CaseNumber, LineTable
from schemas.words import Ending, Role, Urgency
from tasks.lookups.rules import Columns, shown, table_of


def _stands(case: Mapping[str, Any]) -> str:
    """Say how a case ended, or where it stands, for whom it waits and until when."""
    if case["ending"]:
        return str(case["state"])
    due = f"{shown(case['due_at'])}" if case["due_at"] else ""
    return " · ".join(filter(None, [case["link"], case["holder"] and case["holder"].zh, due]))


COLUMNS: Columns = {
    "单号 Case": "number",
    "办事处 Office": "office",
    "订单 Order": "order_no",
    "状态 State": _stands,
    "承诺 Promised": "promised",
    "入库 In": "goods_in",
    "出库 Out": "goods_out",
    "运单号 Tracking": "tracking",
}


class FoundCase(NamedTuple):
    """A case that was found; the holder is the role it waits for, the promise that of its last line."""

    number: CaseNumber
    process: str
    title: str
    office: str
    order_no: str
    urgency: Urgency
    link: str
    ending: Ending | None
    holder: Role | None
    due_at: datetime | None
    promised: date | None
    goods_in: str
    goods_out: str
    tracking: str
    state: str


def lines_moved(lines: int, of: int, last: date | None) -> str:
    """Say how many lines of a case have come or gone, if not all, and the day of the last one."""
    if not lines:
        return ""
    return str(last) if lines == of else f"{lines}/{of} {last}"


def case_table(found: Sequence[FoundCase]) -> LineTable:
    """List cases that were found."""
    return table_of(COLUMNS, [case._asdict() for case in found])
