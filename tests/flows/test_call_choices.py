"""Choices offered are choices that work, of the forms of follow-up calls and audits too."""

import pytest

from schemas.forms import audits, calls
from schemas.forms.base import Decision, Form
from schemas.sheet_kinds import sheet_kinds
from tests.flows.calls import CALLER, Callers
from tests.flows.test_parts_application_choices import options
from tests.tasks.sheets.call_rows import GATES

PEOPLE = Callers
CODES = {kind.form.__name__: code for code, kind in sheet_kinds().items()}


def decisions() -> dict[str, type[Form]]:
    """Give the decisions on whose forms something is chosen."""
    known = [form for module in (calls, audits) for form in vars(module).values()]
    forms = [form for form in known if isinstance(form, type) and issubclass(form, Decision) and form is not Decision]
    return {form.__name__: form for form in forms if list(options(form))}


def test_every_form_with_choices_is_tried() -> None:
    assert {CODES[name] for name in decisions()} <= set(GATES)


@pytest.mark.parametrize(
    ("form", "rows", "field", "option"),
    [(name, *choice) for name, form in decisions().items() for choice in options(form)],
)
def test_each_option_ends_in_a_reply_or_a_next_step(
    play: Callers, form: str, rows: str, field: str, option: str
) -> None:
    assert not rows
    bring, gate, _ = GATES[CODES[form]]
    case = bring(play)
    reply = play.send(case, gate, play.answer(case, gate, **{field: option})).reply
    assert reply.accepted or all(problem.expected for problem in reply.problems)
    assert (gate in play.items(case)) is not reply.accepted


@pytest.mark.parametrize("why", [one.zh for one in calls.CallWhy])
def test_each_reason_may_be_given_by_hand(play: Callers, why: str) -> None:
    case = play.asked(明细=[{"回访事由": why, "事由单号": play.case(play.apply(1)).number}])
    assert play.items(case)["call-1"].form.endswith("CallMade")
    assert CALLER in "".join(play.items(case)["call-1"].brief)
