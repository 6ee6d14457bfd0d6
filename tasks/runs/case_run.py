"""The Prefect run of a case (law 5, interactive): legs, gates as dialogs, name, tags and case sheet."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import count
from typing import Any

from prefect import Task, get_client, suspend_flow_run
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import FlowRun, State
from prefect.context import FlowRunContext
from prefect.states import Completed
from sqlalchemy import Engine

from schemas.problems import BadInput, ProcessChanged
from schemas.words import Channel
from tasks.desk.queries import case_view
from tasks.desk.views import CaseView
from tasks.durable import database, queries
from tasks.durable.opening import open_case
from tasks.durable.process import Process
from tasks.durable.queries import Entry
from tasks.durable.question import Answer
from tasks.durable.signals import Moved
from tasks.durable.stage import advance
from tasks.runs import parking
from tasks.runs.gate import RawInput, draft_input, gate_input, gate_key
from tasks.runs.show import show_case, show_draft


def run_case(definition: Process, given: Any) -> State[Any]:
    """Open the case of this run or go on with it; suspend at its next gate, or end with its ending."""
    db, run = database.current(), _this_run()
    case_id = case_of(db, run) or _open(db, definition, run, given)
    view = _begin(db, case_id, run)
    while view.case.ending is None:
        answer = None
        if view.items:  # none where another leg has moved the case on meanwhile
            form = gate_input(view)
            answer = Answer(form.item_key, _wait(run, form).values(), Channel.PREFECT)
        view = _go_on(db, case_id, answer, run)
    return Completed(name=view.case.ending.zh, message=view.case.ending_reason or "已结案")


def _begin(db: Engine, case_id: int, run: FlowRun) -> CaseView:
    """Say where the case stands as a leg begins: at the gate that was answered, else as far as it goes."""
    with db.connect() as connection:
        view = case_view(connection, case_id)
    asked = run.empirical_policy.pause_keys or set()
    if view.items and gate_key(view.items[0]) in asked:
        return view
    view = _go_on(db, case_id, None, run)
    late = _late_answer(run, view) if asked else None
    return _go_on(db, case_id, late, run) if late else view


def _go_on(db: Engine, case_id: int, answer: Answer | None, run: FlowRun) -> CaseView:
    """Advance the case as far as it goes and show where it stands; a changed process asks an engineer."""
    with suppress(ProcessChanged):
        advance(db, case_id, answer, run_step=as_task, run_id=run.id)
    return show_case(db, case_id, run, anew=answer is not None)


def _wait(run: FlowRun, form: type[RawInput]) -> RawInput:
    """Suspend at a gate; its dialog is stored before, so that nobody can meet the gate without it."""
    if form.key not in (run.empirical_policy.pause_keys or ()):
        parking.store_form(run.id, form.key, form)
        form.is_stored = True
    answer: RawInput = suspend_flow_run(wait_for_input=form, key=form.key)
    return answer


def _late_answer(run: FlowRun, view: CaseView) -> Answer | None:
    """Find what was answered in this run to a gate that is not the next one: others moved the case on."""
    with get_client(sync_client=True) as client:
        states = [state for state in client.read_flow_run_states(run.id) if state.is_paused()]
        key = max(states, key=lambda state: state.timestamp).state_details.pause_key if states else None
        found = client.filter_flow_run_input(run.id, f"suspended-{key}-response", limit=1, exclude_keys=set())
    if not found or str(key).startswith("draft-"):
        return None
    item_key, given = str(key).rpartition("-")[0], found[0].decoded_value
    for item in view.items:
        if item.key == item_key:  # a refusal elsewhere gave it a new key
            given = gate_input(view, item)(**given).values()
    return Answer(item_key, given, Channel.PREFECT)


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
    assert context is not None, "a case run is started by Prefect"
    assert context.flow_run is not None, "a case run is known to Prefect"
    return context.flow_run


def case_of(db: Engine, run: FlowRun) -> int | None:
    """Find the case that this run shows: by the label we made it with, else by its origin."""
    with db.connect() as connection:
        number = run.labels.get("case_no")
        if number and run.idempotency_key and run.idempotency_key.startswith(f"{number}/"):
            return queries.find_case(connection, str(number))
        origin = f"run:{run.id}"
        made = queries.cases_by_origin(connection, [origin]).get(origin)
        return made.id if made else None


def _open(db: Engine, definition: Process, run: FlowRun, given: Any) -> int:
    """Accept the application; a wrong one comes back as a pre-filled draft as often as needed."""
    for attempt in count(1):
        try:
            data: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
            return open_case(db, definition.code, data, f"run:{run.id}", Channel.PREFECT, run.id).case_id
        except BadInput as wrong:
            form = draft_input(definition, data, wrong.problems, attempt)
            show_draft(definition.title, run)
            given = _wait(run, form).values()
    raise AssertionError("unreachable")
