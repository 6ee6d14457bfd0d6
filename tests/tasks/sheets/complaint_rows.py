"""Rows of the sheets of complaints as people send them, and how a case comes to the gate of each."""

from collections.abc import Callable
from typing import Any

from schemas.sheet_kinds import sheet_kind
from tests.flows.complaints import Hotline
from tests.play import Play
from tests.tasks.sheets.workbooks import Cells

TODAY = "2026-11-18"


def _called(kind: str, **said: Any) -> Callable[[Play], int]:
    """Bring a contact to what follows its first answer."""

    def bring(play: Play) -> int:
        people = Hotline(play.db)
        case = people.call(kind)
        if said:
            people.decide(case, "first-1", **said)
        return case

    return bring


def _planned(key: str, *, quality: bool = False, **said: Any) -> Callable[[Play], int]:
    """Bring a complaint to a gate of its plan or later; `said` is its plan."""

    def bring(play: Play) -> int:
        people = Hotline(play.db)
        if key.startswith(("coordinate", "cause")):
            case = people.valid()
            if key.startswith("cause"):
                people.decide(case, "coordinate-1")
            return case
        case = people.planned(quality=quality)
        if said:
            people.decide(case, "plan-1", **said)
        people.to(case, key)
        return case

    return bring


def _difficult(play: Play) -> int:
    return Hotline(play.db).valid(客户身份="疑难客户")


GATES: dict[str, tuple[Callable[[Play], int], str, Cells]] = {
    "first-answer": (_called("投诉"), "first-1", {}),
    "visits": (
        _called("报修", 接听结论="转办", 维修方式="本公司", 约定时间="2026-11-20 14:00"),
        "visit-1",
        {"维修内容": "紧固"},
    ),
    "difficult-customer": (_difficult, "difficult-1", {}),
    "unit-answer": (_called("建议", 接听结论="转办", 责任单位="PANEL"), "unit-1", {}),
    "customer-told": (_planned("reply-1"), "reply-1", {}),
    "customer-word": (_planned("answer-1"), "answer-1", {}),
    "coordination": (_planned("coordinate-1"), "coordinate-1", {}),
    "cause": (_planned("cause-1"), "cause-1", {"责任单位": "PANEL"}),
    "complaint-plan": (_planned("plan-1"), "plan-1", {"措施期限": "2026-11-27", "纠正期限": "2026-11-27"}),
    "joint-review": (
        _planned("review-1", 方案结论="责任有异议", 原因="物流损坏"),
        "review-1",
        {"措施期限": "2026-11-27", "纠正期限": "2026-11-27"},
    ),
    "measures": (_planned("done-1-remedy"), "done-1-remedy", {"步骤": "done-1-remedy", "完成日期": TODAY}),
    "complaint-file": (_planned("file-1"), "file-1", {}),
}


def example(code: str) -> dict[str, Any]:
    """Give a row of a kind's sheet: its template's example, of a case that there is not."""
    kind = sheet_kind(code)
    filled = {column.heading: column.example for column in kind.columns if column.example != ""}
    return filled | {kind.key.heading: "CC-2026-000007"}


MARKS = {
    "first-answer": ["153e6b7b-317a-5452-a7bf-741569e1e61c"],
    "visits": ["492eacf9-4d56-5dfb-9b85-8a8d380cff90"],
    "difficult-customer": ["c78b7a72-2be1-563b-9138-aa8c617f6695"],
    "unit-answer": ["7d555ed3-2d60-5a75-bb70-ae95f5c32852"],
    "customer-told": ["ee793b6b-b7d4-5b0d-b47b-eb2dfc448353"],
    "customer-word": ["81512986-02b2-57f5-bd44-d05f75a28405"],
    "coordination": ["022bc320-007d-5801-ab3e-2f577c5ac85e"],
    "cause": ["926ef5c8-86a1-5272-aa62-f2d97f4968b6"],
    "complaint-plan": ["bb1d324b-12cd-5875-9403-a0df6426dd06"],
    "joint-review": ["e9c6bbe1-60c9-5746-a905-3745d5832af1"],
    "measures": ["14ba34b9-8577-581d-9002-8a765dd18462"],
    "complaint-file": ["50c00d87-06ff-56ad-85c4-1b2e6182f399"],
}
