"""Replay (law 4): recorded histories give the same values, types included; a changed process is noticed."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
import time_machine
from pydantic import BaseModel
from sqlalchemy import Engine

from schemas.problems import ProcessChanged
from schemas.processes.parts_application import PartsEnding
from tasks.applications.steps import enter_order, place_order, review_application
from tasks.durable import stage
from tasks.durable.process import PROCESSES, Case, Closing
from tasks.durable.queries import CaseFile, load_files
from tasks.durable.replay import Replay
from tasks.durable.signals import TimedOut, Withdrawn
from tasks.durable.stage import advance
from tasks.logistics.sending import send_goods
from tasks.production.planning import plan_production, reserve_stock
from tests.play import Play, books_balance, cells, line


@pytest.fixture
def play(db: Engine) -> Play:
    """One whose cases need not be as they should at the end: some stand still by a fault of their own."""
    return Play(db)


class Reached(Exception):
    """The pass came to the first thing that is not recorded."""


def exactly(value: object) -> object:
    """Write a value out so that only the same value of the same types is equal to it."""
    kind = type(value).__name__
    if isinstance(value, BaseModel):
        return kind, {name: exactly(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        return kind, [(exactly(key), exactly(item)) for key, item in value.items()]
    if isinstance(value, list | tuple):
        return kind, [exactly(item) for item in value]
    if isinstance(value, frozenset):
        return kind, sorted(map(repr, value))
    return kind, repr(value)


class Noting(Replay):
    """A pass that notes what the process was given, under each key."""

    given: dict[str, object]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.given = {}

    def perform(self, call: Any) -> Any:
        output = super().perform(call)
        self.given[call.key] = exactly(output)
        return output

    def ask(self, *questions: Any) -> Any:
        asked = {question.key for question in questions}
        try:
            question, answer = super().ask(*questions)
        except (Withdrawn, TimedOut) as signal:
            (key,) = (key for key in asked if key in self.file.recorded)
            self.given[key] = (type(signal).__name__, vars(signal))
            raise
        self.given[question.key] = exactly(answer)
        return question, answer


@pytest.fixture
def first_runs(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What the legs of the first case were given, by key; of every case each later leg must be given the same."""
    all_noted: dict[int, dict[str, object]] = {}
    noted: dict[str, object] = {}

    class Leg(Noting):
        @property
        def noted(self) -> dict[str, object]:
            first = not all_noted
            return all_noted.setdefault(self.file.id, noted if first else {})

        def perform(self, call: Any) -> Any:
            output = super().perform(call)
            assert self.noted.setdefault(call.key, self.given[call.key]) == self.given[call.key]
            return output

        def ask(self, *questions: Any) -> Any:
            try:
                return super().ask(*questions)
            finally:
                for key in {question.key for question in questions} & set(self.given):
                    assert self.noted.setdefault(key, self.given[key]) == self.given[key]

    monkeypatch.setattr(stage, "Replay", Leg)
    return noted


class Nowhere:
    """A stage where nothing can be written."""

    run_id: object = None

    def commit(self, _file: CaseFile, _act: object) -> Any:
        raise Reached

    def show(self, _title: str, act: Callable[[], Any]) -> Any:
        return act()


def replay_prefix(play: Play, case: int, length: int) -> tuple[bool, dict[str, object]]:
    """Replay the first entries of a ledger where nothing can be written; says if it closed, what it gave."""
    with play.db.connect() as connection:
        whole = load_files(connection, [case])[case]
    entries = list(whole.recorded.values())[:length]
    recorded = {entry.step_key: entry for entry in entries}
    file = CaseFile(whole.id, whole.row, length, whole.link, ready=True, closed=False, recorded=recorded)
    noting = Noting(PROCESSES[whole.row.process], file, Nowhere(), None)
    try:
        noting.run()
        return noting.file.closed, noting.given
    except Reached:
        return False, noting.given


# stories


def loops_and_ladder(play: Play) -> int:
    case = play.apply([line("P-HW-023", 8), line("P-GL-003", 2), line("P-PB-001", 3)], urgency="加急")
    play.decide(case, "review-1", 审核结论="退回办事处", 原因="补照片")
    again = [line("P-HW-023", 8), line("P-GL-003", 2), line("P-PB-001", 3)]
    play.decide(case, "resubmit-1", 明细=again)
    priced = [{"行号": 3, "配件名称": "P-PB-001", "数量": 3, "单价": "6000.10"}]
    play.decide(case, "review-2", 明细=priced)
    play.run_to(case, "produce-1-panel-1")
    play.decide(case, "produce-1-panel-1", 明细=cells("完成数量", {3: 1}, 报废数量=2))
    play.run_to(case, "goods-out-1-1")
    play.decide(case, "release-1-1")
    play.decide(case, "goods-out-1-1", 运输方式="空运", 承运商="国航", 运费="880.50", 件数=1)
    play.decide(case, "freight-1-1", 审批结论="不同意", 原因="走专车")
    assert play.finish(case) == "delivered"
    return case


def anomalies_and_two_shipments(play: Play) -> int:
    case = play.apply([line("P-PB-001", 5), line("P-PT-001", 2)])
    play.run_to(case, "produce-1-panel-1")
    play.decide(case, "produce-1-panel-1", 明细=cells("完成数量", {1: 3}, 异常说明="基材缺货"))
    play.decide(case, "produce-1-paint-1", 明细=cells("完成数量", {2: 2}))
    play.decide(case, "goods-in-1-2", 明细=cells("实收数量", {2: 1}, 差异原因="破损"))
    play.settle(case, "anomaly-1-3-2", "让步接收", 申报方同意="客户同意")
    play.settle(case, "anomaly-1-1-1")
    play.run_to(case, "pickup-1")
    play.decide(case, "pickup-1", 核对结果="短少", 照片编号="IMG-1", 明细=cells("完好数量", {1: 2}))
    play.settle(case, "anomaly-pickup-1-1")
    assert play.finish(case) == "delivered"
    return case


def rejected(play: Play) -> int:
    case = play.apply([line("P-PB-001", 20)])
    play.decide(case, "review-1")
    play.decide(case, "approve-1-1", 审批结论="不同意", 原因="数量过多")
    return case


def withdrawn_after_goods_out(play: Play) -> int:
    case = play.apply([line("P-HW-001", 4), line("P-PB-001", 1)])
    play.run_to(case, "pickup-1")
    assert play.withdraw(case, "E1040", "客户取消").accepted
    return case


def withdrawn_before_the_count(play: Play) -> int:
    case = play.apply([line("P-HW-001", 4), line("P-PB-001", 3), line("P-PT-001", 2)])
    play.run_to(case, "produce-1-panel-1")
    play.decide(case, "produce-1-panel-1", 明细=cells("完成数量", {2: 1}))
    play.decide(case, "produce-1-paint-1")
    assert play.withdraw(case, "E1040", "客户取消").accepted
    play.decide(case, "goods-in-1-2-left")
    play.decide(case, "goods-in-1-1-left")
    return case


def replaced_by_an_anomaly(play: Play) -> int:
    case = play.apply([line("P-PB-001", 3)])
    play.run_to(case, "produce-1-panel-1")
    play.decide(case, "produce-1-panel-1", 明细=cells("完成数量", {1: 0}, 异常说明="停产"))
    play.settle(case, "anomaly-1-1-1")
    return case


def never_checked(play: Play) -> int:
    with time_machine.travel("2026-11-18T10:00:00+08:00") as traveller:
        case = play.apply([line("P-HW-001", 4)])
        play.run_to(case, "pickup-1")
        play.decide(case, "pickup-1", 核对结果="已提货未核对")
        traveller.move_to("2026-11-30T10:00:00+08:00")
        assert play.time_out(case, "check-1").accepted
    return case


@pytest.mark.parametrize(
    ("story", "ending"),
    [
        (loops_and_ladder, "delivered"),
        (anomalies_and_two_shipments, "delivered"),
        (rejected, "rejected"),
        (withdrawn_after_goods_out, "withdrawn"),
        (withdrawn_before_the_count, "withdrawn"),
        (replaced_by_an_anomaly, "replaced"),
        (never_checked, "delivered"),
    ],
)
def test_every_prefix_of_a_history_gives_the_same_values(
    play: Play, first_runs: dict[str, object], story: Callable[[Play], int], ending: str
) -> None:
    case = story(play)
    assert play.case(case).ending == ending
    play.rest()
    keys, before = play.keys(case), play.snapshot(case)
    assert set(first_runs) == set(keys)
    for length in range(len(keys) + 1):
        closed, given = replay_prefix(play, case, length)
        assert given == {key: first_runs[key] for key in keys[:length]}, f"after {keys[:length][-1:]}"
        assert closed == (length == len(keys))
    assert play.snapshot(case) == before
    books_balance(play.db)


# a process that was changed under its cases


def changed_to(monkeypatch: pytest.MonkeyPatch, function: Callable[[Case], Closing]) -> None:
    monkeypatch.setitem(PROCESSES, "PA", replace(PROCESSES["PA"], function=function))


def without_the_order(case: Case) -> Closing:
    """A key is missing."""
    review = review_application(case)
    reserve_stock(case, review.lines, turn=1)
    send_goods(case, review.lines, review.barred, 1)
    return Closing(PartsEnding.DELIVERED)


def with_a_renamed_step(case: Case) -> Closing:
    """A key has another name."""
    review = review_application(case)
    enter_order(case, review.lines)
    reserve_stock(case, review.lines, turn=100)
    return Closing(PartsEnding.DELIVERED)


def with_a_renamed_gate(case: Case) -> Closing:
    """A gate has another key."""
    review = review_application(case)
    enter_order(case, review.lines)
    reserve_stock(case, review.lines, turn=1)
    send_goods(case, review.lines, review.barred, 9)
    return Closing(PartsEnding.DELIVERED)


def reordered(case: Case) -> Closing:
    """The stock is asked a second time before the order is entered."""
    review = review_application(case)
    reserve_stock(case, review.lines, turn=2)
    enter_order(case, review.lines)
    reserve_stock(case, review.lines, turn=1)
    return Closing(PartsEnding.DELIVERED)


def ending_early(case: Case) -> Closing:
    """The process ends before what is recorded."""
    review_application(case)
    return Closing(PartsEnding.DELIVERED)


def asking_twice(case: Case) -> Closing:
    """One key stands for two things."""
    review = review_application(case)
    enter_order(case, review.lines)
    place_order(case, review.lines)
    return Closing(PartsEnding.DELIVERED)


@pytest.mark.parametrize(
    ("gate", "process", "named"),
    [
        ("goods-out-1-1", without_the_order, "place-order, order-number"),
        ("goods-out-1-1", with_a_renamed_step, "reserve-stock-1"),
        ("pickup-1", with_a_renamed_gate, "goods-out-1-1"),
        ("goods-out-1-1", reordered, "place-order, order-number, reserve-stock-1"),
        ("goods-out-1-1", ending_early, "place-order, order-number, reserve-stock-1"),
        ("goods-out-1-1", asking_twice, "'place-order' is used twice"),
    ],
)
def test_a_changed_process_calls_an_engineer_and_writes_nothing(
    play: Play, monkeypatch: pytest.MonkeyPatch, gate: str, process: Callable[[Case], Closing], named: str
) -> None:
    case = play.apply([line("P-HW-001", 4)])
    play.run_to(case, gate)
    before, answer = play.snapshot(case), play.answer(case, gate)
    with monkeypatch.context() as patch:
        changed_to(patch, process)
        for _ in range(2):
            with pytest.raises(ProcessChanged, match=named):
                play.send(case, gate, answer)
    items = play.items(case)
    assert set(items) == {gate, "engineer-1"}
    assert (items["engineer-1"].role, named in items["engineer-1"].brief[0]) == ("ENGINEER", True)
    assert named in play.case(case).fault
    after = play.snapshot(case)
    for what in ("service_case", "work_item"):  # the fault, and the engineer's item
        before[what] = after[what] = []
    assert after == before
    assert not play.rows("SELECT 1 FROM decision WHERE case_id = :case AND step_key = :gate", case=case, gate=gate)

    advance(play.db, case)
    assert set(play.items(case)) == {gate}, "mended, the case waits at its gate"
    play.send(case, gate, answer)
    assert play.finish(case) == "delivered"
    books_balance(play.db)


def test_an_engineer_is_called_again_for_the_next_change(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    case = play.apply([line("P-HW-001", 4)])
    play.run_to(case, "goods-out-1-1")
    for turn in (1, 2):
        with monkeypatch.context() as patch:
            changed_to(patch, ending_early)
            with pytest.raises(ProcessChanged):
                advance(play.db, case)
        assert f"engineer-{turn}" in play.items(case)
        advance(play.db, case)
        assert list(play.items(case)) == ["goods-out-1-1"]
        books_balance(play.db)


def test_a_change_after_where_a_case_stands_does_not_disturb_it(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    case = play.apply([line("P-PB-001", 1)])
    play.run_to(case, "plan-1")

    def shorter(case: Case) -> Closing:
        review = review_application(case)
        enter_order(case, review.lines)
        held = reserve_stock(case, review.lines, turn=1)
        plan_production(case, review.lines, held, 1)
        return Closing(PartsEnding.REPLACED, "不再生产")

    changed_to(monkeypatch, shorter)
    play.decide(case, "plan-1")
    assert play.case(case).ending == "replaced"


def test_a_process_version_keeps_the_old_order_for_old_cases(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    old = play.apply([line("P-HW-001", 4)])
    play.run_to(old, "goods-out-1-1")
    first = PROCESSES["PA"]

    def renamed(case: Case) -> Closing:
        review = review_application(case)
        enter_order(case, review.lines)
        reserve_stock(case, review.lines, turn=1 if case.version == 1 else 100)
        send_goods(case, review.lines, review.barred, 1)
        return Closing(PartsEnding.DELIVERED)

    monkeypatch.setitem(PROCESSES, "PA", replace(first, function=renamed, version=2))
    new = play.apply([line("P-HW-001", 4)])
    for case, key in ((old, "reserve-stock-1"), (new, "reserve-stock-100")):
        assert play.finish(case) == "delivered"
        assert key in play.keys(case)
    books_balance(play.db)


def test_a_closed_case_is_not_replayed(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    case = play.apply([line("P-HW-001", 4)])
    play.finish(case)
    changed_to(monkeypatch, ending_early)
    assert advance(play.db, case).closed
    assert not play.items(case)
