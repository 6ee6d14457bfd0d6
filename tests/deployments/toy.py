"""A flow with one gate, only to prove the worker: it is asked, suspends, and counts how often it ran."""

import os
from enum import StrEnum
from pathlib import Path

from prefect import flow, get_client
from prefect.context import FlowRunContext
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from pydantic import BaseModel, ConfigDict, Field

from tests.waiting import wait_until

NEVER = 600.0  # seconds that a flow waits for its file: longer than any test


class Verdict(StrEnum):
    """What the decider may answer."""

    PASS = "通过"
    REJECT = "退回"


class ToyRequest(BaseModel):
    """The run form."""

    model_config = ConfigDict(populate_by_name=True)

    office: str = Field(alias="办事处", title="办事处", json_schema_extra={"position": 0})
    until: str = Field(default="", alias="等到", title="等到", json_schema_extra={"position": 1})  # a file is there


class ToyDecision(RunInput):
    """The gate's form."""

    model_config = ConfigDict(populate_by_name=True)

    verdict: Verdict = Field(alias="审核结论", title="审核结论")
    remark: str = Field(default="", alias="备注", title="备注")


ToyDecision._description = "**请审核** please review"


@flow(name="toy-case")
def toy_case(申报单: ToyRequest) -> None:  # noqa: N803 - the form's label is the parameter's name
    """Ask once, then say in the run's name what was answered."""
    wait_until(Path(申报单.until).exists, seconds=NEVER)
    decision = suspend_flow_run(wait_for_input=ToyDecision, key="review-1-1")
    context = FlowRunContext.get()
    assert context is not None
    assert context.flow_run is not None
    read = f"{申报单.office} {decision.verdict} {decision.remark} {context.flow_run.labels.get('case_no')}"
    with get_client(sync_client=True) as client:
        client.update_flow_run(context.flow_run.id, name=f"{context.flow_run.name} · {read}")


@flow(name="toy-broken")
def toy_broken() -> None:
    """Fail."""
    raise ValueError("broken on purpose")


@flow(name="toy-apart")
def toy_apart(until: str = "") -> None:
    """Say in the run's name in which process it runs, and end when a file is there."""
    context = FlowRunContext.get()
    assert context is not None
    assert context.flow_run is not None
    with get_client(sync_client=True) as client:
        client.update_flow_run(context.flow_run.id, name=f"{os.getpid()} of {os.getppid()}")
    wait_until(Path(until).exists, seconds=NEVER)
