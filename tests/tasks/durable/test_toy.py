"""A process of three steps beside process 1: the core knows neither."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from schemas.answers import Answer, Turn
from schemas.problems import IllegalTransition, ProcessChanged
from schemas.words import Channel, EntryKind, Role
from tasks.durable.process import PROCESSES
from tasks.durable.stage import advance, advance_chunk
from tasks.runs.queries import ready_cases
from tests.play import Play, line
from tests.toy import ToyEnding, opened, registered

GRANTS = {"经办人工号": "E1040", "核对结论": "同意"}


@pytest.fixture(autouse=True)
def toys() -> Iterator[None]:
    with registered():
        yield


def decide(play: Play, case: int, key: str = "check-1", **fields: str) -> bool:
    return advance(play.db, case, Answer(key, GRANTS | fields, Channel.CLI)).reply.accepted


def number(play: Play, case: int) -> str:
    return str(play.case(case).number)


def links(play: Play, case: int) -> list[str]:
    return [row.link for row in play.timeline(case)]


def test_a_toy_opens_waits_is_decided_and_ends_well(play: Play) -> None:
    case = opened(play.db)
    assert (number(play, case), play.state(case)) == ("TOY-2026-000001", "核对")
    assert decide(play, case)
    assert play.case(case).ending == "granted"
    assert links(play, case)[:3] == ["提出", "核对", "完成"]


def test_it_goes_round_again_and_ends_badly(play: Play) -> None:
    case = opened(play.db)
    assert decide(play, case, 核对结论="不同意")
    assert list(play.items(case)) == ["check-2"]
    assert decide(play, case, "check-2", 核对结论="不同意", 原因="太贵")
    assert (play.case(case).ending, play.case(case).ending_reason) == ("denied", "太贵")


def test_toys_and_applications_go_in_one_chunk(play: Play) -> None:
    toy, parts = opened(play.db), play.apply([line("P-HW-001", 4)])
    wrong = Answer("check-1", GRANTS | {"经办人工号": "E1049"}, Channel.SHEET)
    review = Answer("review-1", play.answer(parts, "review-1"), Channel.SHEET)
    right = Answer("", GRANTS, Channel.SHEET, form="tests.toy:WishCheck")
    results = advance_chunk(play.db, [Turn(toy, [wrong, right]), Turn(parts, [review])])
    assert [[reply.accepted for reply in result.replies] for result in results] == [[False, True], [True]]
    assert (play.case(toy).ending, play.state(parts)) == ("granted", "出库")


def test_a_toy_is_replayed_and_withdrawn_by_its_own_rules(play: Play) -> None:
    case = opened(play.db)
    assert advance(play.db, case).closed is False
    refused = play.withdraw(case, "E1001")
    assert "只有申报人或客服主管可以撤回" in str(refused.problems[0])
    assert play.withdraw(case, "E1049").accepted
    assert play.case(case).ending == "withdrawn"


def test_a_toy_whose_code_changed_calls_the_engineer(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    case = opened(play.db)
    monkeypatch.setitem(PROCESSES, "TOY", PROCESSES["TOW"])
    with pytest.raises(ProcessChanged, match="note-wish"):
        advance(play.db, case)
    monkeypatch.undo()
    assert list(play.items(case)) == ["engineer-1", "check-1"]
    assert decide(play, case)


def test_a_case_goes_on_along_its_chain_and_back_only_as_far_as_its_process_says() -> None:
    parts = PROCESSES["PA"]
    assert parts.may_go("审核修正", "办事处申报")
    assert parts.may_go("催提", "计划确认")
    assert parts.may_go("出库", "审核修正"), "urgent goods leave before the review"
    assert not parts.may_go("计划确认", "审核修正")
    assert not parts.may_go("审核修正", "核对")


def test_a_question_at_a_link_that_may_not_follow_raises(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    case = opened(play.db)
    process = PROCESSES["TOY"]
    monkeypatch.setitem(PROCESSES, "TOY", replace(process, chain="核对 → 提出 → 完成"))
    play.run("UPDATE service_case SET link = '完成', ready_at = opened_at WHERE id = :case", case=case)
    play.run("DELETE FROM work_item WHERE case_id = :case", case=case)
    with pytest.raises(IllegalTransition, match="from 完成 to 核对"):
        advance(play.db, case)
    monkeypatch.setitem(PROCESSES, "TOY", replace(process, chain="完成 → 核对 → 提出"))
    advance(play.db, case)
    assert play.state(case) == "核对"


@pytest.mark.parametrize("missing", ["withdrawn", "timed_out"])
def test_a_process_without_a_word_for_every_end_is_not_made(missing: str) -> None:
    from enum import Enum

    words = {member.name: (member.value, member.zh) for member in ToyEnding if member.value != missing}
    fewer = Enum("Fewer", {name: value for name, (value, _) in words.items()})
    with pytest.raises(ValueError, match=missing):
        replace(PROCESSES["TOY"], endings=fewer)


# letters


def child_of(play: Play, case: int) -> int:
    return int(play.rows("SELECT id FROM service_case WHERE parent_id = :case", case=case)[0].id)


def ready(play: Play) -> list[int]:
    from tasks.durable import clock

    with play.db.connect() as connection:
        return ready_cases(connection, clock.now(), 10)


def test_a_case_opens_another_and_waits_for_its_ending(play: Play) -> None:
    parent = opened(play.db, "TOW")
    child = child_of(play, parent)
    (item,) = play.items(parent).values()
    assert (item.role, play.state(parent), number(play, child)) == (Role.SYSTEM, "等待", "TOY-2026-000001")
    assert ready(play) == [child]
    advance(play.db, child)
    assert decide(play, child)
    assert ready(play) == [parent], "an unread letter is work to do"
    assert advance(play.db, parent).closed
    row = play.case(parent)
    assert (row.ending, row.ending_reason) == ("granted", "TOY-2026-000001 granted")
    assert ready(play) == []


def test_a_child_that_ends_badly_is_told_so_and_a_chunk_reads_letters_too(play: Play) -> None:
    parents = [opened(play.db, "TOW") for _ in range(3)]
    children = [child_of(play, parent) for parent in parents]
    advance_chunk(play.db, [Turn(child) for child in children])
    denied = Answer("check-1", GRANTS | {"核对结论": "不同意", "原因": "没有"}, Channel.SHEET)
    advance_chunk(play.db, [Turn(child, [denied]) for child in children])
    assert ready(play) == parents
    advance_chunk(play.db, [Turn(parent) for parent in parents])
    assert {play.case(parent).ending for parent in parents} == {"denied"}


def test_a_letter_that_comes_before_the_question_is_read_when_it_is_asked(play: Play) -> None:
    parent = opened(play.db, "TOW")
    child = child_of(play, parent)
    play.run("UPDATE work_item SET state = 'dropped', closed_at = opened_at WHERE case_id = :case", case=parent)
    advance(play.db, child)
    assert decide(play, child)
    assert ready(play) == []
    play.run("UPDATE service_case SET ready_at = opened_at WHERE id = :case", case=parent)
    play.run("DELETE FROM work_item WHERE case_id = :case", case=parent)
    assert advance(play.db, parent).closed


def test_a_parent_that_is_withdrawn_takes_its_child_along(play: Play) -> None:
    parent = opened(play.db, "TOW")
    child = child_of(play, parent)
    advance(play.db, child)
    assert play.withdraw(parent, "E1040").accepted
    assert ready(play) == [child]
    assert advance(play.db, child).closed
    row = play.case(child)
    assert (row.ending, row.ending_reason) == ("withdrawn", "上级单据已撤回 (SYSTEM)")
    entry = next(row for row in play.timeline(child) if row.kind == EntryKind.WITHDRAWN)
    assert entry.actor == Role.SYSTEM


def test_nobody_answers_for_another_case(play: Play) -> None:
    parent = opened(play.db, "TOW")
    forged = {"经办人工号": "E1040", "单号": "TOY-2026-000001", "结果": "granted", "如愿": True}
    assert not advance(play.db, parent, Answer("child", forged, Channel.CLI)).reply.accepted
    advance(play.db, child_of(play, parent))
