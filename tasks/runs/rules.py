"""Which run shows what of a case, and how jobs read and word what they are about; pure."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar
from uuid import UUID

from schemas.words import ItemState, Role
from tasks.desk.rules import plain
from tasks.desk.views import ItemView

MOST_FAULTS = 50  # shown
WAITING = "待办"  # begins the tags of whoever is waited for
TAKEN_OVER = "已转主单"  # the case's own run goes on with the item


class ItemRun(NamedTuple):
    """A work item and the run that shows it beside the case's own."""

    key: str
    role: Role
    state: ItemState
    refusals: int
    overdue: bool
    run_id: UUID | None


I = TypeVar("I", bound=ItemRun | ItemView)  # noqa: E741


def own_item(kept: str | None, items: Sequence[I]) -> I | None:
    """Choose which of a case's open items, by due time, its own run shows; it showed `kept` until now.

    The engineer's goes before all: nothing else can be answered until it is. Else the run keeps its item while that
    is open, and then takes one that no run shows yet, else the first that is due. What no person answers comes last.
    """
    asked = [item for item in items if item.role != Role.SYSTEM] or items
    engineers = [item for item in asked if item.role == Role.ENGINEER]
    same = [item for item in asked if item.key == kept]
    unshown = [item for item in asked if item.run_id is None]
    return next(iter([*engineers, *same, *unshown, *asked]), None)


def items_beside(own: I | None, items: Sequence[I]) -> list[I]:
    """Choose the open items that have a run of their own; while an engineer is waited for, no new ones."""
    asked = [item for item in items if item.role != Role.SYSTEM and item is not own]
    stuck = own is not None and own.role == Role.ENGINEER
    return [item for item in asked if item.run_id is not None or not stuck]


def tags_when_over(tags: Iterable[str], word: str) -> list[str]:
    """Tag the run of an item that is over: nobody is waited for any more."""
    return [*(tag for tag in tags if not tag.startswith(WAITING) and tag != word), word]


def faults_page(message: str, faults: Sequence[tuple[str, str]]) -> str:
    """Write a page of what could not go on: (number, why) each, the first of them."""
    rows = [f"| {plain(number)} | {plain(fault)} |" for number, fault in faults[:MOST_FAULTS]]
    table = ["", "| 单号 Case | 故障 Fault |", "|---|---|", *rows] if rows else []
    more = [f"\n… 共 {len(faults)} 项 in all"] if len(faults) > len(rows) else []
    return "\n".join([f"### {plain(message)}", *table, *more])
