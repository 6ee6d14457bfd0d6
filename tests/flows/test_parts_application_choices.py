"""Choices offered are choices that work: each option of each form of a process ends in a reply or a next step."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from schemas.forms.applications import PartsApplication, ReviewDecision
from schemas.forms.base import Decision, Form
from tests.flows.begun import Begun
from tests.flows.cycles import late_case
from tests.flows.specials import DOOR, order
from tests.play import Play, cells, line

FIRST = "P-PB-001"  # made by PANEL
TO_THE_GATE: dict[str, tuple[str, dict[str, dict[str, Any]]]] = {  # form → its gate, what is said on the way
    "ReviewDecision": ("review-1", {}),
    "PartsResubmission": ("resubmit-1", {"review-1": {"审核结论": "退回办事处", "原因": "数量不对"}}),
    "ApprovalDecision": ("approve-1-1", {"review-1": {"明细": cells("单价", {1: 3000}, 配件名称=FIRST, 数量=1)}}),
    "PlanDecision": ("plan-1", {}),
    "AnomalyReviewDecision": ("review", {}),
    "ResponsibilityFound": ("responsibility", {}),
    "AnomalyPlan": ("plan-1", {}),
    "PartyAnswer": ("confirm-1", {}),
    "GoodsOut": ("goods-out-1-1", {}),
    "EarlyRelease": ("release-1-1", {}),
    "PickupConfirmation": ("pickup-1", {}),
    "GoodsCheck": ("check-1", {"pickup-1": {"核对结果": "已提货未核对"}}),
}
CHANGED = {"生产结论": "改动后可生产", "原因": "加厚", "明细": [DOOR | {"尺寸": "800×600×25"}]}
TO_THE_GATE_OF_SPECIAL_ORDERS: dict[str, tuple[str, dict[str, dict[str, Any]]]] = {
    "SpecialReviewDecision": ("review-1", {}),
    "MakeabilityDecision": ("makeable", {}),
    "ChangesAnswer": ("changes", {"makeable": CHANGED}),
    "QuoteAnswer": ("offer-1", {}),
    "PaymentReceived": ("deposit-1-1", {}),
}
TO_THE_GATE_OF_PENALTIES = {"PenaltyAnswer": "answer-panel-2026-11", "PenaltyDecision": "penalty-panel-2026-11"}

OF_OTHERS = {  # whose own files try them: test_repair_return_choices, test_call_choices and the like
    f"schemas.forms.{trade}"
    for trade in (
        *("repairs", "return_lists", "quality", "returns", "complaints", "contacts", "calls", "audits"),
        *("counts", "slips", "transfers"),  # test_keeping_choices
        *("objections", "messages"),  # of jobs, whose tests answer yes and no
    )
}

OF_AN_ANOMALY = {"AnomalyReviewDecision", "ResponsibilityFound", "AnomalyPlan", "PartyAnswer"}


def options(form: type[Form]) -> Iterator[tuple[str, str, str]]:
    """Give each option that a form's dialog offers: (list of rows or "", field, option)."""
    schema = form.model_json_schema(by_alias=True)
    for name, spec in schema["properties"].items():
        yield from (("", name, option) for option in spec.get("enum", []))
        row = schema.get("$defs", {}).get(spec.get("items", {}).get("$ref", "").rpartition("/")[2], {})
        for field, its in row.get("properties", {}).items():
            yield from ((name, field, option) for option in its.get("enum", []))


def decisions() -> dict[str, type[Form]]:
    """Give the decisions on whose forms something is chosen."""
    known = [form for form in Decision.__subclasses__() if form.__module__.startswith("schemas.forms")]
    return {form.__name__: form for form in known if list(options(form)) and form.__module__ not in OF_OTHERS}


REDUCED = {"减至金额": 1}


def choices(penalties: bool) -> list[tuple[str, str, str, str]]:
    """Give each option of those forms: (form, list of rows or "", field, option)."""
    forms = [(name, form) for name, form in decisions().items() if (name in TO_THE_GATE_OF_PENALTIES) is penalties]
    return [(name, *choice) for name, form in forms for choice in options(form)]


def test_every_form_with_choices_is_tried() -> None:
    others = TO_THE_GATE_OF_SPECIAL_ORDERS.keys() | TO_THE_GATE_OF_PENALTIES.keys()
    assert set(decisions()) == TO_THE_GATE.keys() | others


def bring(play: Play, form: str) -> int:
    """Bring a case to where a form is filled in."""
    special = TO_THE_GATE_OF_SPECIAL_ORDERS.get(form)
    gate, on_the_way = special or TO_THE_GATE[form]
    urgency = "加急" if form == "EarlyRelease" else "普通"
    case = order(play) if special else play.apply([line(FIRST, 1)], urgency=urgency)
    if form in OF_AN_ANOMALY:
        play.run_to(case, "produce-1-panel-1")
        play.decide(case, "produce-1-panel-1", 明细=cells("异常说明", {1: "封边开胶"}, 完成数量=0, 报废数量=1))
        case = play.anomaly(case, "anomaly-1-1-1")
    while gate not in play.items(case):
        key = play.next_key(case)
        play.decide(case, key, **on_the_way.get(key, {}))
    return case


@pytest.mark.parametrize(("form", "rows", "field", "option"), choices(penalties=False))
def test_each_option_ends_in_a_reply_or_a_next_step(
    begun: Begun, today: time_machine.Traveller, form: str, rows: str, field: str, option: str
) -> None:
    gate, _ = TO_THE_GATE_OF_SPECIAL_ORDERS.get(form) or TO_THE_GATE[form]
    said = {rows: {1: {field: option}}} if rows else {field: option}
    if field == "运输方式":
        said |= {"承运商": "德邦物流", "运费": 100}
    with begun.go_on(today, Play, form, lambda play: bring(play, form)) as (play, case):
        reply = play.send(case, gate, play.answer(case, gate, **said)).reply
        assert reply.accepted or all(problem.expected for problem in reply.problems)
        assert (gate in play.items(case)) is not reply.accepted
        assert play.finish(case)


@pytest.mark.parametrize(("form", "_rows", "field", "option"), choices(penalties=True))
def test_each_option_of_a_penalty_ends_in_a_reply_or_a_next_step(
    begun: Begun, today: time_machine.Traveller, form: str, _rows: str, field: str, option: str
) -> None:
    gate = TO_THE_GATE_OF_PENALTIES[form]
    with begun.go_on(today, Play, "penalty", lambda play: late_case(play, today)) as (play, control):
        if gate not in play.items(control):
            play.decide(control, TO_THE_GATE_OF_PENALTIES["PenaltyAnswer"])
        reply = play.send(control, gate, play.answer(control, gate, **{field: option})).reply
        assert reply.accepted or all(problem.expected for problem in reply.problems)
        assert (gate in play.items(control)) is not reply.accepted
        if not reply.accepted:
            whole = play.answer(
                control, gate, **{field: option}, 原因="机台故障", **(REDUCED if option == "减少 reduce" else {})
            )
            assert play.send(control, gate, whole).reply.accepted


@pytest.mark.parametrize(("rows", "field", "option"), list(options(PartsApplication)))
def test_each_option_of_an_application_leads_to_its_review(play: Play, rows: str, field: str, option: str) -> None:
    lines, whole = ({field: option}, {}) if rows else ({}, {field: option})
    case = play.apply([line(FIRST, 1) | lines], **whole)
    assert play.items(case)["review-1"].form.endswith(ReviewDecision.__name__)
    assert play.finish(case) == "delivered"
