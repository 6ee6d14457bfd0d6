"""What may interrupt a process function; none of it is a fault."""

from dataclasses import dataclass


@dataclass(eq=False)
class Withdrawn(Exception):
    """The applicant or a supervisor took the case back, for a reason; what was done is undone."""

    by: str
    reason: str


@dataclass(eq=False)
class TimedOut(Exception):
    """Nobody answered the question `key` in time; a process may catch it as a named outcome, else all is undone."""

    key: str


class Wait(Exception):
    """Questions are open; a process never sees past it."""


class Moved(Exception):
    """Another leg moved the case meanwhile; it is loaded again and replayed."""
