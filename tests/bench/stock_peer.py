"""The peer of `tests.bench.interactive`: the same chain as a stock Prefect flow, run by a stock process worker.

Eleven tasks whose results are persisted, so that those before a gate are not done again when the flow starts anew
behind it; six suspensions with an input. It writes the rows that `peer_steps` describes, one transaction a task.
"""

import os
from collections.abc import Callable
from typing import Any

from prefect import flow, suspend_flow_run, task
from prefect.input import RunInput
from sqlalchemy import create_engine

from tests.bench import peer_steps
from tests.bench.load import UNITS
from tests.bench.peer_steps import Books, Genuine, Row

engine = create_engine(os.environ.get("AFTERSALES_DATABASE_URL", "postgresql+psycopg://"))  # deploying needs none


class Answered(RunInput):
    """What a person says at a gate."""

    form: dict[str, Any]


@task(persist_result=True)
def do(step: str, n: int, case_id: int, answer: Row | None = None) -> Any:
    """Do one step of case `n` in one transaction."""
    act: Callable[..., Any] = getattr(peer_steps, step)
    with engine.begin() as connection:
        peer_steps.genuine[:] = [Genuine(connection, n % len(UNITS))]
        return act(Books(connection, n, case_id), *([answer] if answer else []))


def ask(gate: str) -> Row:
    """Suspend until somebody has answered."""
    answered: Answered = suspend_flow_run(wait_for_input=Answered, key=gate, timeout=None)
    return answered.form


@flow(persist_result=True)
def stock_parts_application(n: int) -> None:
    """Play one application from its submission to the pickup."""
    case_id: int = do("register", n, 0)
    do("review", n, case_id, ask("review"))
    do("enter_order", n, case_id)
    do("confirm_cycle", n, case_id)
    do("confirm_plan", n, case_id, ask("plan"))
    do("place_production", n, case_id)
    do("record_production", n, case_id, ask("produce"))
    do("book_goods_in", n, case_id, ask("goods-in"))
    do("release_goods", n, case_id, ask("goods-out"))
    do("dispatch_goods", n, case_id)
    do("confirm_receipt", n, case_id, ask("pickup"))
