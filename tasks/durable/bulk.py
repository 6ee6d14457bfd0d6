"""Many cases at once (law 5): the same process functions, steps and ledger as a click, one transaction a chunk.

A chunk needs no leases: it holds its cases' rows until it commits, and a leg that meets it loads its case again.
"""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from schemas.problems import Problem
from tasks.durable import queries
from tasks.durable.engine import ATTEMPTS, advance, directly, halves, repeated, replay_of, run_leg
from tasks.durable.queries import CaseFile
from tasks.durable.question import Answer, Reply
from tasks.unit.unit import Unit

CHUNK = 200  # cases
DEADLOCKS = {"40001", "40P01"}


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
        if attempts > 1 and getattr(error.orig, "sqlstate", None) in DEADLOCKS:
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
            try:
                results[turn.case_id] = _move(unit, files[turn.case_id], turn, known)
            except DBAPIError:
                raise
            except Exception:  # noqa: BLE001  whatever a step raises; alone, the case notes it as its fault
                unit.forget(turn.case_id)
                alone.append(turn)
        unit.flush()
    return results, alone


def _move(unit: Unit, file: CaseFile, turn: Turn, known: Mapping[UUID, str]) -> Result:
    replies = [_hear(unit, file, answer, known) for answer in turn.heard]
    return Result(file.id, file.row.number, file.closed, replies if turn.answers else [])


def _hear(unit: Unit, file: CaseFile, answer: Answer | None, known: Mapping[UUID, str]) -> Reply:
    replay = replay_of(file, lambda act: act(unit), directly, answer, reply=repeated(answer, known))
    run_leg(replay)
    return replay.reply or replay.too_late(unit)


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
            replies.append(Reply(False, [Problem("单据 case", number or turn.case_id, f"出错 failed: {fault}")]))
        else:
            number, closed = outcome.number, outcome.closed
            replies.append(outcome.reply)
    return Result(turn.case_id, number, closed, replies if turn.answers else [], fault)


def _is_lost(error: Exception) -> bool:
    """Say whether the database cannot be reached; what it refuses has a code."""
    return isinstance(error, OperationalError) and (
        error.connection_invalidated or getattr(error.orig, "sqlstate", None) is None
    )
