"""The door of programs: the engine itself, without Prefect and without sheets."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine

from deployments.demo.plan import Story
from deployments.demo.player import Saying, Todo, Told
from deployments.demo.sensible import filled_in
from schemas.words import Channel, Role
from tasks.desk.queries import inbox
from tasks.durable import clock
from tasks.durable.opening import Opened, open_case
from tasks.durable.question import Answer, Reply
from tasks.durable.stage import Result, advance
from tasks.runs.withdraw import withdraw


class EngineDoor:
    """Opens, answers and withdraws cases on a database."""

    def __init__(self, db: Engine) -> None:
        self.db = db

    def open(self, form: Mapping[str, Any], process: str = "PA") -> Opened:
        """Open a case for an application and let it go to its first gate."""
        opened = open_case(self.db, process, dict(form), f"cli:{uuid4()}", Channel.CLI)
        advance(self.db, opened.case_id)
        return opened

    def send(self, case: int, key: str, data: Mapping[str, Any]) -> Result:
        """Send an answer as it is, right or wrong."""
        return advance(self.db, case, Answer(key, dict(data), Channel.CLI))

    # as a door

    def apply(self, stories: Sequence[Story]) -> dict[str, str]:
        """Send applications as they should be; gives the case of each story."""
        return {story.key: self.open(story.form()).number for story in stories}

    def waiting(self, role: Role) -> list[Todo]:
        """Give what waits for a role, the first due first."""
        with self.db.connect() as connection:
            rows = inbox(connection, role, clock.now())
        forms = [row.form.split(":")[-1] for row in rows]
        return [Todo(row.number, row.key, form, form, role, row) for row, form in zip(rows, forms, strict=True)]

    def decide(self, sayings: Sequence[Saying]) -> list[list[Told]]:
        """Send answers one by one; gives what became of each, by item and person."""
        return [[self._decide(saying, who) for who in saying.people] for saying in sayings]

    def _decide(self, saying: Saying, who: str) -> Told:
        item = saying.item.shown
        return _told(self.send(item.case_id, item.key, filled_in(item.prefill, saying.said, who)).reply)

    def withdraw(self, case: str, staff: str, reason: str) -> Told:
        """Take a case back as the command does."""
        return _told(withdraw(self.db, case, staff, reason, Channel.CLI).reply)


def _told(reply: Reply) -> Told:
    """Tell what became of an answer."""
    return Told(reply.accepted, "；".join(map(str, reply.problems)))
