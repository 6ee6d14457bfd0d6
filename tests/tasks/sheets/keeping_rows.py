"""Rows of the sheets of those who keep warehouses as people send them, and how a case comes to the gate of each."""

from collections.abc import Callable
from typing import Any

from schemas.sheet_kinds import sheet_kind
from tests.flows.keeping import PLANNER, Keepers
from tests.play import Play
from tests.tasks.sheets.workbooks import Cells

CODES = ("ST", "transfers-out transfers-in"), ("SC", "count-sheets"), ("GS", "item-codes slip-checks goods-papers")
OF = {kind: code for code, kinds in CODES for kind in kinds.split()}


def _agreed(play: Play) -> int:
    case = Keepers(play.db).transfer()
    play.decide(case, "agree", PLANNER)
    return case


def _sent(play: Play) -> int:
    return Keepers(play.db).sent()


def _counting(play: Play) -> int:
    return Keepers(play.db).count()


GATES: dict[str, tuple[Callable[[Play], int], str, Cells]] = {
    "transfers-out": (_agreed, "out", {}),
    "transfers-in": (_sent, "in", {}),
    "item-codes": (lambda play: Keepers(play.db).slip("新物料入库", 物料照片="P-1"), "code", {}),
    "slip-checks": (lambda play: Keepers(play.db).slip(), "check", {}),
    "goods-papers": (lambda play: Keepers(play.db).provisional(), "papers", {"单据数量": 5}),
    "count-sheets": (_counting, "count-1", {"账面数量": 1860, "实盘数量": 1860}),
}


def example(code: str) -> dict[str, Any]:
    """Give a row of a kind's sheet: its template's example, of a case that there is not."""
    kind = sheet_kind(code)
    filled = {column.heading: column.example for column in kind.columns if column.example != ""}
    return filled | {kind.key.heading: f"{OF[code]}-2026-000007"}


MARKS = {
    "transfers-out": ["18aa7ad5-e0bb-5315-9bcb-85c0be00d68d"],
    "transfers-in": ["775067b0-4730-5390-bc47-bc4da8f905e7"],
    "count-sheets": ["9eedefc8-916f-581d-a63e-524f8793385e"],
    "item-codes": ["2c38ceb0-8730-50dc-b0dc-778c8bc2f619"],
    "slip-checks": ["ccf07593-e528-5b6d-aa00-b2abdfe3c4b5"],
    "goods-papers": ["d1bd480d-6bc8-5545-8902-f0ef88ac144c"],
}
