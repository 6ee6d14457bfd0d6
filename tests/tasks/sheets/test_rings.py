"""What a chunk of any process leaves behind is freed at once: no ring holds its cases, as a long import has many."""

import gc
from collections.abc import Callable, Iterable

import pytest
from sqlalchemy import Engine

import flows
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.durable.queries import CaseFile
from tasks.durable.replay import Replay
from tasks.sheets.crew import Crew
from tasks.unit.unit import Unit
from tests.bench import bulk, bulk_repairs, bulk_returns

Play = Callable[[Crew, Iterable[int]], None]


def _repairs(alone: Crew, cases: Iterable[int]) -> None:
    bulk_repairs.play(alone, bulk._apply, cases)


def _returns(alone: Crew, cases: Iterable[int]) -> None:
    bulk_returns.play(alone, bulk._apply, cases)


def _known() -> list[object]:
    return [one for one in gc.get_objects() if type(one) in (Replay, CaseFile, Unit)]


@pytest.mark.parametrize("play", [bulk.play_sheets, bulk.play_orders, _repairs, _returns])
def test_no_ring_keeps_what_a_chunk_knew(db: Engine, play: Play) -> None:
    flows.load()
    with db.begin() as connection:
        for sold in (bulk_repairs._SOLD, bulk_returns._SOLD):
            connection.execute(sold, {"made": shanghai_day(clock.now()), "many": 3})
    gc.collect()
    gc.disable()
    try:
        before = _known()  # to the traceback that another test has kept
        play(Crew(db, None, 1), range(3))
        kept = {type(one).__name__ for one in _known() if not any(one is other for other in before)}
    finally:
        gc.enable()
    assert not kept, "in a ring: the collector must look through all that the chunk has read to free it"
