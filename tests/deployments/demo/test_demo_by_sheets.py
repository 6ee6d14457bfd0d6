"""The demo's stories through sheets alone end as they should."""

from pathlib import Path

from sqlalchemy import Engine

from deployments.demo.by_sheets import SheetDemo
from deployments.demo.screen import Screen
from tests.play import books_balance


def test_the_stories_end_through_sheets_as_they_should(db: Engine, tmp_path: Path) -> None:
    demo = SheetDemo(tmp_path, Screen())
    demo.play(db)
    assert demo.problems == []
    assert demo.end is not None
    assert demo.end.endings == {one.story.key: one.story.ending for one in demo.stories}
    books_balance(db)
