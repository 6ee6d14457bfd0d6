"""Killed at any commit, the control of a case goes on, and each effect is there exactly once."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import time_machine
from sqlalchemy import Engine, NullPool, create_engine

from deployments.database import connect
from tasks.control.watch import watch_cycles
from tasks.durable import clock
from tasks.notices.watch import watch_deadlines
from tasks.runs.mending import RecoverReport
from tasks.runs.watch import Watch
from tests.books import books_balance
from tests.databases import Server
from tests.flows.cycles import PANEL, planned
from tests.play import Play
from tests.tasks.durable.crash import NEXT_LIFE, Child, KillAtNew, Point, void_leases
from tests.tasks.durable.effects import Effects, differences, effects

START = datetime(2026, 11, 18, 2, tzinfo=UTC)  # a Wednesday, 10:00 in Shanghai
ANSWERS = {"answer-panel-2026-11": {"部门意见": "有异议", "原因": "等料"}, "penalty-panel-2026-11": {}}


def live(db: Engine, _say: Callable[..., None], lives: int) -> None:
    """Go on from wherever the last process died to the end: late on 11-30, judged in December."""
    play = Play(db)
    (case,) = (row.id for row in play.rows("SELECT id FROM service_case WHERE process = 'PA'"))
    latest = play.rows("SELECT max(finished_at) FROM ledger")[0].max
    with no_earlier("2026-11-18T10:15:00+08:00", latest, lives):
        go_rounds(db)
    with no_earlier("2026-11-30T10:00:00+08:00", latest, lives):
        if PANEL in play.items(case):
            play.decide(case, PANEL)
        go_rounds(db)
    with no_earlier("2026-12-01T09:00:00+08:00", latest, lives):
        go_rounds(db)
        control = play.rows("SELECT id FROM service_case WHERE process = 'CY'")[0].id
        for key, fields in ANSWERS.items():
            if key in play.items(control):
                play.decide(control, key, **fields)
        play.finish(case)
        go_rounds(db)
        assert play.case(control).ending == "penalised"


def no_earlier(moment: str, latest: datetime, lives: int) -> time_machine.travel:
    """Let it be a moment, or the latest that was if that is later; after each kill so much later that a watch takes over."""
    return time_machine.travel(max(datetime.fromisoformat(moment), latest) + lives * NEXT_LIFE, tick=False)


def go_rounds(db: Engine) -> None:
    """Go the rounds of the watches: one takes over what the dead have left."""
    Watch(db).take_over(RecoverReport())
    assert watch_cycles(db) == []
    assert watch_deadlines(db, clock.now()).failed == []


def what_happened(url: str) -> Effects:
    db = create_engine(url, poolclass=NullPool)
    books_balance(db)
    return effects(db)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_every_commit_a_control_ends_as_if_undisturbed(server: Server, template: str, after: bool) -> None:
    begun, urls = server.create(template), list[str]()
    db = connect(begun)
    with time_machine.travel(START, tick=False):
        planned(Play(db))
    db.dispose()
    urls = [server.create(begun), server.create(begun)]
    undisturbed = Child(urls[0], START, None, live, 0).end()
    seen: set[Point] = set()
    lives = 0
    while True:
        life = Child(urls[1], START, KillAtNew(seen, after), live, lives).end()
        void_leases(urls[1])
        seen.update(life.points)
        lives += 1
        if not life.killed:
            break
    found = differences(what_happened(urls[0]), what_happened(urls[1]))
    assert not found, "\n".join(found)
    assert lives > len(set(undisturbed.points)) // 2
    for url in (begun, *urls):
        server.drop(url)
