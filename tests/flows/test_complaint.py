"""Complaints: from the call to the file and the callback, and every other ending (DOMAIN 3; DOMAIN-BRANCHES 3)."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine

from tests.books import books_balance
from tests.flows.complaints import Hotline


@pytest.fixture
def play(db: Engine, today: time_machine.Traveller) -> Iterator[Hotline]:
    play = Hotline(db)
    yield play
    play.rest()
    books_balance(db)


def test_a_complaint_goes_from_the_call_to_the_file(play: Hotline) -> None:
    case = play.call()
    assert play.finish(case) == "settled"
    print(play.keys(case), play.issued(case))
