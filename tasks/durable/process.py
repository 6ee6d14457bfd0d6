"""`@process`: declare a process function, so that its cases can be opened, replayed and shown."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

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
) -> Callable[[Callable[[Case], Closing]], ProcessDefinition]:
    """Make a plain function a process, registered under `code`; tasks.runs.process makes it a Prefect flow too.

    `parameter` is the label of the form in the UI; `version` is kept on each case as it is opened.
    """

    def decorate(function: Callable[[Case], Closing]) -> ProcessDefinition:
        definition = ProcessDefinition(
            code, title, function, request, version, accept, begin, frozenset(applicant_may_withdraw_in), parameter
        )
        PROCESSES[code] = definition
        return definition

    return decorate
