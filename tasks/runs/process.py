"""`@process`: register a process function and make it the Prefect flow that staff see."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from prefect.client.schemas.objects import State
from prefect.flows import Flow

from schemas.answers import Answer
from schemas.problems import Problem
from tasks.durable.process import PROCESSES, Case, Closing, Process
from tasks.durable.question import Question
from tasks.durable.step import same_code
from tasks.people.rights import may_decide
from tasks.runs.flow import form_flow
from tasks.unit.work import Work


def undecorated(case: Case) -> Closing:
    """Stand where the function will be that a declaration decorates."""
    raise NotImplementedError(case)


@dataclass(frozen=True, kw_only=True)
class process(Process):  # noqa: N801  a decorator
    """Makes a plain function a process, registered under `code`, and a flow whose one parameter is its form."""

    may_decide: Callable[[Work, Question[Any], Answer], Problem | None] = may_decide
    function: Callable[[Case], Closing] = undecorated

    def __call__(self, function: Callable[[Case], Closing]) -> Flow[..., Any]:
        """Make the flow of a process function; ValueError where another one has the code."""
        known = PROCESSES.get(self.code)
        if known and not same_code(known.function, function):
            raise ValueError(f"{self.code} is the code of {known.title} already")
        PROCESSES[self.code] = made = replace(self, function=function)

        def run(given: Any) -> State[Any]:
            from tasks.runs.leg import run_case  # what a leg needs is not needed to import a process

            return run_case(made, given)

        return form_flow(function, self.title, run, self.parameter, self.request)


def variant(of: str, **changed: Any) -> process:
    """Make a plain function a process that differs from another one only in what is named here."""
    like = PROCESSES[of]
    own = {field.name: getattr(like, field.name) for field in fields(like)}
    return process(**own | changed | {"family": (of, *like.family)})
