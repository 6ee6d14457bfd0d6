"""The demo's stories end as they should through each door that needs no Prefect, and leave the same."""

from pathlib import Path

from sqlalchemy import Engine

from deployments.demo.end import differences
from deployments.demo.engine_door import EngineDoor
from deployments.demo.main import ONLY_BY_FORM, Demo, SheetsDemo
from deployments.demo.screen import Screen
from deployments.demo.sensible import ROLES
from tasks.outbox.dispatch import dispatch_due
from tests.conftest import Server
from tests.play import books_balance


class EngineDemo(Demo):
    """Everybody answers at once, without forms and without sheets."""

    def play(self, db: Engine) -> None:
        door = EngineDoor(db)
        player = self.player(db, door)
        player.apply(door, [one.story for one in player.stories])
        while not self.closed(db, player):
            before = player.answers
            dispatch_due(db)
            for role in ROLES:
                player.play(door.waiting(role))
            assert player.answers > before or not player.faults, player.faults
        self.finish(db, player, apart=ONLY_BY_FORM)


def test_the_stories_end_as_they_should_through_sheets_and_by_the_engine_alike(
    db: Engine, tmp_path: Path, server: Server, template: str
) -> None:
    from deployments import database

    demos = [SheetsDemo(tmp_path, Screen()), EngineDemo(tmp_path, Screen())]
    demos[0].play(db)
    books_balance(db)
    other = database.connect(server.create(template))
    demos[1].play(other)
    books_balance(other)
    other.dispose()
    assert [demo.problems for demo in demos] == [[], []]
    assert differences([demo.end for demo in demos if demo.end]) == []
