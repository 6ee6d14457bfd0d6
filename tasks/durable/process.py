"""A process: its chain as a plain function, its words, and what must hold before a case of it is made."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from sqlalchemy import Connection

from schemas.answers import Answer
from schemas.forms.base import Form
from schemas.problems import Problem
from schemas.shapes import LineTable, LinkWait
from schemas.tables import letter, service_case, work_item
from schemas.words import Channel, Ending, EntryKind, ItemState
from tasks.durable.question import Question
from tasks.durable.step import step
from tasks.unit.unit import Unit
from tasks.unit.work import Work

if TYPE_CHECKING:
    from tasks.durable.replay import Replay

F = TypeVar("F", bound=Form)
MUST_END_AS = ("withdrawn", "timed_out")  # words that the core closes cases with


@dataclass(frozen=True, kw_only=True)
class Process:
    """A process as `@process` declares it.

    title       the flow's name in the UI; parameter: its form's label there
    chain       its arrow chain, "办事处申报 → 审核修正 → …"; a case stands at one of the links; waits: for whom there
    returns     from a link a case may go back as far as to another: {"审核修正": "办事处申报"}
    endings     its ways to end; "withdrawn" and "timed_out" are among them
    accept      (form, unit, channel) → what we know of the case, and what is wrong with the application
    begin, end  rows that a new case starts with, and what becomes of them when it closes
    lines       what staff see of its lines
    may_decide, may_withdraw   why somebody may not, or None; kept: people may never withdraw it
    version     kept on each case as it is opened
    family      the processes that it is a variant of, the nearest first: their terms and standards are its own
    """

    code: str
    title: str
    chain: str
    request: type[Form]
    parameter: str
    endings: type[Ending]
    accept: Callable[[Any, Unit, Channel], tuple[Mapping[str, Any], Sequence[Problem]]]
    begin: Callable[[Any, Work], None]
    end: Callable[[Work], None]
    lines: Callable[[Connection, int], LineTable]
    may_withdraw: Callable[[Work, Answer], Problem | None]
    may_decide: Callable[[Work, Question[Any], Answer], Problem | None]
    function: Callable[["Case"], "Closing"]
    returns: Mapping[str, str] = field(default_factory=dict)
    waits: Mapping[str, LinkWait] = field(default_factory=dict)
    kept: bool = False
    version: int = 1
    family: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a declaration that would fail only when a case comes to it."""
        words = {ending.value for ending in self.endings}
        if missing := [word for word in MUST_END_AS if word not in words]:
            raise ValueError(f"{self.code}: its endings lack {', '.join(missing)}")
        if unknown := {*self.returns, *self.returns.values(), *self.waits} - {*self.links}:
            raise ValueError(f"{self.code}: no link of its chain: {', '.join(sorted(unknown))}")

    @cached_property
    def links(self) -> list[str]:
        """The links of the chain, in order."""
        return [link.strip() for link in self.chain.split("→")]

    def may_go(self, here: str, there: str) -> bool:
        """Say whether a case may go from one link to another: on along the chain, or back as far as it says."""
        links, back = self.links, self.returns.get(here, here)
        return here == there or (there in links and back in links and links.index(there) >= links.index(back))


PROCESSES: dict[str, Process] = {}
CLOSE, TELL_PARENT = "close", "tell-parent"  # keys of steps


class Closing(NamedTuple):
    """How a process function ends; `undo`: what the case still holds is undone first, as on a withdrawal.

    `told`: what else the case that waits for this one must know.
    """

    ending: Ending
    reason: str = ""
    undo: bool = False
    told: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Case:
    """What a process function sees of a case: immutable, the same in every replay."""

    replay: "Replay"
    id: int
    version: int
    request: Any


def ask(case: Case, question: Question[F]) -> F:
    """Ask one question; gives the accepted answer. Raises Withdrawn or TimedOut where that was the answer."""
    answer: F = case.replay.ask(question)[1]
    return answer


def ask_first(case: Case, *questions: Question[Any]) -> tuple[Question[Any], Any]:
    """Keep several questions open at once; gives the one that was answered first with its answer."""
    return case.replay.ask(*questions)


def answered_at(case: Case, key: str) -> datetime:
    """Give the moment at which a question was answered, the same in every replay."""
    return case.replay.file.recorded[key].finished_at


@step("结案")
def close(work: Work, ending: Ending, reason: str, told: Mapping[str, Any]) -> str:
    """Close the case: it ends, nothing of it waits any more, and the case that waits for it is told."""
    case, now = work.case, {"closed_at": work.now}
    gone = {"step": ending.zh, "holder": None, "due_at": None, "ready_at": None}
    work.update(service_case, {"id": case.id}, ending=ending, ending_reason=reason, **gone, **now)
    open_items = {"case_id": case.id, "state": ItemState.OPEN.value}
    work.update(work_item, open_items, state=ItemState.DROPPED, **now)
    PROCESSES[case.process].end(work)
    if case.parent_id and TELL_PARENT not in work.keys:
        write_to_parent(work, ending, reason, told)
    return ending.value


def write_to_parent(work: Work, ending: Ending, reason: str, told: Mapping[str, Any]) -> None:
    """Write to the case that waits for this one how it ends; that of a case that people opened is case-<id>."""
    case = work.case
    key = case.origin.rpartition(":")[2] if case.origin.startswith("case:") else f"case-{case.id}"
    body = {"number": case.number, "ending": ending.value, "good": ending.good, "reason": reason, "told": dict(told)}
    to = {"case_id": case.parent_id, "key": key, "kind": EntryKind.DECISION}
    work.insert(letter, **to, body=body, sent_at=work.now)
