"""What the doors bring to cases, and what they hear back: answers, applications, and what became of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from schemas.forms.base import signer
from schemas.forms.fields import STAFF
from schemas.problems import Problem, printable
from schemas.words import Channel, EntryKind

LONGEST_KEPT = 100_000  # characters of a refused answer; one of 200 lines, which a form may have, has 40,000


@dataclass(frozen=True)
class Answer:
    """What somebody sent: to the question `key`, or (kind withdrawn) to whatever waits.

    form    path of a form: without a key, the answer goes to the open question that asks for this form
    marks   ids of what it came from, such as rows of a sheet: sent again, it is known and not taken twice
    sent_at when another case wrote it, by which its term is judged (None: as soon as it is heard)
    """

    key: str
    data: Mapping[str, Any]
    channel: Channel
    kind: EntryKind = EntryKind.DECISION
    actor: str = ""
    form: str = ""
    marks: tuple[UUID, ...] = ()
    sent_at: datetime | None = None

    @property
    def by(self) -> str:
        """Who signs: the staff number on the form unless SYSTEM answers."""
        return self.actor or printable(signer(self.data))

    @property
    def kept(self) -> dict[str, Any]:
        """What is kept of it where it is refused: who signed, where it is longer than any form is filled in."""
        long = len(json.dumps(self.data, default=str)) > LONGEST_KEPT
        return {STAFF: self.by} if long else dict(self.data)


@dataclass(frozen=True)
class Reply:
    """What became of an answer to the work item `key`; not accepted means that nothing changed.

    repeated   it was taken before, by its marks
    """

    accepted: bool
    problems: Sequence[Problem] = ()
    repeated: bool = False
    key: str = ""


@dataclass(frozen=True)
class Turn:
    """A case and the answers that it is to hear, in order; without any it goes as far as it can."""

    case_id: int
    answers: Sequence[Answer] = ()


@dataclass(frozen=True)
class Result:
    """Where a case stands and what became of each answer; `fault`: it could not go on, the others did."""

    case_id: int
    number: str
    closed: bool
    replies: Sequence[Reply]
    fault: str = ""

    @property
    def reply(self) -> Reply:
        """What became of the only answer."""
        return self.replies[0]


@dataclass(frozen=True)
class Opened:
    """A case that exists now, or that an earlier sending of the same origin made."""

    case_id: int
    number: str
    new: bool
