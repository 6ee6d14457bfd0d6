import uuid
from uuid import UUID

import pytest
from prefect import get_client
from prefect.client.schemas.objects import StateType
from prefect.exceptions import ObjectNotFound

from deployments.local.processes import Child
from tasks.runs.parking import ask_again, finish, held_answer, park_again, park_new
from tests.deployments.desk import Desk
from tests.deployments.toy import ToyDecision

ANSWER = {"审核结论": "通过", "备注": "好"}
GATE = "review-1-1"


def park(toys: Desk, key: str | None = None, gate: str = GATE) -> UUID:
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment(toys.deployments["toy"])
    return park_new(
        deployment=deployment,
        name="PA-2026-000001 · 华北 · 审核",
        parameters={"申报单": {"办事处": "华北"}},
        idempotency_key=key or f"PA-2026-000001/{uuid.uuid4()}",
        labels={"case_no": "PA-2026-000001"},
        tags=["待办:审核"],
        gate_key=gate,
        form=ToyDecision,
    )


def test_a_parked_run_waits_without_a_leg_and_resumes_normally(toys: Desk, toy_worker: Child) -> None:
    run = toys.read(run_id := park(toys))
    assert run.state_name == "Suspended"
    assert run.name == "PA-2026-000001 · 华北 · 审核"
    assert set(run.tags) == {"流程:玩具", "待办:审核"}
    assert run.labels["case_no"] == "PA-2026-000001"
    assert run.start_time is None
    toys.answer(run_id, **ANSWER)
    ended = toys.wait(run_id, "Completed")
    assert ended.start_time is not None
    assert ended.name == "PA-2026-000001 · 华北 · 审核 · 华北 通过 好 PA-2026-000001"  # what the leg read


def test_the_forms_description_is_there(toys: Desk) -> None:
    run_id = park(toys)
    with get_client(sync_client=True) as client:
        shown = client.read_flow_run_input(run_id, f"suspended-{GATE}-description")
    assert "请审核" in shown


def test_a_wrong_answer_leaves_the_run_parked(toys: Desk) -> None:
    run_id = park(toys)
    with pytest.raises(RuntimeError, match="审核结论"):
        toys.answer(run_id)
    assert toys.read(run_id).state_name == "Suspended"


def test_the_same_key_makes_one_run_and_repairs_a_lost_form(toys: Desk, toy_worker: Child) -> None:
    run_id = park(toys, key := str(uuid.uuid4()))
    with get_client(sync_client=True) as client:
        client.delete_flow_run_input(run_id, f"suspended-{GATE}-schema")  # as if we had died before saving it
    assert park(toys, key) == run_id
    toys.answer(run_id, **ANSWER)
    toys.wait(run_id, "Completed")
    assert park(toys, key) == run_id
    assert toys.read(run_id).state_name == "Completed"


def test_parking_again_moves_the_gate_name_and_tags(toys: Desk, toy_worker: Child) -> None:
    run_id = park(toys, gate="plan-1-1")
    park_again(run_id, GATE, ToyDecision, "PA-2026-000001 · 华北 · 复核", ["待办:复核"])
    run = toys.read(run_id)
    assert (run.name, run.tags) == ("PA-2026-000001 · 华北 · 复核", ["待办:复核"])
    assert run.state is not None
    assert run.state.state_details.pause_key == GATE
    toys.answer(run_id, **ANSWER)
    toys.wait(run_id, "Completed")


def test_a_gate_whose_answer_is_held_is_not_parked_at_but_asked_anew_when_that_was_refused(
    toys: Desk, toy_worker: Child
) -> None:
    run_id = park(toys)
    toys.answer(run_id, **ANSWER)
    toys.wait(run_id, "Completed")
    assert not park_again(run_id, GATE, ToyDecision, "again", [])
    with get_client(sync_client=True) as client:
        assert held_answer(client, run_id, GATE) == ANSWER
    ask_again(run_id, GATE, ToyDecision)
    assert park_again(run_id, GATE, ToyDecision, "again", [])
    toys.answer(run_id, 审核结论="退回")
    toys.wait(run_id, "Completed")
    with get_client(sync_client=True) as client:
        assert "退回" in client.read_flow_run_input(run_id, f"suspended-{GATE}-response")


def test_a_run_ends_under_the_name_of_the_ending(toys: Desk) -> None:
    run_id = park(toys)
    finish(run_id, "已交付")
    run = toys.read(run_id)
    assert (run.state_type, run.state_name) == (StateType.COMPLETED, "已交付")


def test_a_key_that_prefect_would_refuse_is_refused_before(toys: Desk) -> None:
    with pytest.raises(ValueError, match="审核"):
        park(toys, gate="审核-1")


def test_a_run_that_is_gone_is_not_found(toys: Desk) -> None:
    with pytest.raises(ObjectNotFound):
        finish(uuid.uuid4(), "已交付")
