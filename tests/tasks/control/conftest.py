"""A Wednesday morning in Shanghai."""

from collections.abc import Iterator

import pytest
import time_machine
from sqlalchemy import Engine

from tests.play import Play


@pytest.fixture
def today() -> Iterator[time_machine.Traveller]:
    """Let it be Wednesday 2026-11-18, 10:00 in Shanghai, until a test moves on."""
    with time_machine.travel("2026-11-18T10:00:00+08:00", tick=False) as traveller:
        yield traveller


@pytest.fixture
def play(db: Engine, today: time_machine.Traveller) -> Play:
    """People at work."""
    return Play(db)
