"""`@process`: register a process function and make it the Prefect flow that staff see."""

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from prefect import Flow
from pydantic import Field

from schemas.forms.base import Form
from schemas.problems import Problem
from schemas.words import CaseState, Channel
from tasks.durable.engine import PROCESSES, Case, Closing, ProcessDefinition
from tasks.durable.step import Work
from tasks.unit.unit import Unit


def process(
    *,
    code: str,
    title: str,
    request: type[Form],
    parameter: str,
    accept: Callable[[Any, Unit, Channel], tuple[Mapping[str, Any], Sequence[Problem]]],
    begin: Callable[[Any, Work], None],
    applicant_may_withdraw_in: Collection[CaseState],
    version: int = 1,
) -> Callable[[Callable[[Case], Closing]], Flow[..., Any]]:
    """Make a plain function a process: registered under `code`, and a flow whose one parameter is its form.

    `parameter` is the label of the form in the UI; `version` is kept on each case as it is opened.
    """

    def decorate(function: Callable[[Case], Closing]) -> Flow[..., Any]:
        definition = ProcessDefinition(
            code, title, function, request, version, accept, begin, frozenset(applicant_may_withdraw_in), parameter
        )
        PROCESSES[code] = definition
        return _flow(definition)

    return decorate


def _flow(definition: ProcessDefinition) -> Flow[..., Any]:
    """Make the flow of a process: its name is the title, its one parameter the typed form.

    Nothing is validated before the leg: what is wrong with a form, its draft says.
    """
    function, parameter = definition.function, definition.parameter

    def run(**parameters: Any) -> Any:
        from tasks.runs.case_run import run_case  # what a leg needs is not needed to import a process

        return run_case(definition, parameters[parameter])

    form = inspect.Parameter(
        parameter,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        annotation=definition.request,
        default=Field(),  # required, yet a run without it is answered too
    )
    run.__name__, run.__qualname__, run.__module__ = function.__name__, function.__name__, function.__module__
    run.__doc__ = function.__doc__
    run.__annotations__ = {parameter: definition.request}
    run.__signature__ = inspect.Signature([form])  # type: ignore[attr-defined]
    return Flow(run, name=definition.title, retries=0, persist_result=False, validate_parameters=False)
