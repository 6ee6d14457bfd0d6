"""`@process`: register a process function and make it the Prefect flow that staff see."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from prefect.flows import Flow
from sqlalchemy import Connection

from schemas.forms.base import Form
from schemas.problems import Problem
from schemas.shapes import LineTable
from schemas.words import Channel, Ending
from tasks.durable.process import PROCESSES, Case, Closing, Process
from tasks.durable.question import Answer
from tasks.people.rights import may_decide
from tasks.runs.flow import as_flow
from tasks.unit.unit import Unit
from tasks.unit.work import Work


def process(
    *,
    code: str,
    title: str,
    chain: str,
    request: type[Form],
    parameter: str,
    endings: type[Ending],
    accept: Callable[[Any, Unit, Channel], tuple[Mapping[str, Any], Sequence[Problem]]],
    begin: Callable[[Any, Work], None],
    end: Callable[[Work], None],
    lines: Callable[[Connection, int], LineTable],
    may_withdraw: Callable[[Work, Answer], Problem | None],
    returns: Mapping[str, str] | None = None,
    version: int = 1,
) -> Callable[[Callable[[Case], Closing]], Flow[..., Any]]:
    """Make a plain function a process: registered under `code`, and a flow whose one parameter is its form.

    `chain` is its arrow chain, "办事处申报 → 审核修正 → …"; `parameter` the label of the form in the UI; `version`
    is kept on each case as it is opened. The rest is as `Process` says.
    """

    def decorate(function: Callable[[Case], Closing]) -> Flow[..., Any]:
        links = tuple(link.strip() for link in chain.split("→"))
        PROCESSES[code] = made = Process(
            code, title, function, request, links, endings, accept, begin, end, lines, may_decide, may_withdraw,
            parameter, version, returns or {},
        )  # fmt: skip
        return as_flow(made)

    return decorate


def variant(
    of: str, *, code: str, title: str, chain: str, **changed: Any
) -> Callable[[Callable[[Case], Closing]], Flow[..., Any]]:
    """Make a plain function a process that differs from another one only in its chain and in what is named here."""

    def decorate(function: Callable[[Case], Closing]) -> Flow[..., Any]:
        like = PROCESSES[of]
        family, links = (of, *like.family), tuple(link.strip() for link in chain.split("→"))
        PROCESSES[code] = made = replace(
            like, code=code, title=title, chain=links, function=function, family=family, **changed
        )
        return as_flow(made)

    return decorate
