"""What a process asks of a person or of the outside world."""

import re
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from schemas.answers import Answer
from schemas.forms.base import Form, form_path
from schemas.problems import Problem
from schemas.shapes import Reminder
from schemas.words import EntryKind, Role
from tasks.unit.work import Work

F = TypeVar("F", bound=Form)
KEY = re.compile("[a-z0-9-]+")


# not frozen, which takes five times as long: a replay makes all its questions anew
@dataclass(eq=False)
class Question(Generic[F]):
    """A gate (a person decides) or an event (the outside world reports): becomes one work item.

    key      [a-z0-9-]+, unique in the case; a loop turn is part of it: "review-2"
    link     the link of the chain where the case stands meanwhile, by default the one of its title
    also     another role that may answer; line: the case's line that it is about; office: whose, else the case's own
    brief    what the decider must see, in lines of markdown; prefill: what the form begins with. Both are made
             when the item is opened, not in every replay
    due      gives the due time in UTC when the item is opened
    check    finds what is wrong with an answer beyond its shape; runs under the case's lock
    record   writes rows that must stand or fall with the decision, in its transaction
    barred   staff codes that may not decide: the applicant and earlier approvers of the case
    expires  when SYSTEM answers with a time-out (None: never)
    remind   reminders and escalations, each sent once by the deadline watch
    covers   says whether an answer that names no question may be meant for this one rather than for its like
    """

    key: str
    title: str
    role: Role
    form: type[F]
    due: Callable[[Work], datetime]
    link: str = ""
    also: Role | None = None
    unit: str | None = None
    office: str | None = None
    line: int | None = None
    brief: Callable[[], Sequence[str]] = list
    prefill: Callable[[], Mapping[str, Any]] = dict
    check: Callable[[F, Work], Sequence[Problem]] | None = None
    record: Callable[[F, Work], None] | None = None
    barred: Set[str] = frozenset()
    expires: Callable[[Work], datetime] | None = None
    remind: Callable[[Work, datetime], Sequence[Reminder]] | None = None
    covers: Callable[[Mapping[str, Any]], bool] = lambda _data: True

    def __post_init__(self) -> None:
        """Refuse a key that Prefect would refuse only after the run is suspended."""
        if not KEY.fullmatch(self.key):
            raise ValueError(f"a question's key is made of a-z, 0-9 and -, not {self.key!r}")
        self.link = self.link or self.title

    def takes(self, answer: Answer) -> bool:
        """Say whether an answer is meant for this question."""
        meant = self.key == answer.key if answer.key else form_path(self.form) == answer.form
        return meant or answer.kind == EntryKind.WITHDRAWN
