"""A Wednesday morning in Shanghai."""

import pytest
import time_machine
from sqlalchemy import Engine

from tests.play import Play


@pytest.fixture
def play(db: Engine, today: time_machine.Traveller) -> Play:
    """People at work."""
    return Play(db)
