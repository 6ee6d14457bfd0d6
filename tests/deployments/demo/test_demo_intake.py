"""The demo's sheet comes in, comes back with every mistake named, and is put right."""

from pathlib import Path

from sqlalchemy import Engine

import flows.parts_application  # noqa: F401  registers process PA
from deployments.demo.plan import SHEET
from deployments.demo.screen import Screen
from deployments.demo.sheets_door import SheetsDoor


def test_every_mistake_of_the_demo_comes_back_with_its_reason(db: Engine, tmp_path: Path) -> None:
    numbers = SheetsDoor(db, tmp_path, Screen()).apply(SHEET)
    assert set(numbers) == {story.key for story in SHEET}
