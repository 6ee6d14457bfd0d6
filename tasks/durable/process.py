"""`@process`: register a process function and make it the Prefect flow that staff see."""

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from prefect import Flow

from schemas.forms.base import Form
from schemas.problems import Problem
from schemas.states import CaseState, Channel
from tasks.durable.engine import PROCESSES, Case, Closing, ProcessDefinition
from tasks.durable.step import Work
from tasks.durable.unit import Unit


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


class CaseFlow(Flow[..., Any]):
    """A flow that takes whatever its form sends: what is wrong with it, `open_case` says on a draft."""

    def validate_parameters(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Keep the parameters that the form has, as they were sent; None where one is missing."""
        return {name: parameters.get(name) for name in self.parameters.properties}


def _flow(definition: ProcessDefinition) -> CaseFlow:
    """Make the flow of a process: its name is the title, its one parameter the typed form."""
    function, parameter = definition.function, definition.parameter

    def run(given: Any) -> Any:
        from tasks.desk.case_run import run_case  # what a leg needs is not needed to import a process

        return run_case(definition, given)

    run.__name__, run.__qualname__, run.__module__ = function.__name__, function.__name__, function.__module__
    run.__doc__ = function.__doc__
    run.__annotations__ = {parameter: definition.request}
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(parameter, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=definition.request)]
    )
    return CaseFlow(run, name=definition.title, retries=0, persist_result=False)
