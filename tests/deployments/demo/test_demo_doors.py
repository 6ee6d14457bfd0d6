"""The demo's stories end as they should through each door that needs no Prefect, and leave the same."""

from pathlib import Path

from sqlalchemy import Engine

from deployments.demo.end import End, differences, show_end
from deployments.demo.engine_door import EngineDoor
from deployments.demo.main import ONLY_BY_FORM, play_sheets
from deployments.demo.player import Player
from deployments.demo.screen import Screen
from deployments.demo.sensible import ROLES
from tasks.outbox.dispatch import dispatch_due
from tests.conftest import Server
from tests.play import books_balance


def play_on_engine(db: Engine) -> End:
    """Everybody answers at once, without forms and without sheets."""
    door = EngineDoor(db)
    player = Player(db, door, Screen())
    player.apply(door, [one.story for one in player.stories])
    while not player.all_closed():
        before = player.answers
        dispatch_due(db)
        for role in ROLES:
            player.play(door.waiting(role))
        assert player.answers > before or not player.problems, player.problems
    return show_end(player, apart=ONLY_BY_FORM)


def test_the_stories_end_as_they_should_through_sheets_and_by_the_engine_alike(
    db: Engine, tmp_path: Path, server: Server, template: str
) -> None:
    from deployments import database

    other = database.connect(server.create(template))
    ends = [play_sheets(db, tmp_path, Screen()), play_on_engine(other)]
    books_balance(db)
    books_balance(other)
    other.dispose()
    assert [end.problems for end in ends] == [[], []]
    assert differences(ends) == []
