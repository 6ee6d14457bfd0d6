"""What may interrupt a process function; none of it is a fault.

Withdrawn   the applicant or a supervisor took the case back; what was done is undone
TimedOut    a question's time ran out; a process may catch it as a named outcome, else all is undone
Wait        questions are open; a process never sees past it
Moved       another leg moved the case meanwhile; it is loaded again and replayed
"""

from dataclasses import dataclass


@dataclass(eq=False)
class Withdrawn(Exception):
    """The case was taken back by somebody, for a reason."""

    by: str
    reason: str


@dataclass(eq=False)
class TimedOut(Exception):
    """Nobody answered the question `key` in time."""

    key: str


class Wait(Exception):
    """The case waits for an answer."""


class Moved(Exception):
    """The case's ledger grew under another leg."""
