"""Leases go by the database's clock, and a case's time never goes back, whatever is done to a host's clock."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine, event

from schemas.answers import Answer
from schemas.words import Channel
from tasks.durable import clock
from tasks.durable import lease as leases
from tasks.durable.lease import held, seized
from tasks.durable.opening import open_case
from tasks.durable.stage import advance
from tasks.runs.queries import ready_cases
from tests.play import Play, books_balance
from tests.toy import opened, registered
from tests.waiting import MINUTES, wait_until

HOUR = timedelta(hours=1)
GRANTS = Answer("check-1", {"经办人工号": "E1040", "核对结论": "同意"}, Channel.CLI)


@pytest.fixture(autouse=True)
def toys() -> Iterator[None]:
    with registered():
        yield


@pytest.fixture
def play(db: Engine) -> Play:
    """One whose cases need not be as they should at the end: some stand still by a fault of their own."""
    return Play(db)


@pytest.fixture
def case(play: Play) -> int:
    """A case that has work to do."""
    form = {"办事处": "BJ", "申报人工号": "E1049", "愿望": "木马"}
    return open_case(play.db, "TOY", form, "cli:lease", Channel.CLI).case_id


def seizes(play: Play, case: int) -> bool:
    with seized(play.db, [case]) as ours:
        return bool(ours)


def expires_at(play: Play) -> Any:
    return play.rows("SELECT expires_at FROM lease")[0].expires_at


def taken_over(play: Play) -> list[int]:
    with play.db.connect() as connection:
        return ready_cases(connection, clock.now() + 2 * HOUR, 10)


@pytest.mark.parametrize("skew", [-HOUR, HOUR], ids=["behind", "ahead"])
def test_a_host_with_another_clock_takes_no_live_lease(play: Play, case: int, skew: timedelta) -> None:
    with held(play.db, case), time_machine.travel(datetime.now(UTC) + skew):
        assert not seizes(play, case)
        assert taken_over(play) == []
    assert seizes(play, case)
    assert taken_over(play) == [case]


@pytest.mark.parametrize("skew", [-HOUR, HOUR], ids=["behind", "ahead"])
def test_the_lease_of_a_host_with_another_clock_lives_as_long_as_any(
    play: Play, case: int, skew: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "RENEW_EVERY", timedelta(seconds=0.01))

    with time_machine.travel(datetime.now(UTC) + skew), held(play.db, case):
        first = expires_at(play)
        wait_until(lambda: expires_at(play) > first)
        left = play.rows("SELECT expires_at - clock_timestamp() AS left FROM lease")[0].left
    assert timedelta(0) < left <= leases.VOID_AFTER


def test_a_renewal_that_fails_is_not_the_last(play: Play, case: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RENEW_EVERY", timedelta(seconds=0.01))
    failed: list[str] = []

    def fails(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.startswith("UPDATE lease") and len(failed) < 3:
            failed.append(statement)
            raise RuntimeError("whatever")

    event.listen(play.db, "before_cursor_execute", fails)
    with held(play.db, case):
        first = expires_at(play)
        wait_until(lambda: expires_at(play) > first)
    assert len(failed) == 3


def test_a_lease_that_ends_leaves_no_renewal_behind(play: Play, case: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RENEW_EVERY", timedelta(seconds=0.01))
    renewing = threading.Event()

    def is_slow(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.startswith("UPDATE lease"):
            renewing.set()
            time.sleep(0.3)

    event.listen(play.db, "before_cursor_execute", is_slow)
    with held(play.db, case):
        assert renewing.wait(MINUTES)
    assert play.db.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_a_clock_that_is_set_back_does_not_stop_a_close(play: Play) -> None:
    case = opened(play.db)
    with time_machine.travel(clock.now() - timedelta(seconds=30)):
        assert advance(play.db, case, GRANTS).closed
    entries = play.timeline(case)
    moments = [moment for entry in entries for moment in (entry.started_at, entry.finished_at)]
    assert moments == sorted(moments)
    assert play.case(case).closed_at >= moments[-2]
    books_balance(play.db)
