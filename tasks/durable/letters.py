"""Cases talk by letters (law 7): one opens another and waits for its ending; no transaction locks a case it did not load."""

from collections.abc import Callable
from datetime import datetime

from pydantic import Field

from schemas.forms.base import Form
from schemas.forms.fields import Name, Remark
from schemas.problems import IllegalTransition
from schemas.tables import letter
from schemas.words import Channel, EntryKind, Role
from tasks.durable import queries
from tasks.durable.opening import enter
from tasks.durable.process import PROCESSES, Case, ask
from tasks.durable.question import Question
from tasks.unit.work import Work


class CaseEnded(Form):
    """What a case writes to the one that waits for it: its number, how it ended, whether that is good, and why."""

    number: Name = Field(alias="单号", title="单号 Case")
    ending: Name = Field(alias="结果", title="结果 Ending")
    good: bool = Field(alias="如愿", title="如愿 Good")
    reason: Remark = Field("", alias="原因", title="原因 Reason")


def open_child(work: Work, code: str, form: Form, key: str) -> int:
    """Open another case in this very transaction, once per `key`; gives its id, never its number.

    Raises IllegalTransition where its process does not accept the form: what a process writes must be right.
    """
    unit, process = work.unit, PROCESSES[code]
    facts, problems = process.accept(form, unit, Channel.SYSTEM)
    if problems:
        raise IllegalTransition(f"{work.case.number} cannot open a {code}: {'; '.join(map(str, problems))}")
    (child,) = queries.new_case_ids(unit.connection, 1)
    origin = f"case:{work.case.id}:{key}"
    enter(unit, process, child, form, facts, work.now, origin=origin, parent_id=work.case.id, run_id=None)
    return child


def await_child(case: Case, key: str, title: str, due: Callable[[Work], datetime], link: str = "") -> CaseEnded:
    """Wait for the ending of the case that was opened under `key`."""
    return ask(case, Question(key=key, title=title, role=Role.SYSTEM, form=CaseEnded, due=due, link=link))


def withdraw_child(work: Work, child: int, reason: str) -> None:
    """Take another case back, whatever it waits for: it reads the letter in its own time."""
    body = {"staff": Role.SYSTEM.value, "reason": reason}
    work.insert(letter, case_id=child, key="", kind=EntryKind.WITHDRAWN, body=body, sent_at=work.now)
