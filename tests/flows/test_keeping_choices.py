"""Choices offered are choices that work, of the forms of those who keep warehouses too."""

import pytest

from schemas.forms import counts, slips, transfers
from schemas.forms.base import Decision, Form
from schemas.sheet_kinds import sheet_kinds
from tests.flows.keeping import Keepers
from tests.flows.test_parts_application_choices import options
from tests.tasks.sheets.keeping_rows import GATES

PEOPLE = Keepers
CODES = {kind.form.__name__: code for code, kind in sheet_kinds().items()}


def decisions() -> dict[str, type[Form]]:
    """Give the decisions on whose forms something is chosen."""
    known = [form for module in (counts, slips, transfers) for form in vars(module).values()]
    forms = [form for form in known if isinstance(form, type) and issubclass(form, Decision) and form is not Decision]
    return {form.__name__: form for form in forms if list(options(form))}


@pytest.mark.parametrize(
    ("form", "field", "option"),
    [(name, field, option) for name, form in decisions().items() for _, field, option in options(form)],
)
def test_each_option_ends_in_a_reply_or_a_next_step(play: Keepers, form: str, field: str, option: str) -> None:
    bring, gate, _ = GATES[CODES[form]]
    case = bring(play)
    reply = play.send(case, gate, play.answer(case, gate, **{field: option})).reply
    assert reply.accepted or all(problem.expected for problem in reply.problems)
    assert (gate in play.items(case)) is not reply.accepted


@pytest.mark.parametrize("kind", [one.zh for one in slips.SlipKind])
def test_each_kind_of_slip_may_be_asked_for_by_hand(play: Keepers, kind: str) -> None:
    used = play.slip("自用领用", "E1049")
    play.decide(used, "check")
    more = {"原出库单号": play.documents(used, "CK")[0].number} if kind == slips.SlipKind.LEFTOVER.zh else {}
    case = play.slip(kind, 询问发货方="李工", 物料照片="P-1", **more)
    assert play.next_key(case) == ("code" if kind == slips.SlipKind.NEW_ITEM.zh else "check")


@pytest.mark.parametrize("kind", [one.zh for one in counts.CountKind])
def test_each_kind_of_count_may_be_asked_for_by_hand(play: Keepers, kind: str) -> None:
    case = play.count(盘点类别=kind)
    assert kind in play.items(case)["count-1"].brief[0]
    play.decide(case, "count-1")
    assert play.ending(case) == "agreed"
