"""A leg of a case (law 5, interactive): from the answer to a gate, shown as a dialog, to the next gate or the end.

A case's own run goes from item to item until the case ends. An item that is open beside the one that this run shows
has a run of its own, made by the watch: its legs answer this item only, and it ends with it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from prefect import suspend_flow_run
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import Completed
from sqlalchemy import Engine

from schemas.answers import Answer
from schemas.problems import BadInput, ProcessChanged
from schemas.words import Channel, Role
from tasks.desk.queries import case_view
from tasks.desk.rules import run_name, run_tags, waiting_tag
from tasks.desk.views import CaseView, ItemView
from tasks.documents.queries import find_case
from tasks.durable import clock, database, queries
from tasks.durable.opening import open_case
from tasks.durable.process import Process
from tasks.durable.queries import Entry
from tasks.durable.signals import Moved
from tasks.durable.stage import Leg, advance
from tasks.privacy.rules import mask_text
from tasks.runs import parking
from tasks.runs.engine import recorded_once
from tasks.runs.flow import as_task, this_run
from tasks.runs.gate import RawInput, draft_input, gate_input
from tasks.runs.publish import PAGES
from tasks.runs.queries import item_state, note_own_run
from tasks.runs.rules import own_item
from tasks.runs.standing import gate_key, is_draft, item_of
from tasks.unit.reading import reading


def run_case(definition: Process, given: Any) -> State[Any]:
    """Open the case of this run or go on with it; suspend at the next gate, or end by how it ended."""
    db, run = database.current(), this_run()
    case_id = case_of(db, run) or _open(db, definition, run, given)
    return _CaseRun(db, run, case_id).go()


def case_of(db: Engine, run: FlowRun) -> int | None:
    """Find the case that this run shows: by the label we made it with, else by its origin; None where there is none.

    NotFound where it was made for a case that this database does not have.
    """
    with reading(db) as connection:
        if number := _label(run, "case_no", ""):
            return find_case(connection, number)
        origin = f"run:{run.id}"
        made = queries.cases_by_origin(connection, [origin]).get(origin)
        return made.id if made else None


def _label(run: FlowRun, name: str, before: str) -> str:
    """Read a label of a run that we made; its idempotency key, which nobody can type, proves that."""
    value = run.labels.get(name)
    ours = (run.idempotency_key or "").startswith(f"{before}{value}/")
    return str(value) if value and ours else ""


class _CaseRun:
    """The run of a case in which a leg goes; `beside` is the key of the item that the run shows, none for the case's own run."""

    def __init__(self, db: Engine, run: FlowRun, case_id: int) -> None:
        self.db, self.run, self.case_id = db, run, case_id
        self.beside = _label(run, "item", f"{run.labels.get('case_no')}/")
        self.heard = set[str]()  # gates whose answer this leg has taken
        self.said = ""  # why the last answer was refused

    def go(self) -> State[Any]:
        """Advance the case and suspend at this run's item, or end with what it shows."""
        view = self._begin()
        while view.case.ending is None:
            item = self._item(view)
            if self.beside and item is None:
                break
            given = wait_at(self.run, gate_input(view, item), self.heard) if item else {}
            # without an answer where another leg has moved the case on meanwhile
            view = self._go_on(Answer(item.key, given, Channel.PREFECT) if item else None)
        return self._ended(view)

    def _begin(self) -> CaseView:
        """Say where the case stands as a leg begins: at the gate that was answered, else as far as it goes."""
        with reading(self.db) as connection:
            view = case_view(connection, self.case_id)
        item, asked = self._item(view), self.run.empirical_policy.pause_keys or set()
        if item and gate_key(item) in asked:
            return view
        view = self._go_on(None)
        late = self._late_answer(view) if asked else None
        return self._go_on(late) if late else view

    def _item(self, view: CaseView) -> ItemView | None:
        """Find the open item that this run shows."""
        if self.beside:
            return next((item for item in view.items if item.key == self.beside), None)
        return own_item(view.case.run_item, view.items)

    def _go_on(self, answer: Answer | None) -> CaseView:
        """Advance the case as far as it goes and show where it stands; a changed process asks an engineer."""
        try:
            reply = advance(self.db, self.case_id, answer, Leg(self.db, as_step, self.run.id)).reply
            self.said = "" if reply.accepted else "\n".join(map(str, reply.problems))
        except ProcessChanged:
            if self.beside:
                raise  # the case's own run shows the engineer's item; the answer to this one is kept till that is done
        return self._show(anew=answer is not None)

    def _late_answer(self, view: CaseView) -> Answer | None:
        """Find what was answered in this run to a gate that is not the next one: others moved the case on."""
        with parking.prefect_client() as client:
            key = parking.last_gate(client, self.run.id)
            given = parking.held_answer(client, self.run.id, key)
        if given is None or is_draft(key):
            return None
        item_key = item_of(key)
        for item in view.items:
            if item.key == item_key:  # a refusal elsewhere gave it a new key
                given = gate_input(view, item)(**given).values()
        return Answer(item_key, given, Channel.PREFECT)

    def _show(self, anew: bool) -> CaseView:
        """Bring name, tags and case sheet up to date where they are not; gives the view behind them.

        `anew` where something may have happened that left the ledger as it was, such as a refusal. What other runs
        show is the watch's, and so is the end of an item beside and of a case.
        """
        with reading(self.db) as connection:
            view = case_view(connection, self.case_id)
        item, run = self._item(view), self.run
        if self.beside and item is None:
            return view
        renamed = parking.rename(run, run_name(view, item), run_tags(view, item))
        if not (anew or renamed) and view.case.run_seq == view.case.seq:
            return view
        items = [one._replace(run_id=run.id) if one is item else one for one in view.items]
        PAGES.publish_case(replace(view, items=items), (self.beside and view.case.run_id) or run.id)
        if not self.beside and view.case.closed_at is None:
            with self.db.begin() as connection:
                note_own_run(connection, self.case_id, run.id, item.key if item else None, view.case.seq)
        return view

    def _ended(self, view: CaseView) -> State[Any]:
        """End the run by the name of the case's ending, one beside by what became of its item."""
        if not self.beside and view.case.ending:
            reason = mask_text(view.case.ending_reason, view.case)
            return Completed(name=view.case.ending.zh, message=reason or "已结案")
        with reading(self.db) as connection:
            became = item_state(connection, self.case_id, self.beside)
        return Completed(name=became.zh, message=mask_text(self.said, view.case) or became.option)


def as_step(title: str, act: Callable[[], Sequence[Entry]]) -> Sequence[Entry]:
    """Show a step as a Prefect task run; the ledger, not Prefect, remembers its result."""

    def run() -> Sequence[Entry] | Moved:
        try:
            return act()
        except Moved as moved:  # not a fault: the case is loaded again and replayed
            return moved

    with recorded_once():
        result = as_task(title, run)
    if isinstance(result, Moved):
        raise result
    return result


def _open(db: Engine, definition: Process, run: FlowRun, given: Any) -> int:
    """Accept the application; a wrong one comes back as a pre-filled draft as often as needed."""
    received = min(run.created or clock.now(), clock.now())
    for attempt in count(1):
        data: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
        try:
            how = {"run_id": run.id, "opened_at": received}
            return open_case(db, definition.code, data, f"run:{run.id}", Channel.PREFECT, **how).case_id
        except BadInput as wrong:
            form = draft_input(definition, data, wrong.problems, attempt)
            tags = [definition.title, "草稿", waiting_tag(Role.OFFICE)]
            parking.rename(run, f"草稿 draft · {definition.title}", tags)
            given, received = wait_at(run, form, set()), clock.now()
    raise AssertionError("unreachable")


def wait_at(run: FlowRun, form: type[RawInput], heard: set[str]) -> dict[str, Any]:
    """Give the answer to a gate, or suspend there; its dialog is stored before, so that nobody can meet the gate without it.

    Where its answer is among those `heard`, yet is asked for still, another one is asked for. A run that was retried
    has forgotten its gates, but not their answers.
    """
    asked = form.key in (run.empirical_policy.pause_keys or ())
    if form.key in heard or asked or not parking.store_form(run.id, form.key, form):
        with parking.prefect_client() as client:
            given = None if form.key in heard else parking.held_answer(client, run.id, form.key)
        if given is not None:
            heard.add(form.key)
            return form(**given).values()
        parking.ask_again(run.id, form.key, form)
    suspend_flow_run(wait_for_input=form, key=form.key)
    raise AssertionError("unreachable: Prefect pauses here")
