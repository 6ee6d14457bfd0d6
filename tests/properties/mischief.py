"""What gets in the way of people at work: the wrong person, the wrong answer, twice the same, a machine that dies.

None of that may change anything, or what is done; each is said by a door of the demo, to the true product.
"""

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pydoc import locate
from random import Random
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Engine, text

from deployments.demo.player import Saying, Told
from deployments.demo.sensible import filled_in
from schemas.answers import Answer, Reply, Turn
from schemas.forms.base import Form
from schemas.forms.fields import STAFF
from schemas.words import Channel
from tasks.durable.stage import advance, advance_chunk
from tasks.people.queries import Person, people
from tests.flows.test_parts_application_choices import options

T = TypeVar("T")
NONSENSE = ("随便", -1, "八个", [], "2026-13-45", "x" * 5000, None)


EXPLAINS = re.compile("原因|异常说明|照片编号")
ONE_DIES = threading.Lock()


class Killed(BaseException):
    """The machine died at a commit: nothing of ours catches that."""


@contextmanager
def dying(db: Engine, at: int, after: bool) -> Iterator[None]:
    """Die at the n-th commit of this thread, before the database hears of it or after its answer; leases run out then."""
    commit, mine, count = db.dialect.do_commit, threading.get_ident(), 0

    def do_commit(connection: Any) -> None:
        nonlocal count
        count += threading.get_ident() == mine
        dies = count == at and threading.get_ident() == mine
        if dies and not after:
            raise Killed
        commit(connection)
        if dies:
            raise Killed

    db.dialect.do_commit = do_commit  # type: ignore[method-assign]
    try:
        yield
    finally:
        db.dialect.do_commit = commit  # type: ignore[method-assign]


def survived(db: Engine, chance: Random, often: float, act: Callable[[], T]) -> T:
    """Do something on a machine that may die meanwhile: it is done again by the next one."""
    while chance.random() < often and ONE_DIES.acquire(blocking=False):
        try:
            with dying(db, chance.randint(1, 8), chance.random() < 0.5):
                return act()
        except Killed:
            with db.begin() as connection:
                connection.execute(text("DELETE FROM lease"))
        finally:
            ONE_DIES.release()
    return act()


def spoiled(chance: Random, form: type[Form], data: Mapping[str, Any]) -> dict[str, Any]:
    """Spoil an answer so that it cannot be taken: nobody signs it, or a choice is none."""
    choices = sorted({field for rows, field, _ in options(form) if not rows})
    field = chance.choice([STAFF, *choices])
    return {**data, field: "E9999" if field == STAFF else chance.choice(NONSENSE[:-1])}


def form_of(path: str) -> type[Form]:
    """Give the form that an item asks for, by its path module:name."""
    found = locate(path.replace(":", "."))
    assert isinstance(found, type)
    return found


def outsiders(staff: Mapping[str, Person], item: Any) -> list[str]:
    """Give those who work here and hold no role that may answer an item."""
    able = {item.role, item.also}
    return sorted(code for code, one in staff.items() if one.active and able.isdisjoint(role for role, *_ in one.roles))


class Unruly:
    """The engine's door among people who may not, do not know, or say it twice, on machines that die.

    An answer goes by click, or as a row of a sheet. Every disturbance must leave the case as it was.
    """

    def __init__(self, db: Engine, chance: Random, often: float) -> None:
        self.db, self.chance, self.often = db, chance, often
        with db.connect() as connection:
            self.people = people(connection)
        self.said = list[tuple[int, Answer]]()  # and taken
        self.problems = list[str]()

    def send(self, saying: Saying, who: str) -> Told:
        """Send an answer, between what others send; gives what became of it."""
        item, form = saying.item.shown, form_of(saying.item.shown.form)
        right = filled_in(item.prefill, saying.said, who)
        if self.disturbed():
            self.refused(item.case_id, self.click(item, spoiled(self.chance, form, right)), "spoiled")
        if self.disturbed() and (others := outsiders(self.people, item)):
            self.refused(item.case_id, self.click(item, right | {STAFF: self.chance.choice(others)}), "by an outsider")
        if self.disturbed() and self.said:
            self.refused(*self.chance.choice(self.said), "said before")
        answer = self.row(item, right) if self.chance.random() < 0.3 else self.click(item, right)
        before = self.seq(item.case_id)
        reply = survived(self.db, self.chance, self.often / 2, lambda: self.hear(item.case_id, answer))
        taken = reply.accepted or reply.repeated or self.was_taken(item, who)
        if not taken and self.seq(item.case_id) != before:
            self.problems.append(f"{item.number} {item.key}: refused and yet recorded: {_why(reply)}")
        if taken:
            self.said.append((item.case_id, answer))
            if self.disturbed():
                self.refused(item.case_id, answer, "twice")
        return Told(taken, _why(reply))

    def nobody_to_withdraw(self) -> str:
        """Choose somebody who may take no case back: neither of an office nor a SUPERVISOR."""
        may = {"OFFICE", "SUPERVISOR", "WAREHOUSE"}
        return self.chance.choice(
            [c for c, one in self.people.items() if may.isdisjoint(role for role, *_ in one.roles)]
        )

    def disturbed(self) -> bool:
        """Say whether something gets in the way now."""
        return self.chance.random() < self.often

    def click(self, item: Any, data: Mapping[str, Any]) -> Answer:
        """Answer in the item's own dialog."""
        return Answer(item.key, dict(data), Channel.PREFECT)

    def row(self, item: Any, data: Mapping[str, Any]) -> Answer:
        """Answer by a row of a sheet, which has a mark of its own."""
        return Answer(item.key, dict(data), Channel.SHEET, marks=(UUID(int=self.chance.getrandbits(128)),))

    def hear(self, case_id: int, answer: Answer) -> Reply:
        """Let a case hear an answer: a leg that of a click, a chunk that of a sheet."""
        if answer.channel == Channel.SHEET:
            (result,) = advance_chunk(self.db, [Turn(case_id, [answer])])
            if result.fault:
                self.problems.append(f"{result.number} {answer.key}: {result.fault}")
            return result.reply
        return advance(self.db, case_id, answer).reply

    def refused(self, case_id: int, answer: Answer, how: str) -> None:
        """Send what must be refused, and change nothing; what the case can do without it, it has done before."""
        advance(self.db, case_id)
        before = self.seq(case_id)
        reply = self.hear(case_id, answer)
        if reply.accepted and not reply.repeated:
            self.problems.append(f"{answer.key} was accepted {how}: {answer.data}")
        elif self.seq(case_id) != before:
            self.problems.append(f"{answer.key} was refused {how}, and the case went on")

    def seq(self, case_id: int) -> int:
        """Give how many entries the ledger of a case has."""
        with self.db.connect() as connection:
            found = connection.execute(text("SELECT seq FROM service_case WHERE id = :id"), {"id": case_id})
            return int(found.scalar_one())

    def was_taken(self, item: Any, who: str) -> bool:
        """Say whether an answer of somebody was taken before a machine died that did not live to say so."""
        query = text("SELECT 1 FROM decision WHERE accepted AND case_id = :case AND step_key = :key AND actor = :who")
        with self.db.connect() as connection:
            found = connection.execute(query, {"case": item.case_id, "key": item.key, "who": who})
            return found.first() is not None


def _why(reply: Reply) -> str:
    return "；".join(map(str, reply.problems))


def changed(chance: Random, form: type[Form], data: Mapping[str, Any]) -> dict[str, Any]:
    """Change an answer at will: any choice, any number, a reason or none."""
    said, choices = dict(data), list(options(form))
    for _ in range(chance.randint(1, 2)):
        rows, field, option = chance.choice(choices or [("", "原因", "改主意")])
        if not rows:
            said[field] = option
        elif said.get(rows):
            said[rows] = [row | ({field: option} if n == 0 else {}) for n, row in enumerate(said[rows])]
    numbers = [
        (name, key) for name, rows in said.items() if isinstance(rows, list) for key in (rows[0] if rows else {})
    ]
    countable = [(name, key) for name, key in numbers if isinstance(said[name][0][key], int | float) and key != "行号"]
    if countable and chance.random() < 0.5:
        name, key = chance.choice(countable)
        first, *rest = said[name]
        said[name] = [first | {key: max(0, first[key] + chance.choice([-1, -1, 1]))}, *rest]
    if chance.random() < 0.8:
        said = {
            name: [_explained(row) for row in rows] if isinstance(rows, list) else rows for name, rows in said.items()
        }
        fields = form.model_json_schema(by_alias=True)["properties"]
        said |= dict.fromkeys(filter(EXPLAINS.search, fields), "照实际情况")
    return said


def _explained(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: "照实际情况" if EXPLAINS.search(name) and not value else value for name, value in row.items()}


def another_way(chance: Random, form: type[Form], data: Mapping[str, Any]) -> dict[str, Any]:
    """Say it in another way, where what is sensible is refused: other choices, with reasons."""
    schema = form.model_json_schema(by_alias=True)
    fields = [name for name in schema["properties"] if "原因" in name]
    said = {**data, **{name: data.get(name) or "照实际情况" for name in fields}}
    rows, field, option = chance.choice(list(options(form)) or [("", STAFF, said[STAFF])])
    if not rows:
        return said | {field: option}
    return said | ({rows: [row | {field: option} for row in said[rows]]} if said.get(rows) else {})
