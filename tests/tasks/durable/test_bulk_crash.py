"""Chunks that are killed, sent twice at once, or meet a click: each effect is there exactly once (laws 1–3, 5)."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID, uuid4, uuid5

import pytest
from sqlalchemy import Engine, NullPool, create_engine, event

from deployments.database import connect
from schemas.answers import Answer, Opened, Reply, Result, Turn
from schemas.words import Channel
from tasks.durable.opening import open_chunk
from tasks.durable.stage import advance, advance_chunk
from tasks.unit.work import NAMESPACE
from tests.bench import load
from tests.books import books_balance
from tests.databases import Server
from tests.play import Play, cells, line
from tests.tasks.durable.chunks import day_in_chunks, open_plans, sheet_turn, told
from tests.tasks.durable.crash import Child, Kill
from tests.tasks.durable.effects import Effects, differences, effects
from tests.tasks.durable.plans import PANEL, Plan
from tests.tasks.durable.test_crash import START
from tests.tasks.durable.test_race import at_once
from tests.waiting import MINUTES, wait_until

CASES, CHUNK = 6, 3
REPORT = "schemas.forms.production:ProductionReport"
WORKSHOP, OTHER = "E1007", "E1008"


# killed


@dataclass
class Day:
    """A day's sheets in a database of its own, worked on by one process after the other."""

    url: str

    def life(self, kill: Kill | None = None) -> Child:
        """Start a process that works through the day from its first sheet."""
        return Child(self.url, START, kill, day_in_chunks, range(CASES), CHUNK)

    def effects(self) -> Effects:
        """Give what has happened, in books that balance."""
        db = create_engine(self.url, poolclass=NullPool)
        books_balance(db)
        return effects(db)


@contextmanager
def day(server: Server, template: str) -> Iterator[Day]:
    url = server.create(template)
    yield Day(url)
    server.drop(url)


def test_killed_before_and_after_every_commit_a_day_in_chunks_ends_as_if_undisturbed(
    server: Server, template: str
) -> None:
    with day(server, template) as quiet, day(server, template) as before, day(server, template) as after:
        commits = len(quiet.life().end().points)
        assert commits == (2 + len(load.GATES)) * CASES / CHUNK  # one a chunk: opened, begun, gate by gate
        # a life that dies before its second commit leaves one, and so does one that dies after its first
        for _ in range(int(commits) - 1):
            lives = [before.life(Kill(2, after=False)), after.life(Kill(1, after=True))]
            assert [child.end().killed for child in lives] == [True, True]
        for one in (before, after):
            assert len(one.life().end().points) == 1
            found = differences(quiet.effects(), one.effects())
            assert not found, "\n".join(found)


def test_a_whole_day_sent_again_writes_nothing(server: Server, template: str) -> None:
    with day(server, template) as one:
        one.life().end()
        done = one.effects()
        assert one.life().end().points == []
        assert one.effects() == done


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_chunk_killed_at_its_commit_while_a_case_is_clicked_and_sent_again(play: Play, after: bool) -> None:
    cases = producing(play, 4)
    click = Answer("produce-1-panel-1", reports(10, OTHER).data, Channel.PREFECT)
    url = play.db.url.render_as_string(hide_password=False)
    child = Child(url, START, Kill(1, after), send_chunk, report_turns(cases))
    clicked = advance(play.db, cases[0], click).reply
    assert child.end().killed
    results = advance_chunk(play.db, report_turns(cases))
    again = [reply for result in results[1:] for reply in result.replies]
    assert {(reply.accepted, reply.repeated) for reply in again} == {(not after, after)}
    assert not [result.fault for result in results if result.fault]
    assert [play.orders(case)[0].made for case in cases[1:]] == [10] * 3
    assert play.orders(cases[0])[0].made == 10
    assert clicked.accepted != any(reply.accepted or reply.repeated for reply in results[0].replies)
    finish(play, cases)


def send_chunk(db: Engine, _say: object, turns: Sequence[Turn]) -> None:
    advance_chunk(db, turns)


# at once


def reports(made: int, staff: str = WORKSHOP, mark: UUID | None = None) -> Answer:
    """Report what was made of line 1, in a row of a sheet."""
    form = {"经办人工号": staff, "明细": cells("完成数量", {1: made})}
    return Answer("", form, Channel.SHEET, form=REPORT, marks=(mark or uuid4(),))


def report_turns(cases: Sequence[int]) -> list[Turn]:
    """Report each case in five parts."""
    return [Turn(case, [reports(2, mark=uuid5(NAMESPACE, f"{case}/{part}")) for part in range(5)]) for case in cases]


def producing(play: Play, count: int) -> list[int]:
    """Make cases of ten panels each that the workshop is to report."""
    cases = list(open_plans(play.db, [Plan(lines=(PANEL | {"数量": 10, "配件名称": "P-PB-001"},))] * count))
    for case in cases:
        advance(play.db, case)
        cheap = [row | {"单价": 1} for row in play.items(case)["review-1"].prefill["明细"]]
        play.decide(case, "review-1", 明细=cheap)
        play.run_to(case, "produce-1-panel-1")
    return cases


def finish(play: Play, cases: Sequence[int]) -> None:
    """Play cases to their end; what is made is what was ordered."""
    assert [play.finish(case) for case in cases] == ["delivered"] * len(cases)
    assert {(row.made, row.quantity) for case in cases for row in play.orders(case)} == {(10, 10)}


@pytest.mark.parametrize("marked", [True, False], ids=["rows known", "rows unknown"])
def test_the_same_sheet_in_two_workers_at_once_is_taken_once(
    server: Server, template: str, play: Play, marked: bool
) -> None:
    opened = at_once(*[lambda: open_chunk(play.db, "PA", Channel.SHEET, [load.application(n) for n in range(8)])] * 2)
    cases = {n: one.case_id for n, one in enumerate(opened[0]) if isinstance(one, Opened)}
    assert [one.case_id for one in opened[1] if isinstance(one, Opened)] == list(cases.values())
    for gate in ("", *load.GATES):
        turns = [sheet_turn(case, n, gate) for n, case in cases.items()]
        if not marked:
            turns = [replace(turn, answers=[replace(a, marks=()) for a in turn.answers]) for turn in turns]
        # the second worker has them in another order
        forward, backward = partial(advance_chunk, play.db, turns), partial(_backwards, play.db, turns)
        for one, other in zip(*at_once(forward, backward), strict=True):
            replies = (*one.replies, *other.replies) if gate else ()  # a pass without an answer has a reply, too
            assert sum(reply.accepted for reply in replies) == bool(gate)
            assert sum(reply.repeated for reply in replies) == bool(gate and marked)
    with server.copied(template) as quiet:
        day_in_chunks(quiet, None, range(8), 8)
        expected = effects(quiet) if marked else effects(quiet) | {"sheet_row": []}
        found = differences(expected, effects(play.db))
    assert not found, "\n".join(found)


def _backwards(db: Engine, turns: Sequence[Turn]) -> list[Result]:
    return advance_chunk(db, turns[::-1])[::-1]


@pytest.mark.parametrize("_turn", range(3))
def test_a_click_and_a_sheet_in_the_same_second_and_one_wins(play: Play, _turn: int) -> None:
    cases = list(open_plans(play.db, [Plan()] * 8))
    advance_chunk(play.db, [Turn(case) for case in cases])
    sheet = [Turn(c, [Answer("review-1", play.answer(c, "review-1", "E1001"), Channel.SHEET)]) for c in cases]
    clicks = [Answer("review-1", play.answer(c, "review-1", "E1002"), Channel.PREFECT) for c in cases]
    chunk, *clicked = at_once(
        lambda: [result.replies[0] for result in advance_chunk(play.db, sheet)],
        *[_click(play.db, case, click) for case, click in zip(cases, clicks, strict=True)],
    )
    for case, by_sheet, (by_click,) in zip(cases, chunk, clicked, strict=True):
        assert by_sheet.accepted != by_click.accepted
        winner, loser = ("E1001", by_click) if by_sheet.accepted else ("E1002", by_sheet)
        assert f"already decided by {winner}" in told(loser)
        assert [entry.actor for entry in play.timeline(case) if entry.step_key == "review-1"] == [winner]


def _click(db: Engine, case: int, answer: Answer) -> Callable[[], list[Reply]]:
    return lambda: [advance(db, case, answer).reply]


def test_a_click_on_a_case_that_a_chunk_holds_waits_and_is_told(play: Play) -> None:
    cases = producing(play, 4)
    url = play.db.url.render_as_string(hide_password=False)
    with ThreadPoolExecutor(2) as threads, halted_at_its_first_row(url) as (chunk_db, halted, go_on):
        chunk = threads.submit(advance_chunk, chunk_db, report_turns(cases))
        assert halted.wait(MINUTES)
        click = Answer("produce-1-panel-1", reports(3).data, Channel.PREFECT)
        clicked = threads.submit(advance, play.db, cases[0], click)
        wait_until_somebody_waits_for_a_lock(play)
        go_on.set()
        assert all(reply.accepted for result in chunk.result() for reply in result.replies)
        assert "already decided by E1007" in told(clicked.result().reply)
    finish(play, cases)


def test_a_withdrawal_of_a_case_that_a_chunk_holds_comes_after_it(play: Play) -> None:
    cases = producing(play, 4)
    url = play.db.url.render_as_string(hide_password=False)
    with ThreadPoolExecutor(2) as threads, halted_at_its_first_row(url) as (chunk_db, halted, go_on):
        chunk = threads.submit(advance_chunk, chunk_db, report_turns(cases))
        assert halted.wait(MINUTES)
        taken_back = threads.submit(play.withdraw, cases[0], "E1040")
        wait_until_somebody_waits_for_a_lock(play)
        go_on.set()
        assert all(reply.accepted for result in chunk.result() for reply in result.replies)
        assert taken_back.result().accepted
    assert play.orders(cases[0])[0].made == 10
    for left in list(play.items(cases[0])):  # what was made is counted first
        assert left.endswith("-left")
        play.decide(cases[0], left)
    assert play.case(cases[0]).ending == "withdrawn"
    finish(play, cases[1:])


@contextmanager
def halted_at_its_first_row(url: str) -> Iterator[tuple[Engine, threading.Event, threading.Event]]:
    """Give an engine that halts before it first writes, with all its locks: says so, and waits to go on."""
    db, halted, go_on = connect(url), threading.Event(), threading.Event()

    def halt(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT") and not halted.is_set():
            halted.set()
            assert go_on.wait(MINUTES)

    event.listen(db, "before_cursor_execute", halt)
    yield db, halted, go_on
    db.dispose()


def wait_until_somebody_waits_for_a_lock(play: Play) -> None:
    waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    wait_until(lambda: bool(play.rows(waiting)))


@pytest.mark.parametrize("_turn", range(3))
def test_a_case_five_times_in_a_sheet_while_it_is_clicked_is_made_once(play: Play, _turn: int) -> None:
    cases = producing(play, 3)
    keys = [f"produce-1-panel-{n}" for n in range(1, 6)]
    clicks = [Answer(key, reports(2, OTHER).data, Channel.PREFECT) for key in keys]
    chunk, *clicked = at_once(
        lambda: [reply for result in advance_chunk(play.db, report_turns(cases)) for reply in result.replies],
        lambda: [advance(play.db, cases[0], click).reply for click in clicks],
        lambda: [advance(play.db, cases[2], click).reply for click in clicks],
    )
    replies = {case: chunk[5 * n : 5 * n + 5] for n, case in enumerate(cases)}
    assert all(reply.accepted for reply in replies[cases[1]])
    for case, own in ((cases[0], clicked[0]), (cases[2], clicked[1])):
        accepted = [reply.key for reply in (*replies[case], *own) if reply.accepted]
        assert sorted(accepted) == keys
        signed = {entry.step_key: entry.actor for entry in play.timeline(case) if entry.step_key in keys}
        assert {key for key, actor in signed.items() if actor == OTHER} == {r.key for r in own if r.accepted}
    assert [play.orders(case)[0].made for case in cases] == [10] * 3
    again = [reply for result in advance_chunk(play.db, report_turns(cases)) for reply in result.replies]
    assert [reply.repeated for reply in again] == [reply.accepted for reply in chunk]
    finish(play, cases)


def test_chunks_that_want_the_same_stock_share_it(play: Play) -> None:
    scarce = {"P-HW-023": 6, "P-GL-002": 3}
    lines = tuple(line(part, 1) for part in scarce)
    cases = list(open_plans(play.db, [Plan(lines=lines)] * 16))
    advance_chunk(play.db, [Turn(case) for case in cases])
    turns = [Turn(c, [Answer("review-1", play.answer(c, "review-1"), Channel.SHEET)]) for c in cases]
    found = at_once(*[lambda part=turns[n::4]: advance_chunk(play.db, part) for n in range(4)])
    assert all(reply.accepted for results in found for result in results for reply in result.replies)
    held = play.rows("SELECT part, sum(quantity) AS held FROM reservation GROUP BY part")
    assert {row.part: row.held for row in held} == scarce
