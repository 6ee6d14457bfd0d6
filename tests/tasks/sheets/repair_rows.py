"""Rows of the sheets of repairs as people send them, and how a case comes to the gate of each."""

from collections.abc import Callable
from typing import Any

import time_machine

from schemas.sheet_kinds import sheet_kind
from tests.flows.repairs import Repairs
from tests.play import Play
from tests.tasks.sheets.workbooks import Cells

TODAY = "2026-11-18"


def _at(key: str, *, listed: bool = False, **how: Any) -> Callable[[Play], int]:
    """Bring a repair, or its list, to a gate."""

    def bring(play: Play) -> int:
        people = Repairs(play.db)
        if key.startswith("review"):
            return people.apply_repair()
        if key.startswith("resubmit"):
            case = people.apply_repair()
            people.decide(case, "review-1", 返修结论="退回办事处", 原因="数量不对")
            return case
        if listed:
            case = people.draw_up(people.reviewed())
        else:
            said = how.pop("said", {})
            case = people.arrived(**how)
            while key not in people.items(case):
                now = people.next_key(case)
                people.decide(case, now, **said.get(now, {}))
        while key not in people.items(case):
            people.decide(case, people.next_key(case))
        return case

    return bring


def _overdue(play: Play) -> int:
    """Let a shipment be overdue, so that it is traced."""
    case = _at("receive-1", listed=True)(play)
    with time_machine.travel("2026-12-18T10:00:00+08:00", tick=False):
        assert Repairs(play.db).time_out(case, "receive-1").accepted
    return case


def _unclaimed(play: Play) -> int:
    """Let nobody file for a parcel that nobody announced, so that it goes back."""
    people = Repairs(play.db)
    case = people.parcel()
    with time_machine.travel("2026-12-18T10:00:00+08:00", tick=False):
        assert people.time_out(case, "list-1").accepted
    return case


DIFFERS = {"appraise-1": {"与申报不符": "是", "照片编号": "P"}}
OBJECTS = DIFFERS | {"confirm-1": {"确认意见": "有异议", "原因": "不是"}}
FAILS = {f"inspect-1-{n}": {"检验结论": "不合格", "原因": "色差"} for n in (1, 2, 3)}
CHARGED: dict[str, Any] = {"fee": "收费"}
GATES: dict[str, tuple[Callable[[Play], int], str, Cells]] = {
    "handover": (_at("handover-1"), "handover-1", {"交付日期": TODAY}),
    "repair-review": (_at("review-1"), "review-1", {"配件名称": "P-PT-001", "数量": 2}),
    "repair-resubmit": (_at("resubmit-1"), "resubmit-1", {}),
    "appraisal": (_at("appraise-1"), "appraise-1", {}),
    "repair-confirm": (_at("confirm-1", said=DIFFERS), "confirm-1", {}),
    "repair-arbitration": (_at("objection-1", said=OBJECTS), "objection-1", {"原因": "按照片"}),
    "quote-sent": (_at("contact-1-1", **CHARGED), "contact-1-1", {}),
    "scrap-answers": (
        _at("scrap-consent-1", said={"appraise-1": {"鉴定类别": "一类(不值得修)"}}),
        "scrap-consent-1",
        {},
    ),
    "repair-report": (_at("repair-1-1"), "repair-1-1", {"经办人工号": "E1009"}),
    "inspection": (_at("inspect-1-1"), "inspect-1-1", {}),
    "repair-ruling": (_at("ruling-1-3", said=FAILS), "ruling-1-3", {}),
    "return-list": (_at("list-1", listed=True), "list-1", {"返修单号": "", "箱号": ""}),
    "return-logistics": (_at("logistics", listed=True), "logistics", {"预计到货": TODAY}),
    "return-receipts": (_at("receive-1", listed=True), "receive-1", {"到货日期": TODAY, "实收数量": 2}),
    "return-tracing": (_overdue, "trace-1", {"预计到货": "2026-12-19"}),
    "parcel-return": (_unclaimed, "parcel-back", {}),
}


def example(code: str) -> dict[str, Any]:
    """Give a row of a kind's sheet: its template's example, of a case that there is not."""
    kind = sheet_kind(code)
    filled = {column.heading: column.example for column in kind.columns if column.example != ""}
    return filled | {kind.key.heading: "RR-2026-000007"}


MARKS = {
    "handover": ["c2aab6bb-da67-597b-8c47-bbeb41578e88"],
    "repair-review": ["67a4eaa3-cbe1-5d37-abb7-370673a24381"],
    "repair-resubmit": ["0106d5f0-2bde-5c83-b1ee-35ec69f2df05"],
    "appraisal": ["6a746e4b-e1be-5041-8d12-9cbb1ee436d7"],
    "repair-confirm": ["ed7a6f29-e53c-5388-991c-119bd35c8ec7"],
    "repair-arbitration": ["f29de02d-0b62-5151-aa03-e4433c5d58c9"],
    "quote-sent": ["1a7a84d4-cf80-591a-93a5-71d4c5371816"],
    "scrap-answers": ["a3bbf720-2af6-5fc9-afee-e0e9b809da99"],
    "repair-report": ["ad072933-55d3-5b9b-bdb4-ae089eabbf6a"],
    "inspection": ["6542ea9d-d586-536f-9e9c-0f161dece663"],
    "repair-ruling": ["fdee78b7-bed0-5a60-969e-52ae9bd4f5f6"],
    "return-list": ["30b4236d-99b7-5200-97e3-7c23417c45ab"],
    "return-logistics": ["ef98482c-b140-5217-a2c1-49c4dd3ccc07"],
    "return-receipts": ["249fd62e-d899-59ce-8392-8a30d4869e12"],
    "parcel-return": ["64d38633-8f3d-5aab-be59-7aad2b20c91d"],
    "return-tracing": ["ba1792c1-f085-5d08-8574-16e039f292d6"],
}
