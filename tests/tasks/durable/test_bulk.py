"""A chunk does what one case after the other does, in as many statements for many cases as for few (law 5)."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import zip_longest
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.errors import DeadlockDetected, SerializationFailure
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from schemas.answers import Answer, Opened, Result, Turn
from schemas.tables import stock_balance
from schemas.words import Channel, DocumentKind
from tasks.documents.steps import DocumentRef, issue
from tasks.durable import opening
from tasks.durable.opening import open_chunk
from tasks.durable.process import PROCESSES, Case, Closing
from tasks.durable.stage import advance, advance_chunk
from tasks.durable.step import step
from tasks.unit.work import Work
from tests.bench import load
from tests.books import books_balance
from tests.databases import Server
from tests.play import Play, cells, line
from tests.tasks.durable.chunks import Move, one_by_one, open_plans, rounds, statements_of, told
from tests.tasks.durable.effects import Effects, differences, effects
from tests.tasks.durable.plans import GLASS, PAINTED, PANEL, PLANS, RICH, SCARCE, TAKEN_BACK, Plan

START = datetime(2026, 11, 18, 1, 30, tzinfo=UTC)  # a Wednesday, 9:30 in Shanghai
EXAMPLES = int(os.environ.get("CRASH_EXAMPLES", "8"))
REPORT, COUNT = (f"schemas.forms.production:{form}" for form in ("ProductionReport", "GoodsInCount"))
APPLICANT, WORKSHOP, WAREHOUSE, NOBODY = "E1049", "E1007", "E1016", "E9999"


@pytest.fixture
def play(db: Engine) -> Play:
    """One whose cases need not be as they should at the end: some stand still by a fault of their own."""
    return Play(db)


# as one by one


def played(server: Server, template: str, plans: Sequence[Plan], move: Move) -> tuple[Effects, list[list[Result]]]:
    with time_machine.travel(START, tick=True), server.copied(template) as db:
        results = [[replace(one, case_id=0) for one in moved] for moved in rounds(db, open_plans(db, plans), move)]
        books_balance(db)
        return effects(db), results


def same_both_ways(server: Server, template: str, plans: Sequence[Plan]) -> None:
    expected, told_one_by_one = played(server, template, plans, one_by_one)
    found, told_together = played(server, template, plans, advance_chunk)
    wrong = differences(expected, found)
    assert not wrong, "\n".join(wrong)
    assert told_together == told_one_by_one


MANY_WAYS = [
    RICH,
    TAKEN_BACK,
    Plan(),
    replace(RICH, anomaly="让步接收", freight="approved", pickup="checked later"),
    Plan(lines=(PANEL, PAINTED, GLASS), urgent=True, release="不提前放行", partial=True),
    Plan(lines=(SCARCE, PAINTED), price=13000, difference=True),
    Plan(price=2600, refused=True),
    Plan(lines=(PANEL,), difference=True, anomaly="不属异常"),
    replace(TAKEN_BACK, withdraw="ProductionReport"),
    Plan(lines=(PANEL, PAINTED), partial=True, withdraw="GoodsInCount"),
]


def test_a_chunk_does_what_one_by_one_does(server: Server, template: str) -> None:
    same_both_ways(server, template, MANY_WAYS)


@settings(max_examples=EXAMPLES, derandomize="CRASH_EXAMPLES" not in os.environ, deadline=None, database=None)
@given(plans=st.lists(PLANS, min_size=2, max_size=6))
def test_whatever_cases_share_a_chunk_they_go_as_they_would_alone(
    server: Server, template: str, plans: list[Plan]
) -> None:
    same_both_ways(server, template, plans)


# few statements


@pytest.fixture(scope="module")
def counted(server: Server, template: str) -> dict[int, dict[str, int]]:
    """How many statements each stage of a day takes: size of the chunk → stage → statements."""
    found: dict[int, dict[str, int]] = {}
    for size in (20, 200):
        with server.copied(template) as db:
            found[size] = dict(_day(db, size))
            books_balance(db)
    return found


def _day(db: Engine, size: int) -> Iterator[tuple[str, int]]:
    with statements_of(db) as sent:
        opened = open_chunk(db, "PA", Channel.SHEET, [load.application(n) for n in range(size)])
    yield "open", len(sent)
    cases = [one.case_id for one in opened if isinstance(one, Opened)]
    assert len(cases) == size
    for gate in ("", *load.GATES):
        turns = [Turn(case, [load.answer(n, gate)] if gate else []) for n, case in enumerate(cases)]
        with statements_of(db) as sent:
            results = advance_chunk(db, turns)
        assert all(reply.accepted for result in results for reply in result.replies), results
        assert {result.closed for result in results} == {gate == load.GATES[-1]}
        yield gate or "begin", len(sent)


@pytest.mark.parametrize("stage", ["open", "begin", *load.GATES])
def test_a_chunk_of_200_takes_as_many_statements_as_one_of_20(counted: dict[int, dict[str, int]], stage: str) -> None:
    assert counted[200][stage] == counted[20][stage]


def test_a_mixed_chunk_takes_as_many_statements_however_many_cases_go_each_way(server: Server, template: str) -> None:
    made = [replace(plan, lines=(PANEL, PAINTED)) for plan in MANY_WAYS]
    found: list[list[int]] = []
    for times in (1, 4):
        with server.copied(template) as db, statements_of(db) as sent:
            found.append([])
            for results in rounds(db, open_plans(db, made * times), _counting(sent, found[-1])):
                assert not [result.fault for result in results if result.fault]
    assert [(one, other) for one, other in zip_longest(*found) if one != other] == []


def _counting(sent: list[str], counts: list[int]) -> Move:
    def move(db: Engine, turns: Sequence[Turn]) -> Sequence[Result]:
        sent.clear()
        results = advance_chunk(db, turns)
        counts.append(len(sent))
        return results

    return move


# one case in trouble

TROUBLE: dict[str, str] = {}  # order → how its case goes wrong


@step("试制票")
def issue_slip(work: Work) -> DocumentRef:
    """Issue a document that must not take a number with it."""
    return issue(work, DocumentKind.APPLICATION, {"lines": []})


@step("出错")
def go_wrong(work: Work) -> str:
    """Write something, then fail where that is wanted: in our hands or in the database's."""
    how = TROUBLE.get(work.case.order_no, "")
    by = Decimal({"overdraws": -1_000_000, "raises": 7}.get(how, 0))
    work.shift(stock_balance, {"warehouse": "MAIN-GOOD", "part": "P-HW-001"}, on_hand=by)
    if how == "raises":
        raise RuntimeError("the saw is broken")
    return how


@pytest.fixture
def trouble(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Process PA with two steps before it, the second of which goes wrong for some orders."""
    process = PROCESSES["PA"]

    def with_trouble(case: Case) -> Closing:
        issue_slip(case)
        go_wrong(case)
        return process.function(case)

    monkeypatch.setitem(PROCESSES, "PA", replace(process, function=with_trouble))
    yield TROUBLE
    TROUBLE.clear()


@pytest.mark.parametrize("how", ["raises", "overdraws"])
def test_a_failing_case_fails_alone_and_goes_on_when_it_can(play: Play, trouble: dict[str, str], how: str) -> None:
    cases = list(open_plans(play.db, [Plan()] * 8))
    trouble["SO-CHUNK-3"] = how
    results = advance_chunk(play.db, [Turn(case) for case in cases])
    why = "the saw is broken" if how == "raises" else "ck_stock_balance"
    assert [result.case_id for result in results] == cases
    assert [why in result.fault for result in results] == [n == 3 for n in range(8)]
    assert why in play.case(cases[3]).fault
    assert play.keys(cases[3]) == ["issue-slip"]  # its leg came so far, and each step has its own commit
    assert all("review-1" in play.items(case) for case in cases if case != cases[3])
    trouble.clear()
    (result,) = advance_chunk(play.db, [Turn(cases[3])])
    assert not result.fault
    assert not any(result.fault for results in rounds(play.db, dict.fromkeys(cases, Plan())) for result in results)
    books_balance(play.db)


def test_a_case_that_raises_costs_the_others_no_second_try(play: Play, trouble: dict[str, str]) -> None:
    cases = list(open_plans(play.db, [Plan()] * 8))
    trouble["SO-CHUNK-3"] = "raises"
    with chunks_tried(play.db) as sizes:
        advance_chunk(play.db, [Turn(case) for case in cases])
    assert sizes == [8]


def test_a_chunk_that_the_database_refuses_is_halved_down_to_the_case(play: Play, trouble: dict[str, str]) -> None:
    cases = list(open_plans(play.db, [Plan()] * 8))
    trouble["SO-CHUNK-3"] = "overdraws"
    with chunks_tried(play.db) as sizes:
        advance_chunk(play.db, [Turn(case) for case in cases])
    assert sizes == [8, 4, 2, 2, 1, 1, 4]


def test_cases_of_a_chunk_share_what_is_on_stock_in_one_go(play: Play) -> None:
    cases = waiting(play, "review-1", [Plan(lines=(line("P-HW-023", 4),))] * 3)  # 6 are there
    turns = [Turn(case, [Answer("review-1", play.answer(case, "review-1"), Channel.SHEET)]) for case in cases]
    with chunks_tried(play.db) as sizes:
        advance_chunk(play.db, turns)
    assert sizes == [3]
    held = play.rows("SELECT case_id, quantity FROM reservation ORDER BY case_id")
    assert {row.case_id: row.quantity for row in held} == {cases[0]: 4, cases[1]: 2}
    books_balance(play.db)


def test_twins_within_a_chunk_are_found_in_halves_and_the_later_is_told(play: Play) -> None:
    plans = [replace(Plan(), sent_back=True)] * 6
    cases = open_plans(play.db, plans)
    play.run("UPDATE service_case SET order_no = 'SO-SAME' WHERE id = ANY(:cases)", cases=list(cases)[2:4])
    play.run("DELETE FROM case_line WHERE case_id = ANY(:cases)", cases=list(cases)[3:4])
    play.run("UPDATE case_line SET order_no = 'SO-SAME' WHERE case_id = ANY(:cases)", cases=list(cases)[2:3])
    advance_chunk(play.db, [Turn(case) for case in cases])
    back = {"经办人工号": "E1001", "审核结论": "退回办事处", "原因": "请改型号"}
    advance_chunk(play.db, [Turn(case, [Answer("review-1", back, Channel.SHEET)]) for case in cases])
    again = {"经办人工号": APPLICANT, "明细": [dict(PANEL)]}
    with chunks_tried(play.db) as sizes:
        results = advance_chunk(play.db, [Turn(case, [Answer("resubmit-1", again, Channel.SHEET)]) for case in cases])
    assert len(sizes) > 1
    assert [result.replies[0].accepted for result in results] == [n != 3 for n in range(6)]
    assert f"already open in {results[2].number}" in told(results[3].replies[0])
    assert not [result.fault for result in results if result.fault]
    books_balance(play.db)


@pytest.mark.parametrize("lost", [DeadlockDetected, SerializationFailure])
def test_applications_that_lose_a_deadlock_are_opened_all_the_same(
    play: Play, monkeypatch: pytest.MonkeyPatch, lost: type[Exception]
) -> None:
    really, sizes = opening._open, list[int]()

    def open_at_last(connection: Any, process: Any, forms: Any, *more: Any) -> Any:
        sizes.append(len(forms))
        made = really(connection, process, forms, *more)
        if len(sizes) < 3:
            raise OperationalError("INSERT", {}, lost("while it waited"))
        return made

    monkeypatch.setattr(opening, "_open", open_at_last)
    cases = open_plans(play.db, [Plan()] * 4)
    assert sizes == [4, 4, 4]  # whole, not in halves
    assert len(cases) == len(play.rows("SELECT id FROM service_case")) == 4


@contextmanager
def chunks_tried(db: Engine) -> Iterator[list[int]]:
    """Note how many cases each transaction of a chunk holds."""
    sizes: list[int] = []

    def note(_connection: object, cursor: Any, statement: str, *_: object) -> None:
        if statement.startswith("SELECT service_case.id") and "FOR NO KEY UPDATE" in statement:
            sizes.append(cursor.rowcount)

    event.listen(db, "after_cursor_execute", note)
    yield sizes
    event.remove(db, "after_cursor_execute", note)


def test_a_process_that_changed_under_one_case_calls_the_engineer_for_that_case_only(play: Play) -> None:
    cases = list(open_plans(play.db, [Plan()] * 4))
    advance_chunk(play.db, [Turn(case) for case in cases])
    play.run(
        "INSERT INTO ledger (case_id, step_key, seq, kind, title, link, actor, channel, started_at, finished_at) "
        "SELECT id, 'of-old', seq + 1, 'step', '旧步骤', '', 'SYSTEM', 'cli', opened_at, opened_at "
        "FROM service_case WHERE id = :case",
        case=cases[2],
    )
    before = play.snapshot(cases[2]) | {"work_item": [], "service_case": [], "counter": [], "stock_balance": []}
    results = advance_chunk(
        play.db, [Turn(case, [Answer("review-1", play.answer(case, "review-1"), Channel.SHEET)]) for case in cases]
    )
    assert ["of-old" in result.fault for result in results] == [False, False, True, False]
    assert [result.replies[0].accepted for result in results] == [True, True, False, True]
    assert {"engineer-1", "review-1"} <= set(play.items(cases[2]))
    after = play.snapshot(cases[2]) | {"work_item": [], "service_case": [], "counter": [], "stock_balance": []}
    assert after == before


# answers


def waiting(play: Play, gate: str, plans: Sequence[Plan]) -> list[int]:
    """Open cases and let them come to a gate."""
    cases = open_plans(play.db, plans)
    moving = rounds(play.db, cases)
    while not all(gate in play.items(case) for case in cases):
        next(moving)
    return list(cases)


def test_refused_answers_are_recorded_and_the_others_go_on(play: Play) -> None:
    cases = waiting(play, "review-1", [Plan()] * 4)
    forms = [play.answer(case, "review-1") for case in cases]
    forms[1] |= {"经办人工号": NOBODY}
    forms[2] |= {"审核结论": "驳回"}  # without a reason
    results = advance_chunk(
        play.db,
        [Turn(case, [Answer("review-1", form, Channel.SHEET)]) for case, form in zip(cases, forms, strict=True)],
    )
    assert [result.replies[0].accepted for result in results] == [True, False, False, True]
    assert [result.replies[0].key for result in results] == ["review-1"] * 4
    for case, why in ((cases[1], NOBODY), (cases[2], "is required to send back or reject")):
        (refused,) = play.rows("SELECT * FROM decision WHERE case_id = :case", case=case)
        item = play.items(case)["review-1"]
        assert (refused.accepted, refused.channel, item.refusals) == (False, "sheet", 1)
        assert why in refused.reason
        assert why in item.refused_because
    assert not [result.fault for result in results if result.fault]
    books_balance(play.db)


def reported(row: int, made: int) -> Answer:
    form = {"经办人工号": WORKSHOP, "明细": cells("完成数量", {row: made})}
    return Answer("", form, Channel.SHEET, form=REPORT, marks=(uuid4(),))


def came_in(lines: dict[int, int]) -> Answer:
    form = {"经办人工号": WAREHOUSE, "明细": cells("实收数量", lines)}
    return Answer("", form, Channel.SHEET, form=COUNT, marks=(uuid4(),))


TWO_PANELS = Plan(lines=(PANEL, PANEL | {"配件名称": "P-PB-002"}))


def test_several_answers_for_a_case_are_taken_in_order_without_a_key(play: Play) -> None:
    cases = waiting(play, "produce-1-panel-1", [Plan(lines=(PANEL,))] * 3)
    turns = [
        Turn(case, [*(reported(1, made) for made in (1, 1, 5, 1)), came_in({1: 1}), came_in({1: 1})])
        for case in cases[:2]
    ]
    results = advance_chunk(play.db, [*turns, Turn(cases[2])])
    for result in results[:2]:
        replies = result.replies
        assert [reply.accepted for reply in replies] == [True, True, False, True, True, True], [*map(told, replies)]
        assert [reply.key for reply in replies] == [
            "produce-1-panel-1",
            "produce-1-panel-2",
            "produce-1-panel-3",
            "produce-1-panel-3",
            "goods-in-1-1",
            "goods-in-1-2",
        ]
        assert set(play.items(result.case_id)) == {"goods-in-1-3"}
        assert play.orders(result.case_id)[0].made == 3
        assert [row.content["lines"][0]["quantity"] for row in play.documents(result.case_id, "RK")] == ["1", "1"]
    assert play.items(cases[2])["produce-1-panel-1"].state == "open"
    books_balance(play.db)


def test_an_answer_without_a_key_goes_to_the_question_that_has_its_lines(play: Play) -> None:
    (case,) = waiting(play, "produce-1-panel-1", [TWO_PANELS])
    advance_chunk(play.db, [Turn(case, [reported(1, 3), reported(2, 2), reported(2, 1)])])
    assert {"goods-in-1-1", "goods-in-1-2", "goods-in-1-3"} == set(play.items(case))
    (result,) = advance_chunk(play.db, [Turn(case, [came_in({2: 2}), came_in({2: 1}), came_in({1: 3})])])
    assert [reply.key for reply in result.replies] == ["goods-in-1-2", "goods-in-1-3", "goods-in-1-1"]
    assert all(reply.accepted for reply in result.replies)


def test_an_answer_whose_form_nobody_asks_for_is_told_so(play: Play) -> None:
    (case,) = waiting(play, "review-1", [Plan()])
    ((reply,),) = [result.replies for result in advance_chunk(play.db, [Turn(case, [came_in({1: 1})])])]
    assert not reply.accepted
    assert "is not waited for now" in told(reply)


@pytest.mark.parametrize("again", ["in a chunk", "by a click", "in the same chunk"])
def test_rows_that_are_sent_again_do_nothing_twice(play: Play, again: str) -> None:
    cases = waiting(play, "produce-1-panel-1", [Plan(lines=(PANEL,))] * 3)
    answers = {case: reported(1, 1) for case in cases}
    twice = again == "in the same chunk"
    first = advance_chunk(play.db, [Turn(case, [answers[case]] * (1 + twice)) for case in cases])
    assert all(result.replies[0].accepted for result in first)
    before = [play.snapshot(case) for case in cases]
    second: dict[str, Callable[[], list[object]]] = {
        "in a chunk": lambda: [r.replies[0] for r in advance_chunk(play.db, [Turn(c, [answers[c]]) for c in cases])],
        "by a click": lambda: [advance(play.db, case, answers[case]).reply for case in cases],
        "in the same chunk": lambda: [result.replies[1] for result in first],
    }
    for reply in second[again]():
        assert (reply.accepted, reply.repeated, reply.key) == (False, True, "produce-1-panel-1")  # type: ignore[attr-defined]
    assert [play.snapshot(case) for case in cases] == before
    assert play.rows("SELECT count(*) AS n FROM decision WHERE NOT accepted")[0].n == 0
    assert [play.orders(case)[0].made for case in cases] == [1, 1, 1]
    assert play.rows("SELECT count(*) AS n FROM sheet_row")[0].n == 3
    books_balance(play.db)


def test_a_refused_row_may_be_sent_again(play: Play) -> None:
    cases = waiting(play, "produce-1-panel-1", [Plan(lines=(PANEL,))])
    too_much = reported(1, 500)
    ((refused,),) = [result.replies for result in advance_chunk(play.db, [Turn(cases[0], [too_much])])]
    ((again,),) = [result.replies for result in advance_chunk(play.db, [Turn(cases[0], [too_much])])]
    assert (refused.accepted, refused.repeated, again.repeated) == (False, False, False)
    assert play.items(cases[0])["produce-1-panel-1"].refusals == 2


def test_a_chunk_tells_of_a_case_that_is_closed_or_not_there(play: Play) -> None:
    cases = waiting(play, "pickup-1", [Plan()] * 2)
    play.finish(cases[0])
    answer = Answer("pickup-1", play.answer(cases[1], "pickup-1"), Channel.SHEET)
    gone, closed, fine = advance_chunk(play.db, [Turn(case, [answer]) for case in (999_999, *cases)])
    assert "no case with id 999999" in gone.fault
    assert "already decided by" in told(closed.replies[0])
    assert closed.closed
    assert fine.replies[0].accepted
    assert fine.closed
    books_balance(play.db)


# opening


def test_a_chunk_of_applications_opens_what_is_right_and_tells_of_the_rest(play: Play) -> None:
    applications = [load.application(n) for n in range(6)]
    applications[1] = (applications[1][0], applications[1][1] | {"申报人工号": NOBODY})
    applications[2] = (applications[2][0], {"办事处": "BJ"})
    applications[4] = ("bench:twin", applications[3][1])
    opened = open_chunk(play.db, "PA", Channel.SHEET, applications)
    assert [isinstance(one, Opened) for one in opened] == [True, False, False, True, False, True]
    assert "another application sent with this one" in str(opened[4])
    again = open_chunk(play.db, "PA", Channel.SHEET, applications)
    assert [one.new for one in again if isinstance(one, Opened)] == [False] * 3
    numbers = [one.number for one in opened if isinstance(one, Opened)]
    assert numbers == [one.number for one in again if isinstance(one, Opened)]
    assert numbers == [f"PA-2026-{n:06d}" for n in (1, 2, 3)]
    advance_chunk(play.db, [Turn(one.case_id) for one in opened if isinstance(one, Opened)])
    books_balance(play.db)
