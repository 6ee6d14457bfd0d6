"""Rows of the sheets of corrective actions as people send them, and how a case comes to the gate of each."""

from collections.abc import Callable
from typing import Any

from schemas.sheet_kinds import sheet_kind
from tests.flows.test_corrective_action import below
from tests.play import Play
from tests.tasks.sheets.workbooks import Cells

GATES: dict[str, tuple[Callable[[Play], int], str, Cells]] = {
    "corrective-plan": (below, "plan-1", {"完成期限": "2026-11-20"})
}


def example(code: str) -> dict[str, Any]:
    """Give a row of a kind's sheet: its template's example, of a case that there is not."""
    kind = sheet_kind(code)
    filled = {column.heading: column.example for column in kind.columns if column.example != ""}
    return filled | {kind.key.heading: "JC-2026-000007"}


MARKS = {"corrective-plan": ["f98fcc8a-dfd6-50ef-b60e-b5c109f2b6cd"]}
