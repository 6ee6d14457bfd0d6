"""What we know of the inside of Prefect still holds; when a test here fails, look at parking and the worker again."""

import inspect

import prefect
from prefect.client.schemas.objects import FlowRunPolicy
from prefect.input.run_input import keyset_from_paused_state
from prefect.states import Suspended
from prefect.workers.base import BaseWorker

from tasks.runs import parking


def test_it_is_the_version_that_we_looked_into() -> None:
    assert prefect.__version__ == "3.8.8"
    assert prefect.__version__ in (parking.__doc__ or "")


def test_forms_and_answers_lie_under_the_keys_that_we_read() -> None:
    keys = keyset_from_paused_state(Suspended(pause_key="review-1-0"))
    assert keys == {part: f"suspended-review-1-0-{part}" for part in ("description", "response", "schema")}


def test_a_run_remembers_its_gates_in_its_policy() -> None:
    assert {"pause_keys", "retries"} <= FlowRunPolicy.model_fields.keys()


def test_the_worker_that_ours_is_made_of_takes_runs_as_before() -> None:
    assert inspect.iscoroutinefunction(BaseWorker._submit_scheduled_flow_runs)
    assert "_submitting_flow_run_ids" in inspect.getsource(BaseWorker)
