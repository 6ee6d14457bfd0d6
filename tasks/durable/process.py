"""`@process`: register a process function and make it the Prefect flow that staff see."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from prefect import Flow

from schemas.forms.base import Form
from schemas.problems import Problem
from schemas.states import CaseState, Channel
from tasks.desk.case_run import case_flow
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
        return case_flow(definition, parameter)

    return decorate
