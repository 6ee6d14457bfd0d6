"""The Prefect run of a case (law 5, interactive): legs, gates as resume dialogs, names, tags and the case sheet."""

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any

from prefect import Task, suspend_flow_run
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import FlowRun, State
from prefect.context import FlowRunContext
from prefect.states import Completed
from sqlalchemy import Engine

from schemas.problems import BadInput, ProcessChanged
from schemas.states import Channel
from tasks.desk.gate_form import RawInput, draft_input, gate_input
from tasks.desk.show import show_case, show_draft
from tasks.durable import database, queries
from tasks.durable.engine import ProcessDefinition, advance, open_case
from tasks.durable.queries import Entry
from tasks.durable.question import Answer
from tasks.durable.signals import Moved


def run_case(definition: ProcessDefinition, given: Any) -> State[Any]:
    """Open the case of this run or go on with it; suspend at its next gate, or end with its ending."""
    db, run = database.current(), _this_run()
    case_id = _case_of(db, run) or _open(db, definition, run, given)
    answer: Answer | None = None
    while True:
        try:
            outcome = advance(db, case_id, answer, run_step=as_task, run_id=run.id)
        except ProcessChanged:
            pass  # the engineer's work item is the next gate
        else:
            if outcome.closed:
                case = show_case(db, case_id, run).case
                name = case.ending.zh if case.ending else None
                return Completed(name=name, message=case.ending_reason or "已结案")
        form = gate_input(show_case(db, case_id, run))
        given = suspend_flow_run(wait_for_input=form, key=form.key)
        answer = Answer(form.item_key, given.values(), Channel.PREFECT)


def as_task(title: str, act: Callable[[], Sequence[Entry]]) -> Sequence[Entry]:
    """Show a step as a Prefect task run; the ledger, not Prefect, remembers its result."""

    def run() -> Sequence[Entry] | Moved:
        try:
            return act()
        except Moved as moved:  # not a fault: the case is loaded again and replayed
            return moved

    result = Task(run, name=title, task_run_name=title, cache_policy=NO_CACHE, persist_result=False, retries=0)()
    if isinstance(result, Moved):
        raise result
    return result


def _this_run() -> FlowRun:
    context = FlowRunContext.get()
    assert context is not None and context.flow_run is not None, "a case run is started by Prefect"
    return context.flow_run


def _case_of(db: Engine, run: FlowRun) -> int | None:
    """Find the case that this run shows: by the label we made it with, else by its origin."""
    with db.connect() as connection:
        number = run.labels.get("case_no")
        if number and run.idempotency_key and run.idempotency_key.startswith(f"{number}/"):
            return queries.case_id_by_number(connection, str(number))
        made = queries.case_by_origin(connection, f"run:{run.id}")
        return made.id if made else None


def _open(db: Engine, definition: ProcessDefinition, run: FlowRun, given: Any) -> int:
    """Accept the application; a wrong one comes back as a pre-filled draft as often as needed."""
    for attempt in count(1):
        try:
            data: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
            opened = open_case(db, definition.code, data, f"run:{run.id}", Channel.PREFECT)
        except BadInput as wrong:
            form = draft_input(definition, data, wrong.problems, attempt)
            show_draft(definition.title, run)
            answer: RawInput = suspend_flow_run(wait_for_input=form, key=form.key)
            given = answer.values()
        else:
            with db.begin() as connection:
                queries.note_run(connection, opened.case_id, run.id, generation=0, seq=-1)
            return opened.case_id
    raise AssertionError("unreachable")
