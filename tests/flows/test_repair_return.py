"""Repair return: from the application to the customer's signature, and every other ending (DOMAIN 2)."""

from collections.abc import Iterator

import pytest
import time_machine
from sqlalchemy import Engine

from tests.books import books_balance
from tests.flows.repairs import Repairs


@pytest.fixture
def play(db: Engine, today: time_machine.Traveller) -> Iterator[Repairs]:
    play = Repairs(db)
    yield play
    books_balance(db)


def test_goods_under_warranty_are_listed_repaired_inspected_and_handed_to_the_customer(play: Repairs) -> None:
    case = play.arrived()
    assert play.finish(case) == "repaired"
    assert play.moved(case, "damaged_in") == {"P-PT-001": 2}
    assert play.moved(case, "repair_out") == {"P-PT-001": -2}
    assert play.moved(case, "repaired_in") == {"P-PT-001": 2}
    assert play.moved(case, "delivery_out") == {"P-PT-001": -2}
    assert play.moved(case, "transfer_in") == {"P-PT-001": 2}
    assert play.moved(case, "own_use_out") == {"P-PT-001": -2}
