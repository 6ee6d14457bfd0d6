"""The demo's sheet comes in, comes back with every mistake named, and is put right."""

from pathlib import Path

from sqlalchemy import Engine

import flows
from deployments.demo.days import Days
from deployments.demo.plan import BY_CLICK, BY_SHEET
from deployments.demo.screen import Screen
from deployments.demo.sheets_door import SheetsDoor


def test_every_mistake_of_the_demo_comes_back_with_its_reason(db: Engine, tmp_path: Path) -> None:
    flows.load()
    first = [story for story in BY_SHEET if not story.later]
    numbers = SheetsDoor(db, tmp_path, Screen(), Days()).apply(first)
    assert set(numbers) == {story.key for story in first}


def test_twenty_applications_are_clicked_and_sixty_come_by_sheet_each_under_a_key_of_its_own() -> None:
    assert len({story.key for story in BY_CLICK}) >= 20
    assert len({story.key for story in BY_SHEET}) == len(BY_SHEET) >= 60
