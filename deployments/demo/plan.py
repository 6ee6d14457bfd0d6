"""How the demo's stories are told: an application, its first mistakes, what staff do, its ending."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.processes.parts_application import PartsEnding
from schemas.words import Ending


@dataclass(frozen=True)
class TakeBack:
    """An attempt to withdraw a case through the deployment 撤回申报; `refused` is why it must fail."""

    staff: str
    reason: str
    refused: str = ""


@dataclass(frozen=True)
class Act:
    """What somebody does at a gate.

    fields    what differs from the pre-filled form; lists are told by line: {2: {"数量": 3}}
    staff     who signs; empty: somebody who holds the role and may decide
    refused   the answer must come back, and the next form must hold this text
    twice     a colleague sends the same answer in the same moment
    withdraw  instead of an answer, attempts to take the case back
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    staff: str = ""
    refused: str = ""
    twice: bool = False
    withdraw: tuple[TakeBack, ...] = ()


def say(staff: str = "", refused: str = "", twice: bool = False, **fields: Any) -> Act:
    """Answer a gate."""
    return Act(fields, staff, refused, twice)


def take_back(*attempts: TakeBack) -> Act:
    """Withdraw the case instead of answering."""
    return Act(withdraw=attempts)


@dataclass(frozen=True)
class Slip:
    """A mistake in the sheet as it is first sent: what stands in a cell of a line, and why it comes back."""

    line: int
    heading: str
    written: object
    reason: str


Line = tuple[str, float, str]  # part, quantity, reason


@dataclass(frozen=True)
class Story:
    """One application: `key` is the office's own number on the sheet, `slips` its first mistakes."""

    key: str
    title: str
    office: str
    applicant: str
    order: str
    lines: Sequence[Line]
    acts: Mapping[str, Sequence[Act]] = field(default_factory=dict)
    ending: Ending = PartsEnding.DELIVERED
    urgency: str = "普通"
    slips: Sequence[Slip] = ()
