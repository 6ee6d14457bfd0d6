"""What may interrupt a process function.

Signal
├── Withdrawn   the applicant or a supervisor took the case back; `@process` undoes what was done
├── TimedOut    a question's time ran out; a process may catch it as a named outcome, else it is undone
├── Wait        questions are open; the engine's own, a process never sees past it
└── Moved       another leg moved the case meanwhile; the engine loads it again and replays
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tasks.durable.question import Question


class Signal(Exception):
    """The root of all interruptions; none of them is a fault."""


class Withdrawn(Signal):
    """The case was taken back."""

    def __init__(self, by: str, reason: str) -> None:
        super().__init__(reason)
        self.by, self.reason = by, reason


class TimedOut(Signal):
    """Nobody answered a question in time."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class Wait(Signal):
    """The case waits for the answer to one of these questions."""

    def __init__(self, questions: Sequence["Question[Any]"]) -> None:
        super().__init__(", ".join(question.key for question in questions))
        self.questions = questions


class Moved(Signal):
    """The case's ledger grew under another leg."""
