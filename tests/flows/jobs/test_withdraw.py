"""撤回申报 as a plain function; how Prefect starts it is tested with the deployments."""

from collections.abc import Mapping
from typing import Any

import pytest
from prefect.client.schemas.objects import State
from prefect.utilities.callables import parameter_schema
from sqlalchemy import Engine

from flows.jobs.withdraw import withdraw
from schemas.problems import NotFound
from schemas.words import Channel
from tasks.runs.withdraw import take_back
from tests.play import Play


def run(form: object) -> State[Any]:
    state: State[Any] = withdraw.fn(撤回单=form)
    assert state.is_completed()
    return state


def filled(play: Play, case: int, **fields: object) -> Mapping[str, object]:
    row = play.case(case)
    return {"单号": row.number, "经办人工号": row.applicant, "撤回原因": "客户取消", **fields}


def test_the_applicant_takes_an_application_back(play: Play, shown: list[str]) -> None:
    case = play.apply()
    state = run(filled(play, case))
    assert state.name == "已撤回"
    assert play.case(case).number in state.message
    assert play.case(case).ending == "withdrawn"
    assert shown == [f"### 已撤回  \n{state.message}"]
    assert play.timeline(case)[-1].channel == "prefect"


def test_the_number_may_be_typed_as_people_type(play: Play, shown: list[str]) -> None:
    case = play.apply()
    number = f" {play.case(case).number.lower()} ".replace("-", "－")
    assert run(filled(play, case, 单号=number)).name == "已撤回"


def test_the_same_request_again_is_told_of_its_success(play: Play, shown: list[str]) -> None:
    case = play.apply()
    assert [run(filled(play, case)).name for _ in range(2)] == ["已撤回", "已撤回"]
    assert run(filled(play, case, 撤回原因="另一个原因")).name == "未受理"
    assert len([entry for entry in play.timeline(case) if entry.kind == "withdrawn"]) == 1


def test_what_was_done_is_undone_visibly(play: Play, shown: list[str]) -> None:
    case = play.apply()
    play.run_to(case, "plan-1")
    before = play.stock("P-HW-001")
    assert run(filled(play, case)).name == "已撤回"
    assert play.stock("P-HW-001")[1] < before[1]
    assert any(row.kind == "undo" for row in play.timeline(case))


def test_after_production_started_only_a_supervisor_may(play: Play, shown: list[str]) -> None:
    case = play.apply()
    play.run_to(case, "goods-out-1-1")
    refused = run(filled(play, case))
    assert (refused.name, "SUPERVISOR" in refused.message) == ("未受理", True)
    assert play.state(case) == "出库"
    assert run(filled(play, case, 经办人工号="E1040")).name == "已撤回"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"单号": "PA-2026-999999"}, "there is no case PA-2026-999999"),
        ({"单号": "   "}, "单号"),
        ({"经办人工号": "E9999"}, "no active staff member"),
        ({"经办人工号": "E1001"}, "only the applicant or a SUPERVISOR"),
        ({"撤回原因": ""}, "撤回原因"),
        ({"撤回原因": 7}, "撤回原因"),
        ({"撤回原因": "客户\x07取消"}, "U+0007"),
        ({"撤回原因": "长" * 20_000}, "at most 2000 "),
        ({"金额": 1}, "not a field of this form"),
    ],
)
def test_a_wrong_form_is_not_accepted_and_says_why(
    play: Play, shown: list[str], fields: Mapping[str, object], said: str
) -> None:
    case = play.apply()
    before = play.snapshot(case)
    state = run(filled(play, case, **fields))
    assert state.name == "未受理"
    assert said in state.message
    assert said in shown[0]
    assert play.snapshot(case) == before


@pytest.mark.parametrize("given", [None, {}, [], "PA-2026-000001", {"单号": None}])
def test_nonsense_is_not_accepted_either(play: Play, shown: list[str], given: object) -> None:
    state = run(given)
    assert state.name == "未受理"
    assert "单" in state.message


def test_a_run_without_its_form_is_answered_too(play: Play, shown: list[str]) -> None:
    assert withdraw.fn().name == "未受理"


def test_a_closed_case_cannot_be_taken_back(play: Play, shown: list[str]) -> None:
    case = play.apply()
    play.finish(case)
    late = run(filled(play, case))
    assert (late.name, "已结案" in late.message) == ("未受理", True)


def test_the_common_function_tells_an_unknown_number(play: Play, db: Engine) -> None:
    with pytest.raises(NotFound, match="PA-2026-000009"):
        take_back(db, "PA-2026-000009", "E1040", "客户取消", Channel.CLI)


def test_the_form_is_the_flows_one_parameter() -> None:
    schema = parameter_schema(withdraw).model_dump()
    assert list(schema["properties"]) == schema["required"] == ["撤回单"]
    assert schema["properties"]["撤回单"]["title"] == "撤回单"
    fields = schema["definitions"]["Withdrawal"]["properties"]
    assert list(fields) == ["单号", "经办人工号", "撤回原因"]
