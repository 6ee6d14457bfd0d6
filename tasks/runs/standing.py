"""Where a case stands and what its runs show: what differs is mended."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from prefect.client.schemas.objects import FlowRun, StateType
from sqlalchemy import Row

from schemas.words import ItemState
from tasks.desk.rules import OVERDUE
from tasks.desk.views import ItemView
from tasks.durable import clock
from tasks.runs.parking import waits_at
from tasks.runs.rules import ItemRun, items_beside, own_item

BEGUN = frozenset({StateType.RUNNING, StateType.PENDING})
LEG_STARTS_WITHIN = timedelta(seconds=30)  # a run that is Running or Pending longer, without a lease, is dead
Runs = Mapping[UUID | None, FlowRun]  # by id; those that are gone are missing


class Fit(Enum):
    """How a run fits an item: it waits there, a leg of it is on its way and will see to it, or neither."""

    RIGHT = "right"
    BUSY = "busy"
    WRONG = "wrong"


class Standing:
    """A case's own row, and those of its items that have a run or want one, by due time.

    own      the item that the case's own run shows; None where the case has work to do first, or is closed
    beside   the items that have runs of their own
    over     the items whose run must end: they are closed, or the case's own run shows them now
    run_ids  of all runs that show the case
    """

    def __init__(self, row: Row[Any], items: Sequence[ItemRun]) -> None:
        waiting = [item for item in items if item.state is ItemState.OPEN]
        self.row, self.own = row, own_item(row.run_item, waiting)
        self.beside = items_beside(self.own, waiting)
        self.over = [item for item in items if item.run_id and item not in self.beside]
        self.run_ids: list[UUID] = [*filter(None, [row.run_id, *(item.run_id for item in items)])]


def gate_key(item: ItemRun | ItemView) -> str:
    """Give the key under which Prefect asks for an item; after a refusal it is another one."""
    return f"{item.key}-{item.refusals}"


def item_of(gate: str) -> str:
    """Give the key of the item for which a gate asks."""
    return gate.rpartition("-")[0]


def is_draft(gate: str) -> bool:
    """Say whether a gate asks for an application that was wrong."""
    return gate.startswith("draft-")


def is_settled(case: Standing, runs: Runs) -> bool:
    """Say whether a case's runs show it as it stands, or a leg is on its way that will see to it."""
    shown, own = bool(case.row.run_seq == case.row.seq), fit(runs.get(case.row.run_id), case.own)
    if case.row.closed_at is not None:
        return shown or own is Fit.BUSY
    if case.own is None:
        return True  # there is work to do first
    beside = {fit(runs.get(item.run_id), item) for item in case.beside}
    fits = {own} | beside | {fit(runs.get(item.run_id), None) for item in case.over}
    return Fit.WRONG not in fits and (Fit.BUSY in fits or (shown and case.row.run_item == case.own.key))


def fit(run: FlowRun | None, item: ItemRun | None) -> Fit:
    """Say how a run fits an item; none that has ended or waits fits where there is no item for it."""
    if run and may_be_starting(run):
        return Fit.BUSY
    right = run and item and waits_at(run, gate_key(item)) and (OVERDUE in run.tags) == item.overdue
    return Fit.RIGHT if right else Fit.WRONG


def may_be_starting(run: FlowRun) -> bool:
    """Say whether a leg of this run may be on its way: scheduled, or begun a moment ago."""
    state = run.state
    if state is None or state.type == StateType.SCHEDULED:
        return True
    begun: datetime = state.timestamp
    return state.type in BEGUN and clock.of_machine() - begun < LEG_STARTS_WITHIN
