"""A Wednesday morning in Shanghai, and a play whose books balance at its end."""

from collections.abc import Iterator

import pytest
import time_machine
from sqlalchemy import Engine

from tests.databases import Server
from tests.flows.begun import Begun
from tests.play import Play, books_balance


@pytest.fixture
def play(request: pytest.FixtureRequest, db: Engine, today: time_machine.Traveller) -> Iterator[Play]:
    """People at work, of a module that says so its PEOPLE; whatever the test does, the books balance in the end."""
    play: Play = getattr(request.module, "PEOPLE", Play)(db)
    yield play
    play.rest()
    books_balance(db)


@pytest.fixture(scope="module")
def begun(server: Server, template: str) -> Iterator[Begun]:
    """Places that several tests of a module go on from."""
    begun = Begun(server, template)
    yield begun
    begun.drop()
