"""Standard parts as they are looked up: by code, name, category or a part of these, else the nearest names (S0)."""

from datetime import date
from typing import Any

from sqlalchemy import Connection, Row

from schemas.shapes import LineTable, money
from schemas.spelling import Known, alike
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.lookups.queries import parts_today
from tasks.lookups.rules import Columns, table_of

MOST_PARTS = 50


COLUMNS: Columns = {
    "编码 Code": "code",
    "标准名称 Name": "name",
    "类别 Category": "category",
    "规格 Specification": "specification",
    "颜色 Colour": "colour",
    "单位 Unit": "uom",
    "今日单价 Price (CNY)": lambda part: "" if part["price"] is None else money(part["price"]),
    "状态 State": "state",
}


def find_parts(connection: Connection, typed: str) -> LineTable:
    """List the parts that were meant, at most so many; what is discontinued is marked."""
    wanted, today = alike(typed), shanghai_day(clock.now())
    if not wanted:
        return table_of(COLUMNS, [])
    parts = parts_today(connection)
    found = [one for one in parts if any(wanted in alike(word) for word in (one.code, one.name, one.category))]
    if not found:
        known = Known((one.name, one) for one in parts)
        found = [known[name] for name in known.near(typed)]
    return table_of(COLUMNS, [one._asdict() | {"state": _state(one, today)} for one in found[:MOST_PARTS]])


def _state(part: Row[Any], today: date) -> str:
    gone = part.discontinued_on and part.discontinued_on <= today
    return f"{part.discontinued_on} 停产 discontinued" if gone else "在用 in use"
