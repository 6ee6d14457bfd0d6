"""A Wednesday morning in Shanghai, and a play whose books balance at its end."""

from collections.abc import Iterator

import pytest
import time_machine
from sqlalchemy import Engine

from tests.play import Play, books_balance


@pytest.fixture
def today() -> Iterator[time_machine.Traveller]:
    """Let it be Wednesday 2026-11-18, 10:00 in Shanghai, until a test moves on."""
    with time_machine.travel("2026-11-18T10:00:00+08:00", tick=False) as traveller:
        yield traveller


@pytest.fixture
def play(request: pytest.FixtureRequest, db: Engine, today: time_machine.Traveller) -> Iterator[Play]:
    """People at work, of a module that says so its PEOPLE; whatever the test does, the books balance in the end."""
    play: Play = getattr(request.module, "PEOPLE", Play)(db)
    yield play
    play.rest()
    books_balance(db)
