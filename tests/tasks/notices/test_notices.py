"""Everybody hears everything once, and a question whose time ran out is answered once."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine, event

from schemas.words import Role
from tasks.durable import clock, replay
from tasks.notices import queries, watch
from tasks.notices.rules import notice_text, watch_summary
from tasks.notices.watch import WatchReport, watch_deadlines
from tasks.unit.work import Work
from tests.play import Play
from tests.tasks.durable.chunks import statements_of

OVERDUE, OVER_3, OVER_7 = "overdue:PARTS_REVIEWER", "over-3:SUPERVISOR", "over-7:MANAGER"


@pytest.fixture
def today() -> Iterator[time_machine.Traveller]:
    """Let it be Wednesday 2026-11-18, 10:00 in Shanghai, until a test moves on."""
    with time_machine.travel("2026-11-18T10:00:00+08:00", tick=False) as traveller:
        yield traveller


@pytest.fixture
def play(db: Engine, today: time_machine.Traveller) -> Play:
    return Play(db)


@pytest.fixture
def case(play: Play) -> int:
    """A case at its review, due on Thursday at 10:00."""
    return play.apply(lines=1)


def shanghai(moment: str) -> datetime:
    return datetime.fromisoformat(f"2026-{moment}:00+08:00")


def sweep(play: Play, moment: str) -> WatchReport:
    """Let the watch go, as its job does, at a moment of 2026 in Shanghai: month-dayThour:minute."""
    with time_machine.travel(shanghai(moment), tick=False):
        return watch_deadlines(play.db, clock.now())


def told(play: Play, case: int) -> list[str]:
    found = play.rows("SELECT kind FROM notice WHERE case_id = :case ORDER BY sent_at, kind", case=case)
    return [row.kind for row in found]


def remind(play: Play, case: int, *entries: tuple[str, str, str]) -> None:
    """Give the open items of a case another schedule."""
    schedule = [{"at": shanghai(at).isoformat(), "kind": kind, "role": role} for at, kind, role in entries]
    first = min(entry["at"] for entry in schedule)
    change = "UPDATE work_item SET schedule = :schedule, look_at = :first WHERE case_id = :case"
    play.run(change, schedule=json.dumps(schedule), first=first, case=case)


def test_holder_supervisor_and_manager_hear_in_their_turn(play: Play, case: int) -> None:
    heard = []
    for moment in ("11-19T09:45", "11-19T10:00", "11-24T17:15", "11-25T08:30", "11-30T17:30"):
        sweep(play, moment)
        heard.append(told(play, case))
    assert heard == [[], [OVERDUE], [OVERDUE], [OVERDUE, OVER_3], [OVERDUE, OVER_3, OVER_7]]


def test_a_second_round_says_nothing_again(play: Play, case: int) -> None:
    first, second = sweep(play, "11-25T09:00"), sweep(play, "11-25T09:00")
    assert (len(first.told), second) == (2, WatchReport())
    assert told(play, case) == [OVER_3, OVERDUE]


def test_a_notice_says_what_is_due_in_chinese_first(play: Play, case: int) -> None:
    report = sweep(play, "11-19T10:00")
    number = play.case(case).number
    assert report.told == [
        f"{number} 审核修正 · 已逾期，应于 2026-11-19 10:00 完成 is overdue, was due 2026-11-19 10:00"
    ]
    kept = play.rows("SELECT * FROM notice")[0]
    assert (kept.text, kept.role, kept.step_key) == (report.told[0], "PARTS_REVIEWER", "review-1")
    assert kept.sent_at == shanghai("11-19T10:00")


def test_two_roles_hear_the_same_thing(play: Play, case: int) -> None:
    remind(play, case, ("11-19T10:00", "overdue", "WORKSHOP"), ("11-19T10:00", "overdue", "PLANNER"))
    sweep(play, "11-19T10:00")
    assert told(play, case) == ["overdue:PLANNER", "overdue:WORKSHOP"]


def test_daily_reminders_come_on_every_working_day(play: Play, case: int) -> None:
    remind(play, case, ("11-19T17:30", "daily", "WAREHOUSE"))
    evening, friday = "11-19T17:15", ("11-20T08:30", "11-20T15:00")
    moments = (evening, *friday, "11-21T10:00", "11-22T10:00", "11-23T09:00", "11-26T09:00")
    assert [len(sweep(play, moment).told) for moment in moments] == [0, 1, 0, 0, 0, 1, 1]
    days = ["2026-11-20", "2026-11-23", "2026-11-26"]
    assert told(play, case) == [f"daily-{day}:WAREHOUSE" for day in days]


def test_an_item_that_was_decided_is_silent(play: Play, case: int) -> None:
    play.decide(case, "review-1", 审核结论="驳回", 原因="重复申报")
    assert sweep(play, "11-30T17:30") == WatchReport()


def test_a_decision_between_sweep_and_notice_wins(play: Play, case: int, monkeypatch: pytest.MonkeyPatch) -> None:
    real = queries.items_to_tell

    def decide_meanwhile(*args: Any) -> Any:
        found = real(*args)
        play.decide(case, "review-1", 审核结论="驳回", 原因="重复申报")
        return found

    monkeypatch.setattr(queries, "items_to_tell", decide_meanwhile)
    assert sweep(play, "11-30T17:30") == WatchReport()
    assert told(play, case) == []


def test_watches_at_the_same_time_tell_everything_once(play: Play, case: int) -> None:
    cases = [case, *(play.apply(lines=1, office=office) for office in ("SH", "GZ", "WH"))]
    start = threading.Barrier(4)

    def work(_: int) -> WatchReport:
        start.wait()
        return watch_deadlines(play.db, clock.now())

    with time_machine.travel(shanghai("11-25T09:00"), tick=False), ThreadPoolExecutor(4) as threads:
        reports = list(threads.map(work, range(4)))
    assert [told(play, one) for one in cases] == [[OVER_3, OVERDUE]] * 4
    assert Counter(text for report in reports for text in report.told) == Counter(
        row.text for row in play.rows("SELECT text FROM notice")
    )


def test_a_watch_that_was_killed_is_finished_by_the_next(
    play: Play, case: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [play.apply(lines=1, office=office) for office in ("SH", "GZ")]
    real, calls = queries.tell, []

    def die_at_the_second(*args: Any) -> Any:
        calls.append(args)
        done = real(*args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return done

    monkeypatch.setattr(watch, "TOGETHER", 1)
    with monkeypatch.context() as patch:
        patch.setattr(queries, "tell", die_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            sweep(play, "11-19T12:00")
    assert len(play.rows("SELECT * FROM notice")) == 1
    assert len(sweep(play, "11-19T12:00").told) == 2
    assert [told(play, one) for one in (case, *others)] == [[OVERDUE]] * 3


def test_reading_takes_as_many_queries_for_many_items_as_for_one(play: Play, case: int) -> None:
    def statements() -> int:
        seen: list[str] = []

        def note(_conn: Any, _cursor: Any, statement: str, *_more: Any) -> None:
            seen.append(statement)

        event.listen(play.db, "before_cursor_execute", note)
        assert sweep(play, "11-25T09:15") == WatchReport()
        event.remove(play.db, "before_cursor_execute", note)
        return len(seen)

    sweep(play, "11-25T09:00")
    one = statements()
    for office in ("SH", "GZ", "WH", "CD"):
        play.apply(lines=1, office=office)
    sweep(play, "11-25T09:00")
    assert statements() == one <= 6


def test_telling_takes_as_many_statements_for_many_items_as_for_one(play: Play, case: int) -> None:
    """Issue G, Numbers: a constant number of queries."""
    with statements_of(play.db) as one:
        assert len(sweep(play, "11-19T10:00").told) == 1
    for office in ("SH", "GZ", "WH", "CD"):
        play.apply(lines=1, office=office)
    with statements_of(play.db) as many:
        assert len(sweep(play, "11-19T10:15").told) == 4
    assert len(one) == len(many)


def test_an_item_is_looked_at_when_something_of_it_is_due_and_not_before(play: Play, case: int) -> None:
    def next_looks() -> list[str]:
        found = play.rows("SELECT look_at FROM work_item WHERE case_id = :case AND state = 'open'", case=case)
        return [f"{row.look_at:%m-%d %H:%M}" for row in found if row.look_at]

    looks = [next_looks()]
    for moment in ("11-19T10:00", "11-24T17:30", "12-30T17:30"):
        sweep(play, moment)
        looks.append(next_looks())
    assert looks == [["11-19 02:00"], ["11-24 09:30"], ["11-30 09:30"], []]
    remind(play, case, ("12-30T17:00", "daily", "WAREHOUSE"))
    sweep(play, "12-30T17:30")
    assert next_looks() == ["12-30 16:00"], "the next midnight"


@pytest.fixture
def unchecked(play: Play, case: int, today: time_machine.Traveller) -> int:
    """A case whose goods arrived on Wednesday and are to be checked within five working days."""
    return arrived(play, case)


def arrived(play: Play, case: int) -> int:
    key = play.run_to(case, "pickup-1").step_key
    play.decide(case, key, 核对结果="已提货未核对", 到货日期="2026-11-18", 明细=[])
    assert list(play.items(case)) == ["check-1"]
    return case


def test_a_question_whose_time_ran_out_is_answered_by_the_system(play: Play, unchecked: int) -> None:
    assert sweep(play, "11-25T17:29") == WatchReport()
    assert sweep(play, "11-26T08:30").timed_out == [play.case(unchecked).number]
    assert play.case(unchecked).ending == "delivered"
    decided = play.rows("SELECT * FROM decision WHERE step_key = 'check-1'")
    assert [(row.actor, row.channel, row.accepted) for row in decided] == [("SYSTEM", "system", True)]
    assert sweep(play, "11-26T08:45") == WatchReport()


def test_an_answer_in_the_last_minute_wins_over_the_time_out(
    play: Play, unchecked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = queries.expired_items

    def answer_meanwhile(*args: Any) -> Any:
        found = real(*args)
        with time_machine.travel(play.items(unchecked)["check-1"].expires_at - timedelta(minutes=1)):
            play.decide(unchecked, "check-1", 核对结果="货单相符")
        return found

    monkeypatch.setattr(queries, "expired_items", answer_meanwhile)
    assert sweep(play, "11-26T08:30") == WatchReport()
    assert [row.kind for row in play.timeline(unchecked) if row.step_key == "check-1"] == ["decision"]


def test_one_case_with_a_fault_keeps_no_other_from_being_watched(
    play: Play, unchecked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = play.apply(lines=1, office="SH")

    def broken(work: Work, *_more: Any) -> Any:
        raise RuntimeError("a step is broken")

    monkeypatch.setattr(replay, "judge", broken)
    report = sweep(play, "11-26T08:30")
    assert report.failed == [(play.case(unchecked).number, "RuntimeError('a step is broken')")]
    assert OVERDUE in told(play, other)


def lay_hands_on(play: Play, case: int) -> None:
    """Hold a case's lease as a leg at work would, or one that died a moment ago."""
    play.run("INSERT INTO lease VALUES (:case, 'another', now() + interval '1 hour')", case=case)


def test_a_case_that_a_leg_has_in_hand_keeps_no_other_waiting_and_is_come_back_to(
    play: Play, unchecked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    second, late = arrived(play, play.apply(lines=1, office="SH")), play.apply(lines=1, office="GZ")
    before: list[object] = []

    def let_go(_seconds: float) -> None:
        before.extend([play.case(unchecked).ending, play.case(second).ending, OVERDUE in told(play, late)])
        play.run("DELETE FROM lease")

    lay_hands_on(play, unchecked)
    monkeypatch.setattr(watch, "sleep", let_go)
    report = sweep(play, "11-26T08:30")
    assert before == [None, "delivered", True]
    assert report.timed_out == [play.case(second).number, play.case(unchecked).number]
    assert (play.case(unchecked).ending, told(play, unchecked)) == ("delivered", [])


def test_what_a_leg_still_has_in_hand_is_said_and_left_to_the_next_round(
    play: Play, unchecked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_hands_on(play, unchecked)
    monkeypatch.setattr(watch, "VOID_AFTER", timedelta(0))
    report = sweep(play, "11-26T08:30")
    assert report.failed == [(play.case(unchecked).number, "正由他人办理 another has the case in hand")]
    play.run("DELETE FROM lease")
    assert sweep(play, "11-26T08:45").timed_out == [play.case(unchecked).number]


def test_the_office_is_asked_to_collect_after_2_5_and_10_working_days(play: Play, case: int) -> None:
    play.run_to(case, "pickup-1")
    for moment in ("11-20T09:00", "11-25T09:00", "12-02T09:00", "12-03T09:00"):
        sweep(play, moment)
    assert told(play, case) == ["pickup-2:OFFICE", "pickup-5:OFFICE", "pickup-10:OFFICE", "pickup-escalated:SUPERVISOR"]


def test_what_falls_due_outside_of_working_time_is_told_when_work_begins(play: Play, case: int) -> None:
    remind(play, case, ("11-21T10:00", "daily", "OFFICE"))  # a Saturday
    assert [sweep(play, moment).told for moment in ("11-21T10:00", "11-23T08:29")] == [[], []]
    assert len(sweep(play, "11-23T08:30").told) == 1


def test_what_falls_due_with_the_last_second_of_a_day_is_done_that_evening(play: Play, unchecked: int) -> None:
    with time_machine.travel(shanghai("11-25T17:30") + timedelta(seconds=0.7), tick=False):
        assert watch_deadlines(play.db, clock.now()).timed_out == [play.case(unchecked).number]


def test_a_watch_that_comes_late_in_the_evening_does_what_it_missed(play: Play, unchecked: int) -> None:
    assert sweep(play, "11-25T22:00").timed_out == [play.case(unchecked).number]


def test_every_kind_and_role_fits_and_reads_well(play: Play, case: int) -> None:
    kinds = ["warning", "overdue", "over-3", "over-7", "pickup-10", "pickup-escalated", "daily"]
    remind(play, case, *(("11-18T10:00", kind, role.value) for kind in kinds for role in Role))
    heard = sweep(play, "11-18T10:00").told
    assert len(told(play, case)) == len(heard) == len(kinds) * len(Role)
    texts = {text.partition(" · ")[2] for text in heard}
    assert len(texts) == len(kinds)
    assert not [text for text in texts if text.startswith("提醒")]
    assert "提醒 else" in notice_text("PA-2026-000001", "出库", "else:OFFICE", clock.now())


def test_the_summary_is_short_whatever_happened() -> None:
    at = datetime(2026, 11, 18, 2, tzinfo=UTC)
    quiet = watch_summary(at, [], [], [])
    assert quiet.startswith("### 时限巡检 Deadline watch · 2026-11-18 10:00")
    busy = watch_summary(at, ["x"] * 80, ["PA-1"], [("PA-2", "Fault()")])
    assert "另 30 条 more" in busy
    assert "⚠ PA-2: Fault()" in busy
