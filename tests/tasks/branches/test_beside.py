"""Branches: parts of a process that go on side by side, in toys that are changed to have some."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from schemas.answers import Answer, Reply, Turn
from schemas.words import Channel, Role, Verdict
from tasks.branches.beside import Branch, alone, beside, drop, drop_all, next_answer, rest, side_by_side
from tasks.durable.process import PROCESSES, Case, Closing, ask
from tasks.durable.question import Question
from tasks.durable.signals import TimedOut
from tasks.durable.stage import advance, advance_chunk
from tests.play import Play
from tests.toy import ToyEnding, WishCheck, opened, registered

GRANTS = {"经办人工号": "E1040", "核对结论": "同意"}


@pytest.fixture(autouse=True)
def toys() -> Iterator[None]:
    with registered():
        yield


@pytest.fixture
def become(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Case], Closing]], None]:
    """Let the toy be another process, for the rest of the test."""

    def become(function: Callable[[Case], Closing]) -> None:
        monkeypatch.setitem(PROCESSES, "TOY", replace(PROCESSES["TOY"], function=function))

    return become


Become = Callable[[Callable[[Case], Closing]], None]


def check(key: str) -> Question[WishCheck]:
    return Question(key, "核对", Role.SUPERVISOR, WishCheck, lambda work: work.now)


def late(key: str) -> Question[WishCheck]:
    """A question whose time has run out as soon as it is asked, so that SYSTEM may answer it."""
    return replace(check(key), expires=lambda work: work.now)


def decide(play: Play, case: int, key: str) -> Reply:
    return advance(play.db, case, Answer(key, GRANTS, Channel.CLI)).reply


def twice(name: str, heard: list[str]) -> Branch[None]:
    """Asks two questions one after the other."""
    for turn in (1, 2):
        said = yield check(f"{name}-{turn}")
        assert said.verdict == Verdict.APPROVE
        heard.append(f"{name}-{turn}")


def two_beside_one(case: Case) -> Closing:
    """Has two branches, and a question of its own."""
    case, heard = side_by_side(case), list[str]()
    beside(case, twice("left", heard))
    beside(case, twice("right", heard))
    ask(case, check("own"))
    heard.append("own")
    rest(case)
    return Closing(ToyEnding.GRANTED, " ".join(heard))


def test_the_questions_of_branches_stand_open_beside_the_process_own(play: Play, become: Become) -> None:
    become(two_beside_one)
    case = opened(play.db)
    assert set(play.items(case)) == {"own", "left-1", "right-1"}


def test_a_branch_goes_on_while_the_process_waits(play: Play, become: Become) -> None:
    become(two_beside_one)
    case = opened(play.db)
    assert decide(play, case, "left-1").accepted
    assert set(play.items(case)) == {"own", "left-2", "right-1"}


def test_a_process_rests_until_no_branch_waits_and_hears_all_in_the_order_of_the_answers(
    play: Play, become: Become
) -> None:
    become(two_beside_one)
    case = opened(play.db)
    for key in ("right-1", "own", "left-1"):
        assert decide(play, case, key).accepted
    assert (set(play.items(case)), play.state(case)) == ({"left-2", "right-2"}, "核对")
    for key in ("right-2", "left-2"):
        assert decide(play, case, key).accepted
    row = play.case(case)
    assert (row.ending, row.ending_reason) == ("granted", "right-1 own left-1 right-2 left-2")


def test_answers_to_branches_of_many_cases_are_taken_in_one_chunk(play: Play, become: Become) -> None:
    become(two_beside_one)
    cases = [opened(play.db) for _ in range(3)]
    keys = ["left-1", "right-1", "left-2", "own", "right-2"]
    answers = [Answer(key, GRANTS, Channel.SHEET) for key in keys]
    results = advance_chunk(play.db, [Turn(case, answers) for case in cases])
    assert [(result.closed, result.fault) for result in results] == [(True, "")] * 3
    assert {play.case(case).ending_reason for case in cases} == {" ".join(keys)}


def test_an_answer_to_a_branch_gives_the_process_the_turn_to_ask_something_else(play: Play, become: Become) -> None:
    def asks_what_branches_leave(case: Case) -> Closing:
        case, heard = side_by_side(case), list[str]()
        branch = beside(case, twice("branch", heard))
        while next_answer(case, check(f"after-{len(heard)}")) is None:
            pass
        drop(case, branch)
        return Closing(ToyEnding.GRANTED, f"after {len(heard)}")

    become(asks_what_branches_leave)
    case = opened(play.db)
    assert set(play.items(case)) == {"branch-1", "after-0"}
    assert decide(play, case, "branch-1").accepted
    assert set(play.items(case)) == {"branch-2", "after-1"}
    assert decide(play, case, "after-1").accepted
    assert play.case(case).ending_reason == "after 1"


def test_a_branch_that_is_dropped_is_asked_no_longer_and_the_others_are(play: Play, become: Become) -> None:
    def drops_one(case: Case) -> Closing:
        case, heard = side_by_side(case), list[str]()
        left, _ = (beside(case, twice(name, heard)) for name in ("left", "right"))
        ask(case, check("own"))
        drop(case, left)
        drop(case, left)  # which does not wait any more
        drop(case, None)
        rest(case)
        return Closing(ToyEnding.GRANTED, " ".join(heard))

    become(drops_one)
    case = opened(play.db)
    assert decide(play, case, "own").accepted
    assert set(play.items(case)) == {"right-1"}
    assert not decide(play, case, "left-1").accepted


def test_all_branches_are_dropped_at_once(play: Play, become: Become) -> None:
    def drops_all(case: Case) -> Closing:
        case = side_by_side(case)
        for name in ("left", "right"):
            beside(case, twice(name, []))
        ask(case, check("own"))
        drop_all(case)
        rest(case)
        return Closing(ToyEnding.GRANTED)

    become(drops_all)
    case = opened(play.db)
    assert decide(play, case, "own").accepted
    assert (play.case(case).ending, dict(play.items(case))) == ("granted", {})


def waits(key: str, heard: list[str]) -> Branch[str]:
    """Says whether it was answered in time."""
    try:
        yield late(key)
    except TimedOut as signal:
        heard.append(f"late {signal.key}")
        return "late"
    return "in time"


def forgetful(key: str) -> Branch[None]:
    """Does not think of a time-out."""
    yield late(key)


def with_a_late_branch(case: Case) -> Closing:
    case, heard = side_by_side(case), list[str]()

    def branch() -> Branch[None]:
        yield from waits("branch", heard)

    beside(case, branch())
    ask(case, late("own"))
    return Closing(ToyEnding.GRANTED, " ".join(heard))


def test_a_time_out_is_raised_in_the_branch_that_asked(play: Play, become: Become) -> None:
    become(with_a_late_branch)
    case = opened(play.db)
    assert play.time_out(case, "branch").accepted
    assert set(play.items(case)) == {"own"}


def test_a_time_out_of_the_process_own_question_is_raised_in_the_process(play: Play, become: Become) -> None:
    become(with_a_late_branch)
    case = opened(play.db)
    assert play.time_out(case, "own").accepted
    assert (play.case(case).ending, dict(play.items(case))) == ("timed_out", {})


def test_a_time_out_that_a_branch_does_not_catch_ends_the_case(play: Play, become: Become) -> None:
    def process(case: Case) -> Closing:
        case = side_by_side(case)
        beside(case, forgetful("branch"))
        ask(case, check("own"))
        return Closing(ToyEnding.GRANTED)

    become(process)
    case = opened(play.db)
    assert play.time_out(case, "branch").accepted
    assert play.case(case).ending == "timed_out"


def test_a_case_is_withdrawn_with_its_branches(play: Play, become: Become) -> None:
    become(two_beside_one)
    case = opened(play.db)
    assert decide(play, case, "left-1").accepted
    assert play.withdraw(case, "E1049").accepted
    assert (play.case(case).ending, dict(play.items(case))) == ("withdrawn", {})


@pytest.mark.parametrize("side", [True, False], ids=["of a case with branches", "of a plain case"])
def test_a_branch_that_is_gone_through_alone_gives_what_it_returns(play: Play, become: Become, side: bool) -> None:
    def process(case: Case) -> Closing:
        return Closing(ToyEnding.GRANTED, alone(side_by_side(case) if side else case, waits("branch", [])))

    become(process)
    late_case = opened(play.db)
    assert set(play.items(late_case)) == {"branch"}
    assert play.time_out(late_case, "branch").accepted
    assert play.case(late_case).ending_reason == "late"


def test_a_branch_that_asks_nothing_is_over_at_once(play: Play, become: Become) -> None:
    def nothing() -> Branch[str]:
        return "done"
        yield check("never")

    def process(case: Case) -> Closing:
        case = side_by_side(case)
        return Closing(ToyEnding.GRANTED, alone(case, nothing()))

    become(process)
    assert play.case(opened(play.db)).ending_reason == "done"


def test_a_case_that_has_branches_stays_what_it_is(play: Play, become: Become) -> None:
    def process(case: Case) -> Closing:
        case = side_by_side(case)
        beside(case, twice("branch", []))
        assert side_by_side(case) is case
        drop_all(side_by_side(case))
        return Closing(ToyEnding.GRANTED)

    become(process)
    assert play.case(opened(play.db)).ending == "granted"
