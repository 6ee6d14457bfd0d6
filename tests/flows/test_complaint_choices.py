"""Choices offered are choices that work, of the forms of contacts, complaints and the duty roster too."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine

from schemas.forms import complaints, contacts
from schemas.forms.base import Decision, Form
from schemas.sheet_kinds import sheet_kinds
from tests.books import books_balance
from tests.flows.begun import Begun
from tests.flows.complaints import Hotline
from tests.flows.test_duty import plan
from tests.flows.test_parts_application_choices import options
from tests.play import open_to_gate
from tests.tasks.sheets.complaint_rows import GATES

GATE_OF = {kind.form.__name__: GATES[code][:2] for code, kind in sheet_kinds().items() if code in GATES}
RECORDED: dict[str, dict[str, Any]] = {
    "消协/工商": {"来件文号": "1号", "来件期限": "2026-12-10"},
    "匿名": {"订单号": "", "订单行": 0},
}


@pytest.fixture
def play(db: Engine, today: time_machine.Traveller) -> Iterator[Hotline]:
    play = Hotline(db)
    yield play
    play.rest()
    books_balance(db)


def decisions() -> dict[str, type[Form]]:
    """Give the decisions on contacts and complaints on whose forms something is chosen."""
    known = [form for module in (contacts, complaints) for form in vars(module).values()]
    forms = [form for form in known if isinstance(form, type) and issubclass(form, Decision) and form is not Decision]
    return {form.__name__: form for form in forms if list(options(form))}


def test_every_form_with_choices_is_tried() -> None:
    assert set(decisions()) - {"Measures"} <= set(GATE_OF)


@pytest.mark.parametrize(
    ("form", "rows", "field", "option"),
    [(name, *choice) for name, form in decisions().items() if name in GATE_OF for choice in options(form)],
)
def test_each_option_ends_in_a_reply_or_a_next_step(
    begun: Begun, today: time_machine.Traveller, form: str, rows: str, field: str, option: str
) -> None:
    assert not rows
    bring, gate = GATE_OF[form]
    with begun.go_on(today, Hotline, form, bring) as (play, case):
        reply = play.send(case, gate, play.answer(case, gate, **{field: option})).reply
        assert reply.accepted or all(problem.expected for problem in reply.problems)
        assert (gate in play.items(case)) is not reply.accepted


@pytest.mark.parametrize(("rows", "field", "option"), list(options(contacts.ContactRecord)))
def test_each_option_of_a_record_leads_to_its_first_answer(play: Hotline, rows: str, field: str, option: str) -> None:
    assert not rows
    case = play.call(**{field: option} | RECORDED.get(option.partition(" ")[0], {}))
    assert play.items(case)["first-1"].form.endswith("FirstAnswer")


@pytest.mark.parametrize("shift", ["晚班", "休息日班", "休假"])
def test_each_shift_may_be_planned(play: Hotline, shift: str) -> None:
    case = open_to_gate(play.db, plan(("2026-11-21", shift, "E1025", "")), "DR").case_id
    assert play.case(case).ending == "in_force"
