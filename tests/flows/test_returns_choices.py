"""Choices offered are choices that work, of the forms of a return too."""

import pytest
import time_machine

from schemas.forms import returns
from schemas.forms.base import Decision, Form
from schemas.problems import BadInput
from schemas.sheet_kinds import sheet_kinds
from schemas.words import Channel
from tasks.durable.opening import open_chunk
from tasks.durable.stage import advance
from tests.flows.begun import Begun
from tests.flows.returns import form_of
from tests.flows.test_parts_application_choices import options
from tests.play import Play
from tests.tasks.sheets.return_rows import GATES


def decisions() -> dict[str, type[Form]]:
    """Give the decisions of returns on whose forms something is chosen."""
    known = [form for form in vars(returns).values() if isinstance(form, type) and issubclass(form, Decision)]
    return {form.__name__: form for form in known if form is not Decision and list(options(form))}


CODES = {kind.form.__name__: code for code, kind in sheet_kinds().items()}


def test_every_form_with_choices_is_tried() -> None:
    assert {CODES[name] for name in decisions()} <= set(GATES)


@pytest.mark.parametrize(
    ("form", "rows", "field", "option"),
    [(name, *choice) for name, form in decisions().items() for choice in options(form)],
)
def test_each_option_ends_in_a_reply_or_a_next_step(
    begun: Begun, today: time_machine.Traveller, form: str, rows: str, field: str, option: str
) -> None:
    bring, gate, _ = GATES[CODES[form]]
    said = {rows: {1: {field: option}}} if rows else {field: option}
    with begun.go_on(today, Play, form, bring) as (play, case):
        reply = play.send(case, gate, play.answer(case, gate, **said)).reply
        assert reply.accepted or all(problem.expected for problem in reply.problems)
        assert (gate in play.items(case)) is not reply.accepted


@pytest.mark.parametrize(("rows", "field", "option"), list(options(returns.ReturnRequest)))
def test_each_option_of_a_request_leads_to_its_review_or_a_refusal(
    play: Play, rows: str, field: str, option: str
) -> None:
    opened = open_chunk(play.db, "RF", Channel.CLI, [("cli:1", form_of(play, **{field: option}))])[0]
    if isinstance(opened, BadInput):
        assert all(problem.expected for problem in opened.problems)
    else:
        advance(play.db, opened.case_id)
        assert play.items(opened.case_id)["review-1"].form.endswith("ReturnReview")
