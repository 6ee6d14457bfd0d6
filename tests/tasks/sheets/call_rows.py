"""Rows of the sheets of follow-up calls and audits as people send them, and how a case comes to the gate of each."""

from collections.abc import Callable
from typing import Any

import flows.call_audit  # noqa: F401  registers process HJ
from schemas.sheet_kinds import sheet_kind
from tests.flows.calls import Callers
from tests.play import Play, open_to_gate
from tests.tasks.sheets.workbooks import Cells


def _asked(play: Play) -> int:
    return Callers(play.db).asked()


def _misdialled(play: Play) -> int:
    people = Callers(play.db)
    call = people.asked()
    people.decide(call, "call-1", 回访结果="号码有误")
    return call


def _audited(play: Play) -> int:
    people = Callers(play.db)
    contact = people.case(people.call("咨询")).number
    form = {"办事处": "BJ", "申报人工号": "E1040", "通话单号": contact, "被查坐席": "E1025"}
    return open_to_gate(play.db, form, "HJ").case_id


def _scored(play: Play) -> int:
    audit = _audited(play)
    play.decide(audit, "score")
    return audit


GATES: dict[str, tuple[Callable[[Play], int], str, Cells]] = {
    "call-report": (_asked, "call-1", {}),
    "call-number": (_misdialled, "number", {}),
    "call-scores": (_audited, "score", {}),
    "score-answer": (_scored, "answer", {}),
}


def example(code: str) -> dict[str, Any]:
    """Give a row of a kind's sheet: its template's example, of a case that there is not."""
    kind = sheet_kind(code)
    filled = {column.heading: column.example for column in kind.columns if column.example != ""}
    return filled | {kind.key.heading: "HF-2026-000007"}


MARKS = {
    "call-report": ["2cc607fd-c2b9-54c3-89f3-eb6a2c31bfdf"],
    "call-number": ["826c5788-930f-572f-8432-7c6a0ff98c8f"],
    "call-scores": ["57592d1f-d35c-5f88-9a31-8b3fccfaeb61"],
    "score-answer": ["f4ed23a9-f895-5d60-bb9e-a7d382554945"],
}
