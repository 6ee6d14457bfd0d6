"""Where cases are played: `advance` takes one as far as it goes, step by step; `advance_chunk` many at once (law 5).

One mechanism, two sizes of commit: a leg commits each act under its case's lock, a chunk all acts of its cases
together. A chunk needs no leases: it holds its cases' rows, and a leg that meets it loads its case again.
"""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from schemas.problems import NotFound, Problem, ProcessChanged, Unavailable
from tasks.durable import clock, queries
from tasks.durable.judge import too_late
from tasks.durable.lease import held
from tasks.durable.process import PROCESSES
from tasks.durable.queries import CaseFile
from tasks.durable.question import Answer, Reply
from tasks.durable.replay import Replay
from tasks.durable.signals import Moved
from tasks.durable.step import Work
from tasks.unit.unit import Unit

T = TypeVar("T")
RunStep = Callable[[str, Callable[[], Any]], Any]
ATTEMPTS = 5
DEADLOCKS = {"40001", "40P01"}
TRY_AGAIN = DEADLOCKS | {"23505", "23514"}  # a twin that committed, or goods that another one took, meanwhile
MOVES = 100  # each is a step of another leg, and a leg soon ends
RETRY_FAULT_AFTER = timedelta(minutes=1)
CHUNK = 200  # cases


@dataclass(frozen=True)
class Outcome:
    """Where an advanced case stands; `reply` says what became of the answer that was given."""

    case_id: int
    number: str
    closed: bool
    reply: Reply


@dataclass(frozen=True)
class Turn:
    """A case and the answers that it is to hear, in order; without any it goes as far as it can."""

    case_id: int
    answers: Sequence[Answer] = ()

    @property
    def heard(self) -> Sequence[Answer | None]:
        """The answers, or one pass without any."""
        return self.answers or [None]


@dataclass(frozen=True)
class Result:
    """Where a case stands and what became of each answer; `fault`: it could not go on, the others did."""

    case_id: int
    number: str
    closed: bool
    replies: Sequence[Reply]
    fault: str = ""


def directly(_title: str, act: Callable[[], T]) -> T:
    """Run a step without a Prefect task run."""
    return act()


class Leg:
    """Commits each act by itself, with a fresh unit again after a deadlock or a twin row."""

    def __init__(self, db: Engine, run_step: RunStep = directly, run_id: object = None) -> None:
        self.db, self.show, self.run_id = db, run_step, run_id

    def commit(self, file: CaseFile, act: Callable[[Unit], T]) -> T:
        """Run an act under the case's lock; Moved when another leg has moved the case since `file` was loaded."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self.db.begin() as connection:
                    if queries.lock_case(connection, file.id) != (file.seq, file.link, file.ready):
                        raise Moved
                    unit = Unit(connection, [file.id])
                    result = act(unit)
                    unit.flush()
                return result
            except (OperationalError, IntegrityError) as error:
                if attempt == ATTEMPTS or state_of(error) not in TRY_AGAIN:
                    raise
        raise AssertionError("unreachable")


class Chunk:
    """Leaves the commit to who made the unit."""

    run_id: object = None

    def __init__(self, unit: Unit) -> None:
        self.unit = unit

    def commit(self, _file: CaseFile, act: Callable[[Unit], T]) -> T:
        """Run an act in the unit, which holds its cases' locks."""
        return act(self.unit)

    def show(self, _title: str, act: Callable[[], T]) -> T:
        """Run a step."""
        return act()


def advance(
    db: Engine, case_id: int, answer: Answer | None = None, run_step: RunStep = directly, run_id: object = None
) -> Outcome:
    """Take a case as far as it goes, each step in its own transaction; give it `answer` on the way.

    Raises NotFound, ProcessChanged, Unavailable where others keep moving the case, and whatever a faulty step
    raises; the case is then as its last step left it.
    """
    leg, reply = Leg(db, run_step, run_id), None
    with held(db, case_id):
        for _ in range(MOVES):
            file, known = _load(db, case_id, answer)
            replay = Replay(PROCESSES[file.row.process], file, leg, answer, reply or known)
            try:
                closed = _play(db, replay)
            except Moved:
                reply = replay.reply  # what became of the answer is settled, however often the rest is replayed
                continue
            reply = replay.reply or _too_late_alone(db, replay)
            return Outcome(case_id, file.row.number, closed, reply)
    raise Unavailable(
        f"本单正由他人办理，请稍后再试 case {case_id} was moved by others {MOVES} times in a row: try again"
    )


def _load(db: Engine, case_id: int, answer: Answer | None) -> tuple[CaseFile, Reply | None]:
    with db.connect() as connection:
        file = queries.load_files(connection, [case_id]).get(case_id)
        known = queries.known_rows(connection, answer.marks) if answer else {}
    if file is None:
        raise NotFound(f"没有编号为 {case_id} 的单据 no case with id {case_id}")
    return file, _repeated(answer, known)


def _repeated(answer: Answer | None, known: Mapping[UUID, str]) -> Reply | None:
    """Tell an answer whose sheet rows were taken before; None where they are new."""
    key = next((known[mark] for mark in answer.marks if mark in known), None) if answer else None
    if key is None:
        return None
    expected = "此前已登记，不再重复 was taken before, nothing is done twice"
    return Reply(False, [Problem("表格行 sheet row", key, expected)], repeated=True, key=key)


def _play(db: Engine, replay: Replay) -> bool:
    """Play a pass; what it cannot go on for is noted on the case, then raised again."""
    try:
        return replay.run()
    except Moved:
        raise
    except ProcessChanged as changed:
        with db.begin() as connection:
            queries.lock_case(connection, replay.file.id)
            queries.set_fault(connection, replay.file.id, str(changed), None)
            queries.open_engineer_item(connection, replay.file, str(changed), clock.now())
        raise
    except Exception as fault:
        with db.begin() as connection:
            queries.set_fault(connection, replay.file.id, repr(fault)[:2000], clock.now() + RETRY_FAULT_AFTER)
        raise


def _too_late(unit: Unit, replay: Replay) -> Reply:
    answer, file = replay.answer, replay.file
    assert answer is not None
    return too_late(Work(unit, file, answer.key, clock.now()), file, answer)


def _too_late_alone(db: Engine, replay: Replay) -> Reply:
    with db.begin() as connection:
        unit = Unit(connection, [replay.file.id])
        reply = _too_late(unit, replay)
        unit.flush()
    return reply


def advance_chunk(db: Engine, turns: Sequence[Turn]) -> list[Result]:
    """Take cases as far as they go, all in one transaction; gives the results in the order of the turns.

    A case that raises falls out and is advanced alone, step by step; a chunk that the database refuses is done
    in halves, down to one case. A case may stand in a chunk once. Raises where the database cannot be reached.
    """
    found: dict[int, Result] = {}
    with _uncollected():
        _attempt(db, sorted(turns, key=lambda turn: turn.case_id), found)
    return [found[turn.case_id] for turn in turns]


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the garbage collector still: a chunk makes many objects, and looking at them again costs a quarter of it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _attempt(db: Engine, turns: Sequence[Turn], found: dict[int, Result], attempts: int = ATTEMPTS) -> None:
    try:
        together, alone = _together(db, turns)
    except DBAPIError as error:
        if _is_lost(error):
            raise
        if attempts > 1 and state_of(error) in DEADLOCKS:
            _attempt(db, turns, found, attempts - 1)
        elif len(turns) > 1:
            for half in halves(turns):
                _attempt(db, half, found)
        else:
            found[turns[0].case_id] = _alone(db, turns[0])
    else:
        found |= together | {turn.case_id: _alone(db, turn) for turn in alone}


def _together(db: Engine, turns: Sequence[Turn]) -> tuple[dict[int, Result], list[Turn]]:
    """Move cases in one transaction; gives the results, and the turns of cases that fell out."""
    results, alone = dict[int, Result](), list[Turn]()
    with db.begin() as connection:
        files = queries.load_files(connection, [turn.case_id for turn in turns], lock=True)
        marks = [mark for turn in turns for answer in turn.answers for mark in answer.marks]
        known, unit = queries.known_rows(connection, marks), Unit(connection, list(files))
        for turn in turns:
            file = files[turn.case_id]
            try:
                replies = [_hear(unit, file, answer, known) for answer in turn.heard]
            except DBAPIError:
                raise
            except Exception:  # noqa: BLE001  whatever a step raises; alone, the case notes it as its fault
                unit.forget(turn.case_id)
                alone.append(turn)
            else:
                said = replies if turn.answers else []
                results[file.id] = Result(file.id, file.row.number, file.closed, said)
        unit.flush()
    return results, alone


def _hear(unit: Unit, file: CaseFile, answer: Answer | None, known: Mapping[UUID, str]) -> Reply:
    replay = Replay(PROCESSES[file.row.process], file, Chunk(unit), answer, _repeated(answer, known))
    replay.run()
    return replay.reply or _too_late(unit, replay)


def _alone(db: Engine, turn: Turn) -> Result:
    """Advance one case step by step; what it raises is noted on the case and told."""
    number, closed, replies, fault = "", False, list[Reply](), ""
    for answer in turn.heard:
        try:
            outcome = advance(db, turn.case_id, answer)
        except Exception as error:
            if _is_lost(error):
                raise
            fault = fault or repr(error)
            said = Problem("单据 case", number or turn.case_id, f"出错 failed: {fault}")
            replies.append(Reply(False, [said]))
        else:
            number, closed = outcome.number, outcome.closed
            replies.append(outcome.reply)
    return Result(turn.case_id, number, closed, replies if turn.answers else [], fault)


def halves(many: Sequence[T]) -> tuple[Sequence[T], Sequence[T]]:
    """Cut a sequence in two; of a single one the second half is empty."""
    return many[: (len(many) + 1) // 2], many[(len(many) + 1) // 2 :]


def state_of(error: DBAPIError) -> str | None:
    """Give the SQLSTATE by which the database refused something."""
    state: str | None = getattr(error.orig, "sqlstate", None)
    return state


def _is_lost(error: Exception) -> bool:
    """Say whether the database cannot be reached; what it refuses has a code."""
    return isinstance(error, OperationalError) and (error.connection_invalidated or state_of(error) is None)
