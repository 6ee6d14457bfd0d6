"""The door of programs: the engine itself, without Prefect and without sheets."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, or_, select

from deployments.demo.plan import Story
from deployments.demo.player import Item, Told, Turn
from deployments.demo.sensible import filled_in
from schemas.forms.fields import STAFF
from schemas.tables import service_case, work_item
from schemas.words import Channel, EntryKind, Role
from tasks.durable.opening import open_case
from tasks.durable.queries import find_case
from tasks.durable.question import Answer, Reply
from tasks.durable.stage import Result, advance


class EngineDoor:
    """Opens, answers and withdraws cases on a database."""

    def __init__(self, db: Engine) -> None:
        self.db = db

    def open(self, form: Mapping[str, Any], process: str = "PA") -> int:
        """Open a case for an application and let it go to its first gate; gives its id."""
        case = open_case(self.db, process, dict(form), f"cli:{uuid4()}", Channel.CLI).case_id
        advance(self.db, case)
        return case

    def send(self, case: int, key: str, data: Mapping[str, Any]) -> Result:
        """Send an answer as it is, right or wrong."""
        return advance(self.db, case, Answer(key, dict(data), Channel.CLI))

    def take_back(self, case: int, staff: str, reason: str) -> Reply:
        """Ask for the withdrawal of a case; gives what became of that."""
        data = {STAFF: staff, "撤回原因": reason}
        return advance(self.db, case, Answer("", data, Channel.CLI, kind=EntryKind.WITHDRAWN)).reply

    # as a door

    def apply(self, stories: Sequence[Story]) -> dict[str, str]:
        """Send applications as they should be; gives the case of each story."""
        cases = {story.key: self.open(story.form()) for story in stories}
        numbers = select(service_case.c.id, service_case.c.number)
        with self.db.connect() as connection:
            known = {row.id: row.number for row in connection.execute(numbers)}
        return {key: known[case] for key, case in cases.items()}

    def waiting(self, role: Role) -> list[Item]:
        """Give what waits for a role, the first due first."""
        columns = (work_item.c.step_key, work_item.c.title, work_item.c.form, work_item.c.prefill)
        wanted = (
            select(service_case.c.number, *columns)
            .join(service_case, service_case.c.id == work_item.c.case_id)
            .where(work_item.c.closed_at.is_(None), or_(work_item.c.role == role, work_item.c.also == role))
            .order_by(work_item.c.due_at, work_item.c.case_id, work_item.c.step_key)
        )
        with self.db.connect() as connection:
            rows = connection.execute(wanted).all()
        return [Item(row.number, row.step_key, row.title, row.form.split(":")[-1], role, row.prefill) for row in rows]

    def decide(self, turns: Sequence[Turn]) -> list[list[Told]]:
        """Send answers one by one; gives what became of each, by turn and person."""
        return [[self._tell(turn, who) for who in turn.people] for turn in turns]

    def _tell(self, turn: Turn, who: str) -> Told:
        form = filled_in(turn.item.shown, turn.said, who)
        return _told(self.send(self._id(turn.item.case), turn.item.key, form).reply)

    def withdraw(self, case: str, staff: str, reason: str) -> Told:
        """Take a case back."""
        return _told(self.take_back(self._id(case), staff, reason))

    def _id(self, number: str) -> int:
        with self.db.connect() as connection:
            return find_case(connection, number)


def _told(reply: Reply) -> Told:
    return Told(reply.accepted, "\n".join(map(str, reply.problems)))
