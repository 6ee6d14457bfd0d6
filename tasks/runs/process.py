"""`@process` as flow files use it: declared to the core, and the Prefect flow that staff see."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from prefect import Flow

from tasks.durable.engine import Case, Closing, ProcessDefinition
from tasks.durable.process import process as declare
from tasks.runs.flow import as_flow

P = ParamSpec("P")
Chain = Callable[[Case], Closing]


def _flowing(
    declared: Callable[P, Callable[[Chain], ProcessDefinition]],
) -> Callable[P, Callable[[Chain], Flow[..., Any]]]:
    """Let a declaration give a flow instead of the definition that it registers."""

    @wraps(declared)
    def decorator(*args: P.args, **given: P.kwargs) -> Callable[[Chain], Flow[..., Any]]:
        register = declared(*args, **given)
        return lambda function: as_flow(register(function))

    return decorator


process = _flowing(declare)
