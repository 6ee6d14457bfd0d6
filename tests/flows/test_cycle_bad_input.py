"""Process 4: what people may not do to the control of cycles; a clear refusal, nothing changed."""

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from schemas.problems import BadInput
from schemas.words import Channel
from tasks.control.watch import watch_cycles
from tasks.durable.opening import open_case
from tasks.durable.stage import advance
from tests.flows.cycles import LEAVES, control_of, planned
from tests.play import Play, open_to_gate

PLANNER, OFFICE = "E1004", "E1049"


def request(play: Play, case: int, **fields: Any) -> dict[str, Any]:
    number = play.case(case).number
    return {"办事处": "BJ", "申报人工号": PLANNER, "来源单号": number, **fields}


def refused(db: Engine, form: Mapping[str, Any]) -> str:
    with pytest.raises(BadInput) as wrong:
        open_case(db, "CY", form, f"cli:{uuid4()}", Channel.CLI)
    return str(wrong.value)


def test_people_may_begin_a_control_before_the_watch_does_and_then_it_does_not(play: Play) -> None:
    case = planned(play)
    opened = open_to_gate(play.db, request(play, case), "CY")
    assert watch_cycles(play.db) == []
    assert len(play.rows("SELECT 1 FROM service_case WHERE process = 'CY'")) == 1
    assert opened.number in refused(play.db, request(play, case))


def test_a_case_does_not_wait_for_the_control_that_people_began_which_ends_with_it(play: Play) -> None:
    case = planned(play)
    control = open_to_gate(play.db, request(play, case), "CY").case_id
    assert play.finish(case) == "delivered"
    assert not play.case(control).closed_at
    assert watch_cycles(play.db) == []
    assert play.case(control).ending == "on_time"


def test_a_source_is_found_however_its_number_is_typed(play: Play) -> None:
    case = planned(play)
    typed = f" {play.case(case).number.lower().replace('-', '－')}\u3000"
    control = open_to_gate(play.db, request(play, case, 来源单号=typed), "CY").case_id
    assert control == control_of(play, case)


def test_of_people_and_the_watch_at_the_same_time_one_comes_to_control_a_case(play: Play) -> None:
    case, start = planned(play), threading.Barrier(3)

    def apply(_: int) -> bool:
        start.wait()
        try:
            return open_case(play.db, "CY", request(play, case), f"cli:{uuid4()}", Channel.CLI).new
        except BadInput as wrong:
            return "is controlled by" not in str(wrong)

    with ThreadPoolExecutor(3) as threads:
        assert sorted(threads.map(apply, range(3))) == [False, False, True]
    advance(play.db, control_of(play, case))
    assert watch_cycles(play.db) == []
    assert len(play.rows("SELECT 1 FROM service_case WHERE process = 'CY'")) == 1


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"来源单号": "PA-2026-999999"}, "there is no such case"),
        ({"办事处": "SH"}, "来源单属 BJ"),
        ({"申报人工号": "E1052"}, "must hold OFFICE or PLANNER at BJ"),
        ({"申报人工号": "E9999"}, "没有这位在职员工"),
    ],
)
def test_a_control_of_something_else_or_by_others_is_refused(play: Play, fields: dict[str, Any], wrong: str) -> None:
    assert wrong in refused(play.db, request(play, planned(play), **fields))


def test_a_case_with_nothing_to_make_is_not_controlled(play: Play) -> None:
    assert "没有已计划生产的行" in refused(play.db, request(play, play.apply([LEAVES])))


def test_a_closed_case_is_not_controlled_by_people(play: Play) -> None:
    case = planned(play)
    play.finish(case)
    assert "本单已结案" in refused(play.db, request(play, case))


def test_a_control_is_not_taken_back_it_ends_with_its_source(play: Play) -> None:
    case = planned(play)
    watch_cycles(play.db)
    reply = play.withdraw(control_of(play, case), "E1040")
    assert "ends with its source" in str(reply.problems[0])
    assert play.case(control_of(play, case)).ending is None


@pytest.mark.parametrize("form", [{"orders": [], "pauses": []}, {"经办人工号": PLANNER}])
def test_nobody_tells_a_control_how_far_a_unit_is_but_the_watch(play: Play, form: dict[str, Any]) -> None:
    case = planned(play)
    watch_cycles(play.db)
    assert play.refused_form(control_of(play, case), "progress-panel-1", form)
