"""Faults that an attack on the redesigned core found; each test fails and says which law or rule it holds up."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import event

from schemas.answers import Answer, Reply, Turn
from schemas.problems import Problem, ProcessChanged
from schemas.words import Channel, Role, Verdict
from tasks.branches.children import await_child, withdraw_child
from tasks.durable import clock, queries, replay, stage
from tasks.durable.opening import open_case, open_chunk
from tasks.durable.process import PROCESSES, Case, Closing, ask, ask_first
from tasks.durable.question import Question
from tasks.durable.stage import advance, advance_chunk
from tasks.durable.step import STEPS, step
from tasks.runs.process import variant
from tasks.runs.queries import ready_cases
from tasks.runs.withdraw import take_back
from tasks.unit.unit import Unit
from tasks.unit.work import Work
from tests.play import Play, line
from tests.toy import ToyEnding, WishCheck, entrust, opened, registered

GRANTS = {"经办人工号": "E1040", "核对结论": "同意"}
WISH = {"办事处": "BJ", "申报人工号": "E1049", "愿望": "木马"}
APPLICANT, SUPERVISOR = "E1049", "E1040"
BROKEN: set[str] = set()  # what fails at the moment


@pytest.fixture(autouse=True)
def toys() -> Iterator[None]:
    BROKEN.clear()
    processes, steps = dict(PROCESSES), dict(STEPS)
    with registered():
        yield
        PROCESSES.update(processes | {code: PROCESSES[code] for code in ("TOY", "TOW")})
        STEPS.update(steps)


@pytest.fixture
def play(db: Any) -> Play:
    return Play(db)


@pytest.fixture
def refused_by_the_database(play: Play) -> list[str]:
    """The SQLSTATEs of what the database refused."""
    states: list[str] = []
    note = lambda context: states.append(getattr(context.original_exception, "sqlstate", "") or "")  # noqa: E731
    event.listen(play.db, "handle_error", note)
    return states


def decide(play: Play, case: int, key: str = "check-1", **fields: str) -> Reply:
    return advance(play.db, case, Answer(key, GRANTS | fields, Channel.CLI)).reply


def becomes(monkeypatch: pytest.MonkeyPatch, code: str, function: Callable[[Case], Closing], **more: Any) -> None:
    """Let a toy be another process, for the rest of the test."""
    monkeypatch.setitem(PROCESSES, code, replace(PROCESSES[code], function=function, **more))


def tomorrow(work: Work) -> datetime:
    return work.now + timedelta(days=1)


def in_three_days(work: Work) -> datetime:
    return work.now + timedelta(days=3)


def long_ago(work: Work) -> datetime:
    return work.now - timedelta(days=1)


def changed(*_: Any) -> Any:
    raise ProcessChanged("the code is another")


def check(key: str, title: str = "核对", due: Callable[[Work], datetime] = tomorrow) -> Question[WishCheck]:
    return Question(key, title, Role.SUPERVISOR, WishCheck, due)


def entrusted(case: Case) -> int:
    return entrust(case, case.request.office, case.request.applicant, case.request.wish)


def parent_and_child(play: Play) -> tuple[int, int]:
    parent = opened(play.db, "TOW")
    child = int(play.rows("SELECT id FROM service_case WHERE parent_id = :case", case=parent)[0].id)
    advance(play.db, child)
    return parent, child


def ready(play: Play) -> list[int]:
    with play.db.connect() as connection:
        return ready_cases(connection, clock.now() + timedelta(hours=1), 10)


def told(reply: Reply) -> str:
    return "\n".join(map(str, reply.problems))


@step("出错", link="提出")
def stumble(work: Work) -> str:
    """Fail as long as the test says."""
    if "step" in BROKEN:
        raise RuntimeError("a moment's fault")
    return "ok"


@step("收回一次", link="等待")
def recall(work: Work, child: int) -> str:
    """Take the other case back, by the process itself."""
    withdraw_child(work, child, "不要了")
    return ""


# letters and children


def test_a_case_that_falls_out_of_a_chunk_takes_along_the_child_that_it_opened(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law 5: a step that raises drops its own case's buffer. Law 2: rows and ledger row commit in one transaction.

    `open_child` buffers the child under the child's id; `unit.forget(parent)` leaves it, so it is committed without
    the parent's ledger row. From then on the parent fails for ever on UNIQUE(origin), also when the step is mended.
    """

    def opens(case: Case) -> Closing:
        entrusted(case)
        stumble(case)
        return Closing(ToyEnding.GRANTED if await_child(case, "child", "等待", tomorrow).good else ToyEnding.DENIED)

    becomes(monkeypatch, "TOW", opens)
    parent = open_case(play.db, "TOW", WISH, f"cli:{uuid4()}", Channel.CLI).case_id
    BROKEN.add("step")
    advance_chunk(play.db, [Turn(parent), Turn(opened(play.db))])
    BROKEN.clear()
    advance(play.db, parent)
    assert list(play.items(parent)) == ["child"]


def test_a_withdrawal_letter_that_waits_while_an_engineer_mends_is_heard(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law 7: withdrawing a parent withdraws its children as the process says. Law 3: the engineer's answer counts.

    `_hear_engineer` goes through `_take_answer`, which looks at letters first, and a withdrawal letter is meant for
    any question: it closes the engineer's item, is marked read, and no process function ever asks for it. The
    child lives on, and the engineer is told that SYSTEM decided.
    """
    parent, child = parent_and_child(play)
    play.grant("E1040", Role.ENGINEER)
    with monkeypatch.context() as changed:
        changed.setitem(PROCESSES, "TOY", PROCESSES["TOW"])
        with pytest.raises(ProcessChanged):
            advance(play.db, child)
    assert play.withdraw(parent, SUPERVISOR).accepted
    advance(play.db, child, Answer("engineer-1", {"经办人工号": "E1040"}, Channel.CLI))
    advance_chunk(play.db, [Turn(case) for case in ready(play)])
    assert play.case(child).ending == "withdrawn"


def test_two_chunks_with_parents_and_children_do_not_jam_each_other(
    play: Play, monkeypatch: pytest.MonkeyPatch, refused_by_the_database: list[str]
) -> None:
    """Law 7: no transaction ever takes the lock of a case that it did not load. Law 2: locks in one order.

    The letter's foreign key takes FOR KEY SHARE on the receiver's row at commit, which waits for FOR UPDATE. Two
    chunks (two sheets) that each hold a parent and the other's child deadlock, without any withdrawal.
    """
    (parent_1, child_1), (parent_2, child_2) = parent_and_child(play), parent_and_child(play)
    meet, load = threading.Barrier(2, timeout=5), queries.load_files

    def both_loaded(*args: Any, **kwargs: Any) -> Any:
        files = load(*args, **kwargs)
        if kwargs.get("lock") and not meet.broken:
            with suppress(threading.BrokenBarrierError):
                meet.wait()
            meet.abort()  # once: who lost tries again
        return files

    monkeypatch.setattr(queries, "load_files", both_loaded)
    granted = [Answer("check-1", GRANTS, Channel.SHEET)]
    chunks = [Turn(parent_1), Turn(child_2, granted)], [Turn(child_1, granted), Turn(parent_2)]
    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(advance_chunk, play.db, chunk) for chunk in chunks]:
            done.result()
    assert "40P01" not in refused_by_the_database


def test_a_child_that_closes_while_its_parent_is_withdrawn_does_not_jam_it(
    play: Play, monkeypatch: pytest.MonkeyPatch, refused_by_the_database: list[str]
) -> None:
    """Law 7, as above, with legs: each writes to the other, each holds its own row: a deadlock, one second lost.

    Only the first lost second shows it, the act is tried again; but the lock order that law 2 promises is not kept.
    """
    parent, child = parent_and_child(play)
    meet, flush = threading.Barrier(2, timeout=5), Unit.flush

    def both_written(unit: Unit) -> None:
        writes = any(table.name == "letter" for own in unit._writes.values() for table, _ in own.inserts)
        flush(unit)
        if writes and not meet.broken:
            with suppress(threading.BrokenBarrierError):
                meet.wait()
            meet.abort()  # once: who lost tries again

    monkeypatch.setattr(Unit, "flush", both_written)
    with ThreadPoolExecutor(2) as threads:
        acts = [threads.submit(decide, play, child), threads.submit(play.withdraw, parent, SUPERVISOR)]
        for act in acts:
            act.result()
    assert "40P01" not in refused_by_the_database


def test_the_longest_reason_of_a_child_reaches_its_parent(play: Play) -> None:
    """Law 7: the question's answer is the other case's ending. A case always goes on.

    A reason may have 2000 characters; the ending's reason is that and who gave it, "… (E1040)", and CaseEnded takes
    2000: the letter is refused, marked read, and the parent waits for ever, with nobody who could answer for it.
    """
    parent, child = parent_and_child(play)
    assert play.withdraw(child, SUPERVISOR, "长" * 2000).accepted
    advance(play.db, parent)
    assert play.case(parent).closed_at


@pytest.mark.parametrize("way", ["leg", "chunk"])
def test_a_letter_that_is_refused_does_not_cost_a_person_the_answer(
    play: Play, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Law 3: the first valid decision wins; a wrong one changes nothing.

    After a refused letter `_take_answer` returns without looking at the leg's own answer, which is then refused as
    "本单在等：核对 is not waited for now", though 核对 is exactly what it answers.
    """
    parent, child = parent_and_child(play)
    keep = lambda *_: Problem("撤回", "", "不能随上级撤回 stays")  # noqa: E731
    becomes(monkeypatch, "TOY", PROCESSES["TOY"].function, may_withdraw=keep)
    assert play.withdraw(parent, SUPERVISOR).accepted
    granted = Answer("check-1", GRANTS, Channel.SHEET)
    reply = advance_chunk(play.db, [Turn(child, [granted])])[0].reply if way == "chunk" else decide(play, child)
    assert reply.accepted, told(reply)


def test_a_child_that_its_parent_took_back_may_be_taken_back_again(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """DOMAIN: a case can be withdrawn. Law 7: withdrawing a parent withdraws its children.

    Withdrawal letters all have the key "" and (case, key) is unique: a process that took its child back itself, and
    is withdrawn while it waits for that, fails for ever on pk_letter. The withdrawal was accepted and never ends.
    """

    def recalls(case: Case) -> Closing:
        child = entrusted(case)
        ask(case, check("check-1", "等待"))
        recall(case, child)
        await_child(case, "child", "等待", tomorrow)
        return Closing(ToyEnding.DENIED)

    becomes(monkeypatch, "TOW", recalls)
    parent = opened(play.db, "TOW")
    assert decide(play, parent).accepted
    play.withdraw(parent, SUPERVISOR)
    assert play.case(parent).ending == "withdrawn"


# terms


def test_goods_checked_after_the_term_are_refused_before_a_watch_has_passed(play: Play) -> None:
    """Law 3: an answer after an item's term is judged by the term, not by whether a watch has already passed.

    DOMAIN 1.11: what is reported after it is refused with that reason, by whatever form and at whatever hour.
    `_examine` looks at `expires_at` for time-outs only: until the next watch (15 minutes, or the whole night, for
    it runs in working time) a late check is accepted and the loss is ours instead of the office's.
    """
    case = play.apply([line("P-HW-001", 4)])
    play.run_to(case, "pickup-1")
    play.decide(case, "pickup-1", 核对结果="已提货未核对")
    item, data = play.items(case)["check-1"], play.answer(case, "check-1")
    with time_machine.travel(item.expires_at + timedelta(hours=2), tick=True):
        assert not play.send(case, "check-1", data).reply.accepted


# faults


def before_a_note(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Let others act between a leg's fault and its note of it."""
    commit = stage.Leg.commit

    def overtaken(leg: stage.Leg, file: queries.CaseFile, wanted: Any) -> Any:
        if isinstance(wanted, partial):
            assert wanted.func.__name__ == "note"
            act()
        return commit(leg, file, wanted)

    monkeypatch.setattr(stage.Leg, "commit", overtaken)


def test_the_fault_of_a_leg_that_was_overtaken_is_not_noted_on_a_closed_case(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law 2: under the lock it compares the sequence; law 5: ready means that there is work to do.

    A chunk needs no lease. It waits for the row that a leg holds; the leg's step raises, the chunk gets the row and
    closes the case, then the note of the fault writes fault and ready_at without looking. A closed case is never played, so
    nothing clears them: the watch takes it over in every round for ever, and lists show a fault.
    """
    case, right = opened(play.db), replay.judge

    def overtake() -> None:
        monkeypatch.setattr(replay, "judge", right)
        assert advance_chunk(play.db, [Turn(case, [Answer("check-1", GRANTS, Channel.SHEET)])])[0].closed

    def fails(*_: Any) -> Any:
        raise RuntimeError("a moment's fault")

    before_a_note(monkeypatch, overtake)
    monkeypatch.setattr(replay, "judge", fails)
    with pytest.raises(RuntimeError):
        decide(play, case)
    advance_chunk(play.db, [Turn(one) for one in ready(play)])
    assert (play.case(case).fault, ready(play)) == (None, [])


def test_no_engineer_is_asked_about_a_case_that_was_closed_meanwhile(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As above, for ProcessChanged (an old worker during a roll-out): the item can never be answered.

    A closed case is not played, so the engineer's answer is told "本单已结案" and the item stays open for ever.
    """
    case, right = opened(play.db), PROCESSES["TOY"]

    def overtake() -> None:
        PROCESSES["TOY"] = right
        assert advance_chunk(play.db, [Turn(case, [Answer("check-1", GRANTS, Channel.SHEET)])])[0].closed

    before_a_note(monkeypatch, overtake)
    monkeypatch.setitem(PROCESSES, "TOY", PROCESSES["TOW"])
    with pytest.raises(ProcessChanged):
        advance(play.db, case)
    assert not play.items(case)


@pytest.mark.parametrize("applicant", [APPLICANT, "E9999"], ids=["accept raises", "the database refuses"])
def test_one_application_that_fails_does_not_hold_up_the_others_of_its_chunk(
    play: Play, monkeypatch: pytest.MonkeyPatch, applicant: str
) -> None:
    """Law 5: what raises drops only its own case; a refused chunk is run again in halves, down to one case.

    `open_chunk` lets go of everything when `accept` or `begin` raise; where the database refuses one for good, `alone`
    raises too and the halves after it are never done, however often the sheet is sent.
    """
    accept = PROCESSES["TOY"].accept

    def sometimes(form: Any, unit: Unit, channel: Channel) -> tuple[Mapping[str, Any], Sequence[Problem]]:
        if form.wish == "坏" and applicant == APPLICANT:
            raise RuntimeError("a fault")
        return accept(form, unit, channel)

    becomes(monkeypatch, "TOY", PROCESSES["TOY"].function, accept=sometimes)
    bad = WISH | {"愿望": "坏", "申报人工号": applicant}
    with suppress(Exception):  # it may tell of it in whatever way
        open_chunk(play.db, "TOY", Channel.SHEET, [("a", WISH), ("b", bad), ("c", WISH)])
    assert [row.origin for row in play.rows("SELECT origin FROM service_case ORDER BY id")] == ["a", "c"]


def test_a_withdrawal_with_half_a_character_is_refused_with_a_reason(play: Play) -> None:
    """Law 3: a wrong decision is recorded as refused and answered with a clear reason.

    The mark is made of what was typed before any form has read it: uuid5 raises UnicodeEncodeError (a terminal that
    does not speak UTF-8 gives such characters). Without the mark the form refuses it and names the character.
    """
    case = opened(play.db)
    assert not take_back(play.db, play.case(case).number, SUPERVISOR, "取消\udcff", Channel.CLI).reply.accepted


# names and links


def test_a_question_that_is_asked_again_with_its_answer_is_refused_as_a_step_is(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Question: the key is unique in the case, a loop's turn is part of it. The guide: rules that the engine holds you to.

    A step key used twice raises ProcessChanged. A question key used twice gives the old answer again: a loop whose
    turn was forgotten spins for ever, in a chunk with the locks of 200 cases.
    """
    passes = list[int]()

    def forgets_the_turn(case: Case) -> Closing:
        while ask(case, check("check-1")).verdict != Verdict.APPROVE:
            passes.append(1)
            assert len(passes) < 1000, "for ever"
        return Closing(ToyEnding.GRANTED)

    becomes(monkeypatch, "TOY", forgets_the_turn)
    case = opened(play.db)
    with pytest.raises(ProcessChanged):
        decide(play, case, 核对结论="不同意")


def asks_again(case: Case) -> Closing:
    """Asks a question beside another, drops it while a third stands alone, and asks it once more."""
    ask_first(case, check("check-1"), check("check-2"))
    ask(case, check("check-3"))
    ask(case, check("check-1"))
    return Closing(ToyEnding.GRANTED)


def test_a_question_that_was_dropped_unanswered_is_asked_again_or_refused_with_a_word(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law 3: several items may be open at once, also one for another case beside one for a person.

    Asked beside another, dropped while a third stands alone, then asked again (await_child has but one key): the
    insert meets the dropped row, pk_work_item refuses, and the case fails every minute for ever.
    """

    becomes(monkeypatch, "TOY", asks_again)
    case = opened(play.db)
    assert decide(play, case, "check-2").accepted
    try:
        decide(play, case, "check-3")
    except ProcessChanged:
        return
    assert list(play.items(case)) == ["check-1"]


def test_a_question_that_is_dropped_and_asked_again_in_one_sheet_is_open(
    play: Play, monkeypatch: pytest.MonkeyPatch, refused_by_the_database: list[str]
) -> None:
    """As above, with both answers in one chunk: the item is dropped and asked again before anything is written."""

    becomes(monkeypatch, "TOY", asks_again)
    case = opened(play.db)
    answers = [Answer(key, GRANTS, Channel.SHEET) for key in ("check-2", "check-3")]
    (result,) = advance_chunk(play.db, [Turn(case, answers)])
    assert (result.fault, list(play.items(case)), refused_by_the_database) == ("", ["check-1"], [])


def test_a_process_may_ask_for_an_engineers_visit(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only `engineer-1`, `engineer-2` … are the house's own: a question that begins alike is the process's."""
    becomes(monkeypatch, "TOY", lambda case: Closing(ask(case, check("engineer-visit")) and ToyEnding.GRANTED))
    case = opened(play.db)
    assert decide(play, case, "engineer-visit").accepted
    assert play.state(case) == "closed"


def test_the_engineers_item_is_due_before_what_is_overdue(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of a case can be answered until its engineer has: lists by due time show that item first."""
    becomes(monkeypatch, "TOY", lambda case: Closing(ask(case, check("check-1", due=long_ago)) and ToyEnding.GRANTED))
    case = opened(play.db)
    play.run("UPDATE service_case SET ready_at = opened_at WHERE id = :case", case=case)
    monkeypatch.setattr(replay.Replay, "_settle", changed)
    with pytest.raises(ProcessChanged):
        advance(play.db, case)
    assert list(play.items(case)) == ["engineer-1", "check-1"]


def test_items_of_two_links_may_be_answered_in_the_order_in_which_they_are_due(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law 3: several items may be open at once, each is answered when it is answered.

    A case stands at the link of the item that is due first. Once that is answered it would stand at the other's,
    which is earlier in the chain: IllegalTransition, every minute for ever, and the answer that did it was accepted
    (DOMAIN 1.9 wants such a pair: the release, 出库, beside the review, 审核修正).
    """

    def two_links(case: Case) -> Closing:
        early, late = check("check-1", "提出", in_three_days), check("check-2", "核对")
        question, _ = ask_first(case, early, late)
        ask(case, early if question.key == late.key else late)
        return Closing(ToyEnding.GRANTED)

    becomes(monkeypatch, "TOY", two_links)
    case = opened(play.db)
    assert decide(play, case, "check-2").accepted
    assert decide(play, case, "check-1").accepted


def test_a_variant_does_not_take_the_place_of_what_it_is_a_variant_of() -> None:
    """Process: refuse a declaration that would fail only when a case comes to it. The guide: a process is a plug-in.

    A variant whose `code=` was forgotten keeps that of its model and replaces it without a word: every open case of
    the old process is replayed by the new function.
    """
    before = PROCESSES["TOY"]
    with pytest.raises(ValueError, match="TOY"):
        variant(of="TOY", title="玩具二")(lambda case: Closing(ToyEnding.GRANTED))
    assert PROCESSES["TOY"] is before


def test_a_step_does_not_take_the_name_of_another() -> None:
    """The guide: step keys are names, each once in the house; a rule that the engine holds you to.

    It does not: the second definition replaces the first in STEPS, and `began` no longer knows that the first was
    done, so that an applicant may withdraw after production has started.
    """
    before = STEPS["grant-wish"]
    with pytest.raises(ValueError, match="grant-wish"):

        @step("另一步")
        def grant_wish(work: Work) -> str:
            return ""

    assert STEPS["grant-wish"] is before


# two ways in, one logic


def test_refusals_are_counted_in_a_chunk_as_in_a_leg(play: Play) -> None:
    """Law 5: two ways in, one logic.

    `refuse` shifts the count of the item with state 'open'; a unit writes shifts after updates, and a chunk that also
    accepts the next answer has closed the item by then: one refusal by legs, none by a sheet.
    """
    wrong = Answer("check-1", GRANTS | {"经办人工号": APPLICANT}, Channel.SHEET)
    answers, (leg, chunk) = [wrong, Answer("check-1", GRANTS, Channel.SHEET)], (opened(play.db), opened(play.db))
    for answer in answers:
        advance(play.db, leg, answer)
    advance_chunk(play.db, [Turn(chunk, answers)])
    counts = {row.case_id: row.refusals for row in play.rows("SELECT case_id, refusals FROM work_item")}
    assert counts[chunk] == counts[leg] == 1
