"""Taking an application back 撤回申报 (DOMAIN, "What every case has")."""

from typing import Any

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import Field

import flows.parts_application  # noqa: F401  a withdrawn case is undone, so its process must be known
from schemas.forms.cases import Withdrawal
from schemas.problems import BadInput, NotFound
from schemas.words import Channel
from tasks.durable import database
from tasks.runs.withdraw import read_withdrawal
from tasks.runs.withdraw import withdraw as take_back


@flow(name="撤回申报", retries=0, persist_result=False, validate_parameters=False)
def withdraw(撤回单: Withdrawal = Field()) -> State[Any]:  # noqa: B008, N803  required, yet none is answered too
    """撤回申报 Take an application back: which case, who, and why."""
    try:
        form = read_withdrawal(撤回单)
        outcome = take_back(database.current(), form.number, form.staff, form.reason, Channel.PREFECT)
    except (BadInput, NotFound) as wrong:
        return _ended("未受理", str(wrong))
    if not outcome.reply.accepted:
        return _ended("未受理", "\n".join(map(str, outcome.reply.problems)))
    return _ended("已撤回", f"{outcome.number} 已撤回 is withdrawn: {form.reason}")


def _ended(name: str, message: str) -> State[Any]:
    """End the run under a name that says what became of the request, and show why."""
    text = "  \n".join([f"### {name}", *message.splitlines()])
    create_markdown_artifact(text, key="withdrawal", description="撤回申报 Withdrawal")
    return Completed(name=name, message=message)
