"""Choices offered are choices that work, of the forms of a repair return and its lists too."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine

from schemas.forms import quality, quotes, repairs, return_lists
from schemas.forms.base import Decision, Form
from tests.books import books_balance
from tests.flows.begun import Begun
from tests.flows.repairs import Repairs, goods
from tests.flows.test_parts_application_choices import options

CHARGED: dict[str, Any] = {"fee": "收费"}
TO_THE_GATE: dict[
    str, tuple[str, dict[str, Any], dict[str, dict[str, Any]]]
] = {  # form → gate, how reviewed, on the way
    "RepairReview": ("review-1", {}, {}),
    "Appraisal": ("appraise-1", {}, {}),
    "ReceiptConfirmed": ("confirm-1", {}, {"appraise-1": {"与申报不符": "是", "照片编号": "P"}}),
    "ArbitrationFound": (
        "objection-1",
        {},
        {"appraise-1": {"与申报不符": "是", "照片编号": "P"}, "confirm-1": {"确认意见": "有异议", "原因": "不是"}},
    ),
    "QuoteSent": ("contact-1-1", CHARGED, {}),
    "QuoteAnswer": ("quote-1-1", CHARGED, {}),
    "PaymentReceived": ("paid-1-1", CHARGED, {}),
    "ScrapAnswer": ("scrap-consent-1", CHARGED, {"appraise-1": {"鉴定类别": "一类(不值得修)"}}),
    "RepairReport": ("repair-1-1", {}, {}),
    "QualityInspection": ("inspect-1-1", {}, {}),
    "RepairRuled": ("ruling-1-3", {}, {f"inspect-1-{n}": {"检验结论": "不合格", "原因": "有色差"} for n in (1, 2, 3)}),
    "ListDecision": ("list-1", {}, {}),
    "ListReceipt": ("receive-1", {}, {}),
    "ListTraced": ("trace-1", {}, {}),
}


@pytest.fixture
def play(db: Engine, today: time_machine.Traveller) -> Iterator[Repairs]:
    play = Repairs(db)
    yield play
    play.rest()
    books_balance(db)


def decisions() -> dict[str, type[Form]]:
    """Give the decisions of repairs and lists on whose forms something is chosen."""
    known = [form for module in (repairs, return_lists, quality, quotes) for form in vars(module).values()]
    forms = [form for form in known if isinstance(form, type) and issubclass(form, Decision)]
    return {
        form.__name__: form
        for form in forms
        if form.__module__.endswith(("repairs", "return_lists", "quality", "quotes")) and list(options(form))
    }


def test_every_form_with_choices_is_tried() -> None:
    assert set(decisions()) - {"RepairResubmission"} == set(TO_THE_GATE)


def bring(play: Repairs, today: time_machine.Traveller, form: str) -> int:
    """Bring a repair, or a list, to where a form is filled in."""
    gate, how, on_the_way = TO_THE_GATE[form]
    case = (
        play.apply_repair()
        if form == "RepairReview"
        else play.arrived(**how)
        if not form.startswith("List")
        else play.reviewed()
    )
    if form.startswith("List"):
        case = play.draw_up(case)
        if form == "ListTraced":
            play.run_to(case, "receive-1")
            today.move_to("2026-12-18T10:00:00+08:00")
            assert play.time_out(case, "receive-1").accepted
    while gate not in play.items(case):
        key = play.next_key(case)
        play.decide(case, key, **on_the_way.get(key, {}))
    return case


@pytest.mark.parametrize(
    ("form", "rows", "field", "option"),
    [(name, *choice) for name, form in decisions().items() if name in TO_THE_GATE for choice in options(form)],
)
def test_each_option_ends_in_a_reply_or_a_next_step(
    begun: Begun, today: time_machine.Traveller, form: str, rows: str, field: str, option: str
) -> None:
    gate, *_ = TO_THE_GATE[form]
    said = {rows: {1: {field: option}}} if rows else {field: option}
    with begun.go_on(today, Repairs, form, lambda play: bring(play, today, form)) as (play, case):
        reply = play.send(case, gate, play.answer(case, gate, **said)).reply
        assert reply.accepted or all(problem.expected for problem in reply.problems)
        assert (gate in play.items(case)) is not reply.accepted
        if play.case(case).process == "RL":
            assert play.finish(case)


@pytest.mark.parametrize(("rows", "field", "option"), list(options(repairs.RepairApplication)))
def test_each_option_of_an_application_leads_to_its_review(play: Repairs, rows: str, field: str, option: str) -> None:
    whole = {} if rows else {field: option}
    case = play.apply_repair(goods() | ({field: option} if rows else {}), **whole)
    assert play.items(case)["review-1"].form.endswith("RepairReview")
