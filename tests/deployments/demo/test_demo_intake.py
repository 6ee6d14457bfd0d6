"""The demo's sheet comes in, comes back with every mistake named, and is put right."""

from pathlib import Path

from sqlalchemy import Engine

import flows.parts_application  # noqa: F401  registers process PA
from deployments.demo.intake import send_sheets
from deployments.demo.plan import SHEET
from deployments.demo.screen import Screen


def test_every_mistake_of_the_demo_comes_back_with_its_reason(db: Engine, tmp_path: Path) -> None:
    numbers = send_sheets(db, tmp_path, SHEET, Screen())
    assert set(numbers) == {story.key for story in SHEET}
