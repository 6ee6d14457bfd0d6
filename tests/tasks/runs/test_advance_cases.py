"""推进单据: many cases taken as far as they go, by a person at the run form."""

from contextlib import suppress
from dataclasses import replace
from uuid import UUID

import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import Abort, Pause

from deployments.worker import run_leg
from flows.jobs import advance_cases as job
from schemas.answers import Opened
from schemas.words import Channel
from tasks.durable.opening import open_chunk
from tasks.durable.process import PROCESSES, Case, Closing
from tests.bench.load import application
from tests.tasks.runs.people import Desk


def opened(desk: Desk, many: int) -> list[int]:
    """Open cases that nobody has moved yet."""
    made = open_chunk(desk.db, "PA", Channel.SHEET, [application(n) for n in range(many)])
    return [one.case_id for one in made if isinstance(one, Opened)]


def advance(desk: Desk, deployments: dict[str, UUID], **form: str) -> FlowRun:
    """Send the run form and let the worker run the flow."""
    parameters = {"推进单": form}
    run = desk.client.create_flow_run_from_deployment(deployments["advance-cases"], parameters=parameters)
    with suppress(Pause, Abort):
        run_leg(desk.run(run.id), "flows.jobs.advance_cases.advance_cases")
    return desk.run(run.id)


def ended(run: FlowRun) -> tuple[str, str]:
    assert run.state is not None
    assert run.state.is_completed()
    return str(run.state.name), str(run.state.message)


def gates(desk: Desk, ids: list[int]) -> list[list[str]]:
    return [list(desk.play.items(case)) for case in ids]


def test_all_that_are_ready_go_on_chunk_by_chunk(
    desk: Desk, deployments: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "CHUNK", 3)
    ids = opened(desk, 7)
    run = advance(desk, deployments)
    assert ended(run) == ("已推进", "推进 advanced 7，其中已结案 closed 0，故障 faults 0")
    assert run.name == "推进 7/7"
    assert gates(desk, ids) == [["review-1"]] * 7
    assert ended(advance(desk, deployments))[1].startswith("推进 advanced 0")


def test_named_cases_alone_go_on_and_unknown_numbers_are_told(desk: Desk, deployments: dict[str, UUID]) -> None:
    ids = opened(desk, 3)
    first, second = (desk.play.case(case).number for case in ids[:2])
    name, message = ended(advance(desk, deployments, 单号=f"{first}，{second.lower()}\nPA-2026-999999"))
    assert (name, message) == ("部分故障", "推进 advanced 2，其中已结案 closed 0，故障 faults 1")
    assert gates(desk, ids) == [["review-1"], ["review-1"], []]


def test_a_case_that_fails_is_told_and_the_others_go_on(
    desk: Desk, deployments: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids, process = opened(desk, 4), PROCESSES["PA"]

    def broken(case: Case) -> Closing:
        return 1 // 0 if case.id == ids[1] else process.function(case)  # type: ignore[return-value]

    monkeypatch.setitem(PROCESSES, "PA", replace(process, function=broken))
    assert ended(advance(desk, deployments)) == ("部分故障", "推进 advanced 3，其中已结案 closed 0，故障 faults 1")
    assert gates(desk, ids) == [["review-1"], [], ["review-1"], ["review-1"]]


def test_a_form_that_is_wrong_is_refused_as_an_outcome(desk: Desk, deployments: dict[str, UUID]) -> None:
    run = desk.client.request(
        "POST",
        "/deployments/{id}/create_flow_run",
        path_params={"id": deployments["advance-cases"]},
        json={"parameters": {"推进单": {"编号": "1"}}, "enforce_parameter_schema": False},
    ).json()
    with suppress(Pause, Abort):
        run_leg(desk.run(UUID(run["id"])), "flows.jobs.advance_cases.advance_cases")
    assert ended(desk.run(UUID(run["id"])))[0] == "未受理"
