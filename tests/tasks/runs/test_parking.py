import uuid
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import pytest
from prefect.client.schemas.objects import StateType
from prefect.exceptions import Abort, ObjectNotFound, Pause

from deployments.deploy import apply_deployments
from deployments.local.processes import Child
from deployments.worker import run_leg
from tasks.runs.parking import ask_again, finish, park_again, park_new
from tests.deployments.desk import TOY_YAML
from tests.deployments.toy import ToyDecision
from tests.tasks.runs.people import Desk

ANSWER = {"审核结论": "通过", "备注": "好"}
GATE = "review-1-1"


@pytest.fixture(scope="module")
def toy(prefect_server: Child, tmp_path_factory: pytest.TempPathFactory) -> UUID:
    """The toy's deployment, in a work pool that no other test's worker has."""
    path = tmp_path_factory.mktemp("toy") / "prefect.yaml"
    own = TOY_YAML.read_text("utf-8").replace("{name: aftersales}", "{name: desk}")
    path.write_text(own.replace("name: toy", "name: parked"), "utf-8")
    return apply_deployments(Path(path))["parked"]


@pytest.fixture
def desk(desk: Desk, toy: UUID) -> Desk:
    desk.deployment = toy
    return desk


def park(desk: Desk, key: str | None = None, gate: str = GATE) -> UUID:
    return park_new(
        deployment=desk.client.read_deployment(desk.deployment),
        name="PA-2026-000001 · 华北 · 审核",
        parameters={"申报单": {"办事处": "华北"}},
        idempotency_key=key or f"PA-2026-000001/{uuid.uuid4()}",
        labels={"case_no": "PA-2026-000001"},
        tags=["待办:审核"],
        gate_key=gate,
        form=ToyDecision,
    )


def answer(desk: Desk, run_id: UUID, **fields: str) -> str:
    """Press Resume and let the worker run the leg; gives where the run then stands."""
    assert desk.resume(run_id, fields) == ""
    with suppress(Pause, Abort):
        run_leg(desk.run(run_id), "tests.deployments.toy.toy_case")
    return desk.gate(run_id)


def test_a_parked_run_waits_without_a_leg_and_resumes_normally(desk: Desk) -> None:
    run = desk.run(run_id := park(desk))
    assert run.state_name == "Suspended"
    assert run.name == "PA-2026-000001 · 华北 · 审核"
    assert set(run.tags) == {"流程:玩具", "待办:审核"}
    assert run.labels["case_no"] == "PA-2026-000001"
    assert run.start_time is None
    assert answer(desk, run_id, **ANSWER) == "Completed"
    ended = desk.run(run_id)
    assert ended.start_time is not None
    assert ended.name == "PA-2026-000001 · 华北 · 审核 · 华北 通过 好 PA-2026-000001"  # what the leg read


def test_the_forms_description_is_there(desk: Desk) -> None:
    assert "请审核" in desk.kept(park(desk), f"suspended-{GATE}-description")


def test_a_wrong_answer_leaves_the_run_parked(desk: Desk) -> None:
    run_id = park(desk)
    assert "审核结论" in desk.resume(run_id, {})
    assert desk.gate(run_id) == GATE


def test_the_same_key_makes_one_run_and_repairs_a_lost_form(desk: Desk) -> None:
    run_id = park(desk, key := str(uuid.uuid4()))
    desk.client.delete_flow_run_input(run_id, f"suspended-{GATE}-schema")  # as if we had died before saving it
    assert park(desk, key) == run_id
    assert answer(desk, run_id, **ANSWER) == "Completed"
    assert park(desk, key) == run_id
    assert desk.gate(run_id) == "Completed"


def test_parking_again_moves_the_gate_name_and_tags(desk: Desk) -> None:
    run_id = park(desk, gate="plan-1-1")
    park_again(run_id, GATE, ToyDecision, "PA-2026-000001 · 华北 · 复核", ["待办:复核"])
    run = desk.run(run_id)
    assert (run.name, run.tags) == ("PA-2026-000001 · 华北 · 复核", ["待办:复核"])
    assert desk.gate(run_id) == GATE
    assert answer(desk, run_id, **ANSWER) == "Completed"


def test_a_gate_that_was_answered_is_asked_anew(desk: Desk) -> None:
    run_id = park(desk)
    assert answer(desk, run_id, **ANSWER) == "Completed"
    park_again(run_id, GATE, ToyDecision, "again", [])
    assert answer(desk, run_id, 审核结论="退回") == "Completed"
    assert "退回" in desk.kept(run_id, f"suspended-{GATE}-response")


def test_a_leg_can_ask_once_more_for_what_was_answered(desk: Desk) -> None:
    run_id = park(desk)
    assert desk.resume(run_id, ANSWER) == ""
    ask_again(run_id, GATE, ToyDecision)
    with suppress(Pause, Abort):
        run_leg(desk.run(run_id), "tests.deployments.toy.toy_case")
    assert desk.gate(run_id) == GATE
    assert answer(desk, run_id, **ANSWER) == "Completed"


def test_a_run_ends_under_the_name_of_the_ending(desk: Desk) -> None:
    run_id = park(desk)
    finish(run_id, "已交付")
    run = desk.run(run_id)
    assert (run.state_type, run.state_name) == (StateType.COMPLETED, "已交付")


def test_a_key_that_prefect_would_refuse_is_refused_before(desk: Desk) -> None:
    with pytest.raises(ValueError, match="审核"):
        park(desk, gate="审核-1")


def test_a_run_that_is_gone_is_not_found(desk: Desk) -> None:
    with pytest.raises(ObjectNotFound):
        finish(uuid.uuid4(), "已交付")
