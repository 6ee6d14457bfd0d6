"""A worker that is stopped in a transaction, by SIGSTOP or with the host it runs on, stops no other."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from schemas.answers import Turn
from schemas.words import Channel
from tasks.durable import lease
from tasks.durable.opening import open_case
from tasks.durable.stage import advance, advance_chunk
from tasks.runs import watch
from tasks.runs.mending import RecoverReport
from tasks.runs.watch import Watch
from tasks.unit.unit import Unit
from tests.books import books_balance
from tests.play import Play
from tests.tasks.durable.crash import Child
from tests.waiting import wait_until

FROZEN = (
    "SELECT count(*) AS n FROM pg_stat_activity "
    "WHERE datname = current_database() AND state = 'idle in transaction' AND query LIKE '%frozen here%'"
)
ORIGIN = "cli:frozen"


@pytest.fixture
def play(db: Engine, monkeypatch: pytest.MonkeyPatch) -> Play:
    """A stage whose watch takes over at once."""
    monkeypatch.setattr(watch, "TAKE_OVER_AFTER", timedelta(0))
    return Play(db)


def freeze(connection: Any) -> None:
    """Stop this process in the middle of a transaction; once awakened, it goes on."""
    connection.cursor().execute("SELECT 1 /* frozen here */")
    os.kill(os.getpid(), signal.SIGSTOP)


def freeze_at_commit(db: Engine, table: str) -> None:
    """Stop this process before the first commit that something of a table goes with."""
    commit, stopped = db.dialect.do_commit, False

    def do_commit(connection: Any) -> None:
        nonlocal stopped
        written = connection.cursor().execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        if written and not stopped:
            stopped = True
            freeze(connection)
        commit(connection)

    db.dialect.do_commit = do_commit  # type: ignore[assignment]


def leg_with_its_rows(db: Engine, _say: object, case: int) -> None:
    lease.VOID_AFTER = timedelta(seconds=1)  # nobody renews it
    freeze_at_commit(db, "ledger")
    advance(db, case)


def chunk_with_its_rows(db: Engine, _say: object, case: int) -> None:
    freeze_at_commit(db, "ledger")
    advance_chunk(db, [Turn(case)])


def chunk_in_a_step(db: Engine, _say: object, cases: list[int]) -> None:
    Unit.flush = lambda unit: freeze(unit.connection.connection)  # type: ignore[method-assign]
    advance_chunk(db, [Turn(case) for case in cases])


def application_with_its_number(db: Engine, _say: object, form: dict[str, Any]) -> None:
    freeze_at_commit(db, "service_case")
    open_case(db, "PA", form, ORIGIN, Channel.CLI)


@contextmanager
def frozen(play: Play, work: Callable[..., None], given: object, **limits: str) -> Iterator[Child]:
    """Let a worker begin and stop in the middle; its connections have these limits instead of ours."""
    url = play.db.url.update_query_dict({"options": " ".join(f"-c {name}={value}" for name, value in limits.items())})
    child = Child(url.render_as_string(hide_password=False), datetime.now(UTC), None, work, given)
    try:
        wait_until(lambda: play.rows(FROZEN)[0].n, 1)
        yield child
    finally:
        child.kill()


def awaken(child: Child) -> None:
    """Let a worker go on, to its end."""
    os.kill(child.pid, signal.SIGCONT)
    assert not child.end().killed


def begun(play: Play, origin: str = "") -> int:
    """Make a case that has work to do."""
    return open_case(play.db, "PA", play.form(), origin or f"cli:{uuid4()}", Channel.CLI).case_id


def test_the_watch_goes_past_what_a_frozen_worker_holds(play: Play) -> None:
    held = [begun(play) for _ in range(3)]
    with frozen(play, chunk_in_a_step, held, idle_in_transaction_session_timeout="0"):
        others, report = [begun(play) for _ in range(5)], RecoverReport()
        Watch(play.db).take_over(report)
        assert [list(play.items(case)) for case in others] == [["review-1"]] * 5
        assert report == RecoverReport(advanced=5)
        assert play.rows(FROZEN)[0].n == 1
        assert [play.keys(case) for case in held] == [[]] * 3


@pytest.mark.parametrize("work", [leg_with_its_rows, chunk_with_its_rows])
def test_what_a_frozen_worker_held_goes_on_and_awakened_it_does_nothing_twice(
    play: Play, work: Callable[..., None]
) -> None:
    case, report = begun(play), RecoverReport()

    def watched() -> list[str]:
        Watch(play.db).take_over(report)
        return list(play.items(case))

    with frozen(play, work, case) as child:
        wait_until(watched, ["review-1"])
        before = play.snapshot(case)
        awaken(child)
    assert play.snapshot(case) == before
    assert play.rows("SELECT number, fault FROM service_case WHERE fault IS NOT NULL") == []
    assert report == RecoverReport(advanced=1)
    books_balance(play.db)


def test_a_number_that_a_frozen_worker_drew_goes_to_the_next(play: Play) -> None:
    with frozen(play, application_with_its_number, play.form(office="SH")) as child:
        other = begun(play)
        awaken(child)
    both = other, begun(play, ORIGIN)
    assert [play.case(case).number for case in both] == ["PA-2026-000001", "PA-2026-000002"]
    advance_chunk(play.db, [Turn(case) for case in both])
    books_balance(play.db)
