"""The demo's stories end as they should through each door that needs no Prefect, and leave the same."""

import pickle
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
from sqlalchemy import Engine

from deployments.demo.days import Days, watch
from deployments.demo.end import End, doors_that_differ, endings_table, show_end
from deployments.demo.main import play_sheets
from deployments.demo.plan import DRAFT, EACH_ONCE, Story
from deployments.demo.player import Player, Saying, Todo, Told
from deployments.demo.screen import Screen
from deployments.demo.sensible import ROLES, filled_in
from schemas.answers import Answer, Reply
from schemas.words import Channel
from tasks.desk.queries import inbox
from tasks.durable.stage import advance
from tasks.outbox.dispatch import dispatch_due
from tasks.runs.withdraw import take_back
from tests.databases import Server
from tests.play import books_balance, open_to_gate
from tests.scans import asked_by_day, scans

CERTIFICATES = httpx.create_ssl_context(trust_env=False)  # read once: each client of its own would read them again


class EngineDoor:
    """The door of programs: the engine itself, without forms and without sheets."""

    def __init__(self, db: Engine, days: Days) -> None:
        self.db, self.days = db, days

    def apply(self, stories: Sequence[Story]) -> dict[str, str]:
        """Send applications as they should be."""
        return {story.key: open_to_gate(self.db, story.form(), story.code).number for story in stories}

    def worklists(self) -> Iterator[list[Todo]]:
        """Give what waits for each role, the first due first."""
        with httpx.Client(verify=CERTIFICATES, trust_env=False) as client:
            dispatch_due(self.db, client)
        watch(self.db)
        for role in ROLES:
            with self.db.connect() as connection:
                rows = inbox(connection, role)
            named = [(row, row.form.split(":")[-1]) for row in rows]
            yield [Todo(row.number, row.key, form, form, role, row) for row, form in named]

    def decide(self, sayings: Sequence[Saying]) -> list[list[Told]]:
        """Send answers one by one."""
        return [[self._decide(saying, who) for who in saying.people] for saying in sayings]

    def _decide(self, saying: Saying, who: str) -> Told:
        item = saying.item.shown
        answer = Answer(item.key, filled_in(item.prefill, saying.said, who), Channel.CLI)
        return _told(advance(self.db, item.case_id, answer).reply)

    def withdraw(self, case: str, staff: str, reason: str) -> Told:
        """Take a case back as the command does."""
        return _told(take_back(self.db, case, staff, reason, Channel.CLI).reply)

    def rest(self) -> None:
        """Let days go by."""
        self.days.pass_on(self.db)


def _told(reply: Reply) -> Told:
    return Told(reply.accepted, "；".join(map(str, reply.problems)))


def play_on_engine(db: Engine) -> End:
    """Everybody answers at once, without forms and without sheets."""
    with Days().counted() as days:
        player = Player(db, EngineDoor(db, days), Screen(), EACH_ONCE)
        player.work()
        return show_end(player, apart=DRAFT)


def test_the_stories_end_as_they_should_through_sheets_and_by_the_engine_alike(
    db: Engine, tmp_path: Path, server: Server, template: str
) -> None:
    from deployments import database

    other = database.connect(server.create(template))
    with asked_by_day(db) as by_sheets, asked_by_day(other) as by_legs:
        ends = [play_sheets(db, tmp_path, Screen(), EACH_ONCE), play_on_engine(other)]
    books_balance(db)
    books_balance(other)
    assert [*scans(db, by_sheets), *scans(other, by_legs)] == []
    other.dispose()
    assert [end.problems for end in ends] == [[], []]
    assert doors_that_differ(ends) == []
    assert pickle.loads(pickle.dumps(ends)) == ends  # `make demo` plays through sheets in a process of its own
    _, missing = endings_table(dict(zip(("sheets", "engine"), ends, strict=True)))
    assert missing == []
