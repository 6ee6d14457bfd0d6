"""Whoever comes at once, and however often: one wins, the others are told (law 3). No deadlock, no lost stock.

Every race is run twice: with leases as they are, and with leases that keep nobody out, because safety must not
hang on them (law 5).
"""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from typing import Any, TypeVar

import pytest
from sqlalchemy import Engine, text

from schemas.states import Channel
from tasks.durable import engine
from tasks.durable.engine import Opened, advance, open_case
from tasks.durable.question import Answer, Reply
from tests.books import books_balance
from tests.conftest import Server
from tests.durable.effects import differences, effects
from tests.durable.plans import PANEL, SUPERVISOR, Plan
from tests.play import LINES, Play, line

T = TypeVar("T")
REVIEWER, OTHER, PLANNER, APPLICANT = "E1001", "E1002", "E1004", "E1049"


@pytest.fixture(params=["leases", "no leases"])
def lease(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Leases as they are, or leases that keep nobody out."""
    if request.param == "no leases":
        monkeypatch.setattr(engine, "held", lambda _db, _case: nullcontext())
    return str(request.param)


@pytest.fixture
def play(db: Engine) -> Iterator[Play]:
    yield Play(db)
    assert Play(db).rows("SELECT fault FROM service_case WHERE fault IS NOT NULL") == []
    books_balance(db)
    assert Play(db).rows("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")[0].deadlocks == 0


def at_once(*acts: Callable[[], T]) -> list[T]:
    """Do all of it at once, each in a thread of its own."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], T]) -> T:
        start.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def sends(play: Play, case: int, key: str, staff: str | None = None, **fields: Any) -> Callable[[], Reply]:
    """Prepare an answer that is sent later."""
    data = play.answer(case, key, staff, **fields)
    return lambda: play.send(case, key, data).reply


def withdraws(play: Play, case: int, staff: str) -> Callable[[], Reply]:
    return lambda: play.withdraw(case, staff)


def told(reply: Reply) -> str:
    return "\n".join(map(str, reply.problems))


@pytest.mark.parametrize("_round", range(4))
def test_two_people_decide_at_once_and_one_wins(play: Play, lease: str, _round: int) -> None:
    case = play.apply(lines=2)
    approves = sends(play, case, "review-1", REVIEWER, 审核结论="通过")
    rejects = sends(play, case, "review-1", OTHER, 审核结论="驳回", 原因="不属三包")
    replies = dict(zip([REVIEWER, OTHER], at_once(approves, rejects), strict=True))
    (winner,) = [staff for staff, reply in replies.items() if reply.accepted]
    loser = OTHER if winner == REVIEWER else REVIEWER
    assert f"already decided by {winner}" in told(replies[loser]) or "is closed" in told(replies[loser])
    (entry,) = [entry for entry in play.timeline(case) if entry.step_key == "review-1"]
    assert entry.actor == winner
    assert (play.state(case) == "closed") == (winner == OTHER)


def test_the_same_decision_sent_fifty_times_counts_once(play: Play) -> None:
    case = play.apply(lines=2)
    replies = at_once(*[sends(play, case, "review-1", REVIEWER)] * 50)
    assert Counter(reply.accepted for reply in replies) == {True: 1, False: 49}
    assert {f"already decided by {REVIEWER}" in told(reply) for reply in replies if not reply.accepted} == {True}
    decisions = play.rows("SELECT accepted, count(*) AS times FROM decision GROUP BY accepted ORDER BY accepted")
    assert [(row.accepted, row.times) for row in decisions] == [(False, 49), (True, 1)]


def test_the_same_decision_sent_four_times_without_leases_counts_once(play: Play, lease: str) -> None:
    case = play.apply(lines=2)
    replies = at_once(*[sends(play, case, "review-1", REVIEWER)] * 4)
    assert Counter(reply.accepted for reply in replies) == {True: 1, False: 3}


@pytest.mark.parametrize("_round", range(4))
def test_legs_of_the_same_case_at_once_do_what_one_does(
    server: Server, template: str, db: Engine, play: Play, lease: str, _round: int
) -> None:
    opened = open_case(db, "PA", Plan().application(), "cli:race", Channel.CLI)
    at_once(*[lambda: advance(db, opened.case_id)] * 4)
    alone = server.create(template)
    from deployments.database import connect
    quiet = connect(alone)
    advance(quiet, open_case(quiet, "PA", Plan().application(), "cli:race", Channel.CLI).case_id)
    found = differences(effects(quiet), effects(db))
    quiet.dispose()
    assert not found, "\n".join(found)


@pytest.mark.parametrize("_round", range(3))
def test_planner_and_applicant_at_once_and_one_is_told(play: Play, lease: str, _round: int) -> None:
    case = play.apply([PANEL])
    play.run_to(case, "plan-1")
    planned, taken_back = at_once(sends(play, case, "plan-1", PLANNER), withdraws(play, case, APPLICANT))
    assert planned.accepted != taken_back.accepted
    if planned.accepted:
        assert "production has started" in told(taken_back)
        assert play.state(case) == "production"
    else:
        assert "is closed" in told(planned) or f"already decided by {APPLICANT}" in told(planned)
        assert play.case(case).ending == "withdrawn"


@pytest.mark.parametrize("_round", range(3))
def test_supervisor_withdraws_while_goods_are_counted(play: Play, lease: str, _round: int) -> None:
    case = play.apply([PANEL])
    play.run_to(case, "goods-in-1-1")
    counted, taken_back = at_once(sends(play, case, "goods-in-1-1"), withdraws(play, case, SUPERVISOR))
    assert taken_back.accepted
    assert play.case(case).ending == "withdrawn"
    assert len(play.documents(case, "RK")) == counted.accepted


def test_cases_that_want_the_same_stock_share_it(play: Play) -> None:
    stock = {"P-HW-023": 6, "P-HW-018": 22, "P-GL-002": 3, "P-UP-003": 4}
    assert {part: play.stock(part)[0] for part in stock} == stock
    shuffled, cases = random.Random(8), []
    for _ in range(8):
        parts = shuffled.sample(sorted(stock), len(stock))
        cases.append(play.apply([line(part, 3) for part in parts]))
    approvals = []
    for case in cases:
        cheap = [row | {"单价": 1} for row in play.items(case)["review-1"].prefill["明细"]]
        approvals.append(sends(play, case, "review-1", 明细=cheap))
    assert all(reply.accepted for reply in at_once(*approvals))
    held = play.rows("SELECT part, sum(quantity) AS held FROM reservation GROUP BY part")
    assert {row.part: row.held for row in held} == {part: min(24, have) for part, have in stock.items()}
    at_once(*(partial(play.finish, case) for case in cases))
    made = play.rows("SELECT part, sum(quantity) AS made FROM production_order GROUP BY part")
    assert {row.part: row.made for row in made} == {part: 24 - have for part, have in stock.items()}
    assert all(play.stock(part) == (0, 0) for part in stock)


def test_the_same_application_sent_twenty_times_at_once_makes_one_case(db: Engine, play: Play) -> None:
    plan = Plan(lines=LINES)
    opened = at_once(*[lambda: open_case(db, "PA", plan.application(), "cli:one", Channel.CLI)] * 20)
    assert Counter(one.new for one in opened) == {True: 1, False: 19}
    assert {one.number for one in opened} == {"PA-2026-000001"}
    advance(db, opened[0].case_id)


def test_twin_applications_at_once_make_one_case(db: Engine, play: Play) -> None:
    ...
