"""What we know of the inside of Prefect still holds; when a test here fails, look at parking, engine and the worker again."""

import inspect

import prefect
from prefect import results, task_engine
from prefect.client.schemas.objects import FlowRunPolicy
from prefect.flow_engine import FlowRunEngine, _flow_parameters
from prefect.input.run_input import keyset_from_paused_state
from prefect.states import Suspended
from prefect.utilities.callables import parameter_schema
from prefect.workers.base import BaseWorker

from flows.parts_application import parts_application
from tasks.runs import engine, parking


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


def test_the_engine_takes_a_run_from_where_ours_gives_it() -> None:
    assert prefect.__version__ in (engine.__doc__ or "")
    begun = inspect.getsource(FlowRunEngine.initialize_run)
    assert "self.flow_run = self.create_flow_run(self.client)" in begun
    assert begun.count("self.client.update_flow_run(") == 1, "in the other branch"
    assert "if self.flow_run.deployment_id:" in inspect.getsource(FlowRunEngine.setup_flow_run_suspension_request)


def test_what_we_put_in_place_is_what_prefect_calls() -> None:
    assert "emit_task_run_state_change_event(" in inspect.getsource(task_engine.SyncTaskRunEngine.set_state)
    assert "_read_server_default_result_storage_block_id()" in inspect.getsource(results._get_default_result_storage)
    assert "_cancelling_observer" in inspect.getsource(BaseWorker._submit_run)


def test_what_parameters_a_flow_has_prefect_asks_its_function() -> None:
    for asked in (parts_application, parts_application.fn):
        assert list(inspect.signature(asked).parameters) == ["申报单"]
        assert list(parameter_schema(asked).properties) == ["申报单"]
    assert "flow.fn" in inspect.getsource(_flow_parameters)
