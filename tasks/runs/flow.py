"""Make Prefect flows and task runs of plain functions. What they did is in our tables: Prefect keeps no result."""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import FlowRun, State
from prefect.context import FlowRunContext
from prefect.flows import Flow
from prefect.tasks import Task
from pydantic import Field
from pydantic_core import PydanticUndefined

from schemas.forms.base import Form

T = TypeVar("T")
CHUNK_RETRIES, RETRY_AFTER = 2, 5  # seconds; a chunk that a lost database took down does nothing twice


def form_flow(
    function: Callable[..., Any],
    title: str,
    run: Callable[[Any], State[Any]],
    parameter: str = "",
    form: type[Form] | None = None,
) -> Flow[..., Any]:
    """Make a flow that looks like `function` and has one parameter, the form, if it has any.

    Nothing is validated before `run`: that says itself what is wrong with the form that it is given. The form's JSON
    schema is made where the flow is deployed, not wherever it is imported.
    """

    def flow(**parameters: Any) -> State[Any]:
        given = parameters.get(parameter)  # as Prefect reads the default where none is given: by all schedules
        return run(None if given is PydanticUndefined else given)

    required = Field()  # yet a run without its form is answered too
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    shown = [inspect.Parameter(parameter, kind, annotation=form, default=required)] if form else []
    flow.__name__, flow.__qualname__, flow.__module__ = function.__name__, function.__name__, function.__module__
    flow.__doc__ = function.__doc__
    flow.__annotations__ = {parameter: form} if form else {}
    flow.__signature__ = inspect.Signature()  # type: ignore[attr-defined]  # Flow makes a JSON schema of what it sees
    made = Flow(flow, name=title, retries=0, persist_result=False, validate_parameters=False)
    made.__signature__ = flow.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
    return made


def as_task(name: str, work: Callable[[], T], title: str = "", retries: int = 0) -> T:
    """Do a piece of work as a Prefect task run called `name`, of the task `title`."""
    task = Task(
        work,
        name=title or name,
        task_run_name=name,
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=retries,
        retry_delay_seconds=RETRY_AFTER,
    )
    return task()


def this_run() -> FlowRun:
    """Give the flow run that we are in."""
    context = FlowRunContext.get()
    assert context is not None, "it is started by Prefect"
    assert context.flow_run is not None, "it is known to Prefect"
    return context.flow_run
