"""What a refused answer leaves behind is small, however large the answer was."""

from collections.abc import Iterator
from math import inf
from typing import Any

import pytest
from sqlalchemy import Engine

from schemas.answers import LONGEST_KEPT, Answer
from schemas.forms.base import Form, form_schema
from schemas.forms.cycles import CycleProgress
from schemas.forms.fields import MOST_LINES
from schemas.sheet_kinds import sheet_kinds
from schemas.words import Channel
from tasks.desk.dialog import gate_description
from tasks.desk.queries import case_view
from tasks.durable.stage import advance
from tests.play import Play, line


@pytest.fixture
def play(db: Engine) -> Play:
    """One whose cases need not be as they should at the end: some stand still by a fault of their own."""
    return Play(db)


def lines(many: int, **more: Any) -> list[dict[str, Any]]:
    return [{"行号": n, "配件名称": "P-PB-001", "数量": 1, "单价": 1, "备注": "x" * 500, **more} for n in range(many)]


@pytest.mark.parametrize(("many", "told"), [(20_000, "最多 10000 行"), (4_000, "备注")])
def test_an_answer_of_thousands_of_lines_is_refused_and_not_kept(play: Play, many: int, told: str) -> None:
    case = play.apply([line("P-PB-001", 10, "缺件")])
    given = {"审核结论": "通过", "经办人工号": "E1001", "明细": lines(many)}
    reply = advance(play.db, case, Answer("review-1", given, Channel.PREFECT)).reply
    assert not reply.accepted
    [kept] = play.rows("SELECT reason, form, actor FROM decision WHERE NOT accepted AND case_id = :case", case=case)
    assert told in kept.reason
    assert len(kept.reason) < 50_000
    assert (kept.form, kept.actor) == ({"经办人工号": "E1001"}, "E1001")
    with play.db.connect() as connection:
        view = case_view(connection, case)
    assert len(gate_description(view, view.items[0])) < 50_000


def test_an_answer_that_somebody_may_have_filled_in_is_kept_whole(play: Play) -> None:
    case = play.apply([line("P-PB-001", 10, "缺件")])
    given = {"审核结论": "通过", "经办人工号": "E1001", "明细": lines(200, 备注="")}
    advance(play.db, case, Answer("review-1", given, Channel.PREFECT))
    [kept] = play.rows("SELECT form FROM decision WHERE NOT accepted AND case_id = :case", case=case)
    assert kept.form == given
    assert len(str(given)) < LONGEST_KEPT


def test_no_form_has_more_lines_than_prefect_refuses_before_it_stores_them() -> None:
    sheet_kinds()  # loads the forms of all trades
    lists = [
        spec
        for form in subclasses(Form)
        if form.__module__.startswith("schemas.") and form is not CycleProgress  # what the watch says; no page shows it
        for spec in form_schema(form)["properties"].values()
        if spec.get("type") == "array"
    ]
    assert len(lists) > 5
    assert {spec.get("maxItems", inf) <= MOST_LINES for spec in lists} == {True}


def subclasses(form: type[Form]) -> Iterator[type[Form]]:
    for one in form.__subclasses__():
        yield one
        yield from subclasses(one)
