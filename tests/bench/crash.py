"""A bulk run that is killed a hundred times, at any moment: what is lost or doubled against a run left alone.

Each life first sends again some of what earlier lives have sent, as people do who never heard of an end, and
goes on with what waits. Its clock is set a little later than the last one's, whose leases are void by then.
"""

import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, create_engine, select, text

from schemas.tables import document, service_case
from schemas.words import Channel
from tasks.durable.opening import open_chunk
from tasks.durable.stage import advance_chunk
from tests.bench import load
from tests.bench.figure import Figure
from tests.books import books_balance
from tests.tasks.durable.chunks import sheet_turn
from tests.tasks.durable.crash import NEXT_LIFE, Child, void_leases
from tests.tasks.durable.effects import TABLES, as_text

KILLS, CASES, CHUNK = 100, 400, 50
KILLS_A_RUN = 15  # about as many interrupt one run, then the next one begins
START = datetime(2026, 11, 18, 1, 30, tzinfo=UTC)  # a Wednesday, 9:30 in Shanghai
NUMBER = re.compile(r"PA-\d{4}-\d{6,}")
NUMBERS = ("number", "serial")  # they are drawn in the order in which chunks come to an end

Rows = Counter[str]


def run() -> list[Figure]:
    """Kill bulk runs until there were enough kills; each must end as if nobody had been killed."""
    kills = lost = doubled = runs = 0
    with load.stage() as stage:
        with _database(stage) as quiet:
            begun = time.monotonic()
            assert not Child(quiet, START, None, work_on, 0).end().killed
            longest = (time.monotonic() - begun) / KILLS_A_RUN * 2
            expected = _effects(quiet)
        while kills < KILLS:
            with _database(stage) as url:
                kills, runs = kills + _killed_often(url, KILLS - kills, longest), runs + 1
                found = _effects(url)
            lost += (expected - found).total()
            doubled += (found - expected).total()
            print(f"{kills} kills in {runs} runs: {lost} rows lost, {doubled} doubled", flush=True)
    return [
        Figure("kills", kills, f"≥ {KILLS}", kills >= KILLS),
        Figure("lost", lost, "0", lost == 0),
        Figure("doubled", doubled, "0", doubled == 0),
    ]


def _killed_often(url: str, most: int, longest: float) -> int:
    """Play one run to its end in processes that are killed at random moments; gives how many were."""
    kills, now = 0, START
    while True:
        child = Child(url, now, None, work_on, kills)
        if kills < most:
            time.sleep(random.uniform(0, longest))
            child.kill()
        life = child.end()
        if not life.killed:
            return kills
        void_leases(url)
        kills, now = kills + 1, life.ended + NEXT_LIFE


def work_on(db: Engine, _say: object, seed: int) -> None:
    """Send all applications (again), some rows that were taken (again), and go on with what waits to its end."""
    for first in range(0, CASES, CHUNK):
        open_chunk(db, "PA", Channel.SHEET, [load.application(n) for n in range(first, first + CHUNK)])
    taken = _items(db, "i.state = 'decided'")
    some = {case: (n, key) for case, n, key in random.Random(seed).sample(taken, min(CHUNK, len(taken)))}
    for result in advance_chunk(db, [sheet_turn(case, n, _gate(n, key)) for case, (n, key) in some.items()]):
        assert all(reply.repeated for reply in result.replies), result
    while waiting := _items(db, "c.closed_at IS NULL AND (i.state = 'open' OR i.state IS NULL)")[:CHUNK]:
        for result in advance_chunk(db, [sheet_turn(case, n, _gate(n, key)) for case, n, key in waiting]):
            assert not result.fault, result
            assert all(reply.accepted for reply in result.replies), result


def _items(db: Engine, which: str) -> list[tuple[int, int, str]]:
    """Find work items: case, which of the day's cases that is, key (empty where a case has none yet)."""
    query = (
        "SELECT c.id, split_part(c.origin, ':', 2)::int, coalesce(i.step_key, '') FROM service_case c "
        f"LEFT JOIN work_item i ON i.case_id = c.id WHERE {which} ORDER BY c.id, i.step_key"
    )
    with db.connect() as connection:
        return [(row[0], row[1], row[2]) for row in connection.execute(text(query))]


def _gate(n: int, key: str) -> str:
    return next((gate for gate in load.GATES if load.key(n, gate) == key), "")


@contextmanager
def _database(stage: load.Stage) -> Iterator[str]:
    """Give the URL of a fresh database that no connection of this process uses."""
    url = stage.server.create(stage.template)
    yield url
    stage.server.drop(url)


def _effects(url: str) -> Rows:
    """Give every row that a run has written, by what it says and not by its number; the books must balance."""
    db = create_engine(url, poolclass=NullPool)
    books_balance(db)
    with db.connect() as connection:
        numbered = connection.execute(select(service_case.c.number, service_case.c.origin))
        origins, names = {row.number: row.origin for row in numbered}, _names(connection)
        return Counter(
            NUMBER.sub(lambda found: origins[found[0]], f"{name}: {as_text(name, _plain(row), names)}")
            for name in TABLES
            for row in connection.execute(text(f"SELECT * FROM {name}")).mappings()
            if row.get("accepted", True)
        )


def _names(connection: Connection) -> dict[str, str]:
    """Name each case by its origin, each document by the step that issued it."""
    cases = {row.id: row.origin for row in connection.execute(select(service_case.c.id, service_case.c.origin))}
    issued = connection.execute(select(document.c.id, document.c.case_id, document.c.step_key, document.c.kind))
    documents = {str(row.id): f"{cases[row.case_id]} {row.step_key} {row.kind}" for row in issued}
    return {str(case): origin for case, origin in cases.items()} | documents


def _plain(row: Any) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in NUMBERS}
