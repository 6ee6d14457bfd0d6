"""Whoever comes at once, however often: one wins, the others are told (law 3). No deadlock, no lost stock.

Races are run with leases as they are, and with leases that keep nobody out: safety must not hang on them (law
5).
"""

import os
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any, TypeVar

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine

from deployments.database import connect
from schemas.answers import Answer, Opened, Reply
from schemas.problems import BadInput
from schemas.words import Channel, Role
from tasks.durable import queries, stage
from tasks.durable.opening import open_case
from tasks.durable.queries import Entry
from tasks.durable.stage import Leg, advance
from tests.books import books_balance
from tests.databases import Server
from tests.play import LINES, Play, line
from tests.tasks.durable.effects import differences, effects
from tests.tasks.durable.plans import ON_STOCK, PANEL, SUPERVISOR, Plan
from tests.tasks.durable.turns import taking_turns

T = TypeVar("T")
REVIEWER, OTHER, PLANNER, APPLICANT = "E1001", "E1002", "E1004", "E1049"
EXAMPLES = int(os.environ.get("CRASH_EXAMPLES", "8"))


@pytest.fixture(params=["leases", "no leases"])
def lease(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases as they are, or leases that keep nobody out."""
    if request.param == "no leases":
        monkeypatch.setattr(stage, "held", lambda *_: nullcontext())


@contextmanager
def staged(server: Server, template: str) -> Iterator[Play]:
    """A stage with a database of its own."""
    with server.copied(template) as db:
        yield Play(db)


def at_once(*acts: Callable[[], T]) -> list[T]:
    """Do all of it at once, each in a thread of its own."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], T]) -> T:
        start.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def decides(play: Play, case: int, key: str, staff: str | None = None, **fields: Any) -> Callable[[], Reply]:
    """Prepare an answer that is sent later."""
    data = play.answer(case, key, staff, **fields)
    return lambda: play.send(case, key, data).reply


def withdraws(play: Play, case: int, staff: str) -> Callable[[], Reply]:
    return partial(play.withdraw, case, staff)


def told(reply: Reply) -> str:
    return "\n".join(map(str, reply.problems))


# decisions


@pytest.mark.usefixtures("lease")
@pytest.mark.parametrize("_turn", range(3))
def test_two_people_decide_at_once_and_one_wins(play: Play, _turn: int) -> None:
    case = play.apply(lines=2)
    approves = decides(play, case, "review-1", REVIEWER, 审核结论="通过")
    rejects = decides(play, case, "review-1", OTHER, 审核结论="驳回", 原因="不属三包")
    approved, rejected = at_once(approves, rejects)
    assert approved.accepted != rejected.accepted
    winner, loser = (REVIEWER, rejected) if approved.accepted else (OTHER, approved)
    assert f"already decided by {winner}" in told(loser)
    assert [entry.actor for entry in play.timeline(case) if entry.step_key == "review-1"] == [winner]
    assert (play.state(case) == "closed") == rejected.accepted


@pytest.mark.usefixtures("lease")
@pytest.mark.parametrize("times", [4, 50])
def test_the_same_decision_sent_often_at_once_counts_once(play: Play, times: int) -> None:
    case = play.apply(lines=2)
    replies = at_once(*[decides(play, case, "review-1", REVIEWER)] * times)
    assert Counter(reply.accepted for reply in replies) == {True: 1, False: times - 1}
    assert all(f"already decided by {REVIEWER}" in told(reply) for reply in replies if not reply.accepted)
    decisions = play.rows("SELECT accepted, count(*) AS times FROM decision GROUP BY accepted")
    assert {row.accepted: row.times for row in decisions} == {True: 1, False: times - 1}


@pytest.mark.usefixtures("lease")
@pytest.mark.parametrize("_turn", range(2))
def test_planner_and_applicant_at_once_and_one_is_told(play: Play, _turn: int) -> None:
    case = play.apply([PANEL])
    play.run_to(case, "plan-1")
    planned, taken_back = at_once(decides(play, case, "plan-1", PLANNER), withdraws(play, case, APPLICANT))
    assert planned.accepted != taken_back.accepted
    if planned.accepted:
        assert "production has started" in told(taken_back)
        assert play.state(case) == "车间生产"
    else:
        assert f"already decided by {APPLICANT}" in told(planned)
        assert play.case(case).ending == "withdrawn"


@pytest.mark.usefixtures("lease")
@pytest.mark.parametrize("_turn", range(2))
def test_goods_counted_while_the_case_is_withdrawn_are_booked_once_before_it_ends(play: Play, _turn: int) -> None:
    case = play.apply([PANEL])
    play.run_to(case, "goods-in-1-1")
    counted, taken_back = at_once(decides(play, case, "goods-in-1-1"), withdraws(play, case, SUPERVISOR))
    assert taken_back.accepted
    left = [] if counted.accepted else ["goods-in-1-1-left"]
    assert list(play.items(case)) == left, "what was made and is not counted yet is counted first"
    for key in left:
        play.decide(case, key)
    assert play.case(case).ending == "withdrawn"
    assert len(play.documents(case, "RK")) == 1


def test_a_withdrawal_after_a_killed_leg_finds_that_production_has_started(play: Play) -> None:
    class Died(BaseException):
        pass

    def die_after_placing(title: str, act: Callable[[], Sequence[Entry]]) -> Sequence[Entry]:
        entries = act()
        if title == "下达生产":
            raise Died
        return entries

    case = play.apply([PANEL])
    play.run_to(case, "plan-1")
    answer = Answer("plan-1", play.answer(case, "plan-1"), Channel.CLI)
    with pytest.raises(Died):
        advance(play.db, case, answer, Leg(play.db, die_after_placing))
    assert play.state(case) == "计划确认"
    reply = play.withdraw(case, APPLICANT)
    assert not reply.accepted
    assert "production has started" in told(reply)
    assert play.state(case) == "车间生产"


# legs


@pytest.mark.usefixtures("lease")
def test_legs_of_the_same_case_at_once_do_what_one_does(server: Server, template: str, play: Play) -> None:
    def opened(db: Engine) -> int:
        return open_case(db, "PA", Plan().application(), "cli:race", Channel.CLI).case_id

    case = opened(play.db)
    at_once(*[partial(advance, play.db, case)] * 4)
    with staged(server, template) as quiet:
        advance(quiet.db, opened(quiet.db))
        found = differences(effects(quiet.db), effects(play.db))
    assert not found, "\n".join(found)


GATES = ["review-1", "plan-1", "produce-1-panel-1", "goods-in-1-1", "goods-out-1-1", "pickup-1"]
ACTS = ["decides", "another decides", "watch", "supervisor withdraws", "applicant withdraws"]


@pytest.fixture(scope="module")
def gates(server: Server, template: str) -> dict[str, str]:
    """A database for each gate of a case, where it waits there."""
    url, found = server.create(template), {}
    db = connect(url)
    play = Play(db)
    case = play.apply([PANEL])
    for gate in GATES:
        play.run_to(case, gate)
        db.dispose()
        found[gate] = server.create(url)
    return found


def prepare(play: Play, case: int, gate: str, what: str) -> Callable[[], Reply]:
    if what == "watch":
        return lambda: advance(play.db, case).reply
    if what.endswith("withdraws"):
        return withdraws(play, case, SUPERVISOR if what.startswith("supervisor") else APPLICANT)
    item = play.items(case)[gate]
    able = play.holders(Role(item.role), item.office, item.unit)
    return decides(play, case, gate, able[-1] if what == "another decides" else None)


@settings(max_examples=EXAMPLES * 5, derandomize="CRASH_EXAMPLES" not in os.environ, deadline=None, database=None)
@given(
    gate=st.sampled_from(GATES),
    who=st.lists(st.sampled_from(ACTS), min_size=2, max_size=3),
    order=st.lists(st.integers(0, 2), max_size=20),
)
@example(gate="review-1", who=["decides", "decides"], order=[1, 1])
@example(gate="produce-1-panel-1", who=["decides", "decides"], order=[0, 0, 0, 1])
def test_in_whatever_order_legs_commit_each_answer_counts_once_or_is_refused(
    server: Server, gates: dict[str, str], gate: str, who: list[str], order: list[int]
) -> None:
    with staged(server, gates[gate]) as play:
        case = play.rows("SELECT id FROM service_case")[0].id
        before = len(play.rows("SELECT FROM decision WHERE accepted"))
        replies = taking_turns(order, *(prepare(play, case, gate, what) for what in who))
        answered = [reply.accepted for what, reply in zip(who, replies, strict=True) if what != "watch"]
        counted = play.rows("SELECT accepted FROM decision ORDER BY id")[before:]
        assert sorted(row.accepted for row in counted) == sorted(answered)
        assert play.case(case).fault is None
        books_balance(play.db)


# stock and applications


def test_cases_that_want_the_same_stock_share_it(play: Play) -> None:
    stock = {"P-HW-023": 6, "P-HW-018": 22, "P-GL-002": 3, "P-UP-003": 4}
    assert {part: play.stock(part)[0] for part in stock} == stock
    shuffled, approvals, cases = random.Random(8), [], []
    for _ in range(8):
        case = play.apply([line(part, 3) for part in shuffled.sample(sorted(stock), len(stock))])
        cheap = [row | {"单价": 1} for row in play.items(case)["review-1"].prefill["明细"]]
        approvals.append(decides(play, case, "review-1", 明细=cheap))
        cases.append(case)
    assert all(reply.accepted for reply in at_once(*approvals))
    held = play.rows("SELECT part, sum(quantity) AS held FROM reservation GROUP BY part")
    assert {row.part: row.held for row in held} == {part: min(24, have) for part, have in stock.items()}
    at_once(*(partial(play.finish, case) for case in cases))
    made = play.rows("SELECT part, sum(quantity) AS made FROM production_order GROUP BY part")
    assert {row.part: row.made for row in made} == {part: 24 - have for part, have in stock.items()}
    assert not any(sum(play.stock(part)) for part in stock)


def test_the_same_application_sent_twenty_times_at_once_makes_one_case(play: Play) -> None:
    application = Plan(lines=LINES).application()
    sent = at_once(*[lambda: open_case(play.db, "PA", application, "cli:one", Channel.CLI)] * 20)
    assert Counter(opened.new for opened in sent) == {True: 1, False: 19}
    assert len({(opened.case_id, opened.number) for opened in sent}) == 1
    assert play.rows("SELECT value FROM counter WHERE name LIKE 'case:%'")[0].value == 1
    advance(play.db, sent[0].case_id)


def test_an_application_that_is_accepted_while_it_is_checked_is_no_twin_of_itself(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    application, look = Plan().application(), queries.cases_by_origin
    sent: list[Opened] = []

    def look_and_be_overtaken(connection: Connection, origins: list[str]) -> Any:
        found = look(connection, origins)
        monkeypatch.undo()
        sent.append(open_case(play.db, "PA", application, origins[0], Channel.CLI))
        return found

    monkeypatch.setattr(queries, "cases_by_origin", look_and_be_overtaken)
    opened = open_case(play.db, "PA", application, "cli:one", Channel.CLI)
    assert not opened.new
    assert opened.number == sent[0].number
    advance(play.db, opened.case_id)


def test_twin_applications_at_once_make_one_case_and_name_it(play: Play) -> None:
    def apply(n: int) -> Opened | BadInput:
        try:
            return open_case(play.db, "PA", Plan(lines=(ON_STOCK,)).application(), f"cli:{n}", Channel.CLI)
        except BadInput as wrong:
            return wrong

    sent = at_once(*(partial(apply, n) for n in range(8)))
    (opened,) = [one for one in sent if isinstance(one, Opened)]
    assert all(f"already open in {opened.number}" in str(one) for one in sent if one is not opened)
    advance(play.db, opened.case_id)


@pytest.mark.parametrize("order", [[0, 1] * 8, [0, 0, 1, 1] * 4, [1, 0, 0, 1] * 4])
def test_two_cases_of_an_order_that_resubmit_the_same_part_do_not_jam_each_other(play: Play, order: list[int]) -> None:
    first = play.apply([line("P-HW-001")])
    number = play.rows("SELECT order_no FROM service_case WHERE id = :case", case=first)[0].order_no
    second = play.apply([line("P-HW-002")], 订单号=number)
    for case in (first, second):
        play.decide(case, "review-1", 审核结论="退回办事处", 原因="请改型号")
    same = [line("P-HW-003")]
    replies = taking_turns(order, *(decides(play, case, "resubmit-1", 明细=same) for case in (first, second)))
    assert sorted(reply.accepted for reply in replies) == [False, True]
    assert [row.fault for row in play.rows("SELECT fault FROM service_case")] == [None, None]
    told = next(reply for reply in replies if not reply.accepted)
    assert "already open in PA-" in str(told.problems[0])
    books_balance(play.db)
