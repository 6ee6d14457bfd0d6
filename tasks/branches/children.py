"""Cases that talk by letters (law 7): one waits for another's ending, is told of it, or takes the other along."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from schemas.forms.cases import CaseEnded
from schemas.tables import letter
from schemas.words import Ending, EntryKind, Role
from tasks.branches.beside import Hearing
from tasks.cycle.terms import Remind
from tasks.durable.process import Case, ask, write_to_parent
from tasks.durable.question import Question
from tasks.durable.step import step
from tasks.unit.work import Work

# letters that no question is asked for have keys that begin so: of cases that people opened, of what customers said
OF_PEOPLE, OF_CUSTOMERS = "case-", "word-"


def child_question(
    key: str, title: str, due: Callable[[Work], datetime], link: str = "", remind: Remind | None = None
) -> Question[CaseEnded]:
    """Ask for the ending of the case that was opened under `key`, or by people as case-<id>."""
    return Question(key, title, Role.SYSTEM, CaseEnded, due, link, remind=remind)


def await_child(case: Case, key: str, title: str, due: Callable[[Work], datetime], link: str = "") -> CaseEnded:
    """Wait for the ending of the case that was opened under `key`."""
    return ask(case, child_question(key, title, due, link))


def ending_heard(key: str, title: str, due: Callable[[Work], datetime], link: str) -> Hearing[CaseEnded]:
    """Take the ending of whichever case people opened about this one, when it comes; nobody waits for that."""
    return Hearing(key, title, Role.SYSTEM, CaseEnded, due, link, letters=OF_PEOPLE)


def withdraw_child(work: Work, child: int, reason: str) -> None:
    """Take another case back, whatever it waits for: it reads the letter in its own time."""
    body = {"staff": Role.SYSTEM.value, "reason": reason}
    work.insert(letter, case_id=child, key=work.key, kind=EntryKind.WITHDRAWN, body=body, sent_at=work.now)


@step("告知来源单", link="")
def tell_parent(work: Work, ending: Ending, reason: str, told: Mapping[str, Any]) -> None:
    """Tell the case that waits for this one its ending before it closes: it has work of its own left."""
    write_to_parent(work, ending, reason, told)
