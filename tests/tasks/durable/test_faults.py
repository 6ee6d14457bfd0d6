"""A case whose step fails is tried again, ever more seldom; in time an engineer is asked; a closed case is left alone."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine

from schemas.answers import Answer
from schemas.words import Channel, Role
from tasks.durable import clock, replay
from tasks.durable.process import PROCESSES, Case, Closing
from tasks.durable.stage import advance
from tasks.durable.step import STEPS, step
from tasks.runs.mending import RecoverReport
from tasks.runs.watch import TAKE_OVER_AFTER, Watch
from tasks.unit.work import Work
from tests.play import Play
from tests.toy import opened, registered, toy

GRANTS = {"经办人工号": "E1040", "核对结论": "同意"}
BROKEN: set[str] = set()  # what fails at the moment


@pytest.fixture(autouse=True)
def toys() -> Iterator[None]:
    BROKEN.clear()
    steps = dict(STEPS)
    with registered():
        yield
        STEPS.clear()
        STEPS.update(steps)


@pytest.fixture
def play(db: Engine) -> Play:
    """One whose cases need not be as they should at the end: some stand still by a fault of their own."""
    return Play(db)


@step("先做", link="提出")
def first_step(work: Work) -> str:
    """Fail as long as the test says."""
    return stumble("first")


@step("后做", link="提出")
def second_step(work: Work) -> str:
    """Fail as long as the test says."""
    return stumble("second")


def stumble(name: str) -> str:
    if name in BROKEN:
        raise RuntimeError(f"{name} is broken")
    return name


@pytest.fixture
def stumbling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the toy take two steps that may fail, then go as it goes."""

    def function(case: Case) -> Closing:
        first_step(case)
        second_step(case)
        return toy(case)

    monkeypatch.setitem(PROCESSES, "TOY", replace(PROCESSES["TOY"], function=function))


def begun(play: Play, *broken: str) -> int:
    """Open a toy in which something fails; gives its id."""
    BROKEN.update(broken)
    with pytest.raises(RuntimeError):
        opened(play.db)
    return int(play.rows("SELECT max(id) AS id FROM service_case")[0].id)


def tried(play: Play, case: int) -> timedelta | None:
    """Let the watch try the case when it is due; gives after what pause it is due again, None where it is not."""
    due: datetime = play.case(case).ready_at
    with time_machine.travel(due + TAKE_OVER_AFTER, tick=False):
        Watch(play.db).take_over(RecoverReport())
        again: datetime | None = play.case(case).ready_at
        return again - clock.now() if again else None


def minutes(*pauses: timedelta | None) -> list[float]:
    return [pause.total_seconds() / 60 for pause in pauses if pause]


@pytest.mark.usefixtures("stumbling")
def test_a_faulty_case_is_tried_again_ever_more_seldom(play: Play) -> None:
    case = begun(play, "first")
    assert minutes(*(tried(play, case) for _ in range(8))) == [2, 4, 8, 16, 32, 60, 60, 60]
    assert "first is broken" in play.case(case).fault


@pytest.mark.usefixtures("stumbling")
def test_the_first_pause_is_a_minute(play: Play) -> None:
    with time_machine.travel("2026-11-18T10:00:00+08:00", tick=False):
        case = begun(play, "first")
        assert minutes(play.case(case).ready_at - clock.now()) == [1]


@pytest.mark.usefixtures("stumbling")
def test_the_third_fault_calls_an_engineer_who_is_needed_no_more_once_it_goes(play: Play) -> None:
    case = begun(play, "first")
    called = []
    for _ in range(3):
        tried(play, case)
        called.append(list(play.items(case)))
    assert called == [[], ["engineer-1"], ["engineer-1"]]
    item = play.items(case)["engineer-1"]
    assert (item.role, item.brief) == ("ENGINEER", ["RuntimeError('first is broken')"])
    BROKEN.clear()
    assert tried(play, case) is None
    assert list(play.items(case)) == ["check-1"]
    assert (play.case(case).fault, play.case(case).faults) == (None, 0)


@pytest.mark.usefixtures("stumbling")
def test_an_engineer_lets_it_be_tried_at_once(play: Play) -> None:
    play.grant("E1040", Role.ENGINEER)
    case = begun(play, "first")
    tried(play, case)
    tried(play, case)
    BROKEN.clear()
    assert advance(play.db, case, Answer("engineer-1", {"经办人工号": "E1040"}, Channel.CLI)).reply.accepted
    assert list(play.items(case)) == ["check-1"]


@pytest.mark.usefixtures("stumbling")
def test_faults_are_counted_from_the_last_step_on(play: Play) -> None:
    case = begun(play, "first", "second")
    tried(play, case)
    BROKEN.remove("first")
    assert minutes(*(tried(play, case) for _ in range(2))) == [1, 2]
    assert list(play.items(case)) == []


def test_a_fault_on_a_closed_case_leaves_it_alone(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    case = opened(play.db)
    grants = Answer("check-1", GRANTS, Channel.CLI)
    assert advance(play.db, case, grants).closed

    def fails(*_: Any) -> Any:
        raise RuntimeError("a moment's fault")

    monkeypatch.setattr(replay, "too_late", fails)
    with pytest.raises(RuntimeError):
        advance(play.db, case, grants)
    closed = play.case(case)
    assert (closed.ready_at, closed.fault, closed.faults) == (None, None, 0)


def test_an_answer_that_fails_at_its_gate_counts_as_the_first_fault(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = opened(play.db)

    def fails(*_: Any) -> Any:
        raise RuntimeError("a moment's fault")

    with monkeypatch.context() as patch:
        patch.setattr(replay, "judge", fails)
        for _ in range(4):
            with pytest.raises(RuntimeError):
                advance(play.db, case, Answer("check-1", GRANTS, Channel.CLI))
            assert play.case(case).faults == 1
    assert tried(play, case) is None
    assert (list(play.items(case)), play.case(case).faults) == (["check-1"], 0)
