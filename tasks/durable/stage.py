"""Where cases are played: `advance` takes one as far as it goes, step by step; `advance_chunk` many at once (law 5).

One mechanism, two sizes of commit: a leg commits each act under its case's lock, a chunk all acts of its cases
together. A chunk needs no leases: it holds its cases' rows, and a leg that meets it loads its case again.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from schemas.answers import Answer, Reply, Result, Turn
from schemas.problems import NotFound, Problem, Unavailable
from tasks.durable import queries
from tasks.durable.lease import held
from tasks.durable.process import PROCESSES
from tasks.durable.replay import Replay
from tasks.durable.signals import Moved
from tasks.unit.collector import collector_at_rest
from tasks.unit.reading import reading
from tasks.unit.refusals import in_halves, is_lost, tried
from tasks.unit.unit import Unit

T = TypeVar("T")
RunStep = Callable[[str, Callable[[], Any]], Any]
MOVES = 100  # each is a step of another leg, and a leg soon ends
CHUNK = 200  # cases


def _directly(_title: str, act: Callable[[], T]) -> T:
    """Do a step that nobody watches."""
    return act()


@dataclass(frozen=True)
class Leg:
    """Commits each act by itself, with a fresh unit again after a deadlock or a twin row."""

    db: Engine
    show: RunStep = _directly
    run_id: object = None

    def commit(self, file: queries.CaseFile, act: Callable[[Unit], T]) -> T:
        """Run an act under the case's lock; Moved when another leg has moved the case since `file` was loaded."""

        def attempt() -> T:
            with self.db.begin() as connection:
                if not queries.hold(connection, file):
                    raise Moved
                unit = Unit(connection, [file.id])
                result = act(unit)
                unit.flush()
            return result

        return tried(attempt)


@dataclass(frozen=True)
class Chunk:
    """Leaves the commit to who made the unit, which holds its cases' locks."""

    unit: Unit
    show: RunStep = _directly
    run_id: object = None

    def commit(self, _file: queries.CaseFile, act: Callable[[Unit], T]) -> T:
        """Run an act in the unit."""
        return act(self.unit)


def advance(db: Engine, case_id: int, answer: Answer | None = None, by: Leg | None = None, wait: bool = True) -> Result:
    """Take a case as far as it goes, each step in its own transaction; give it `answer` on the way.

    `by` is a leg that staff can see. Raises NotFound of a case or its process, ProcessChanged, Unavailable where others
    keep moving the case or have it in hand and we are not to `wait` for that, and whatever a faulty step raises; the
    case is then as its last step left it.
    """
    leg, reply = by or Leg(db), None
    with held(db, case_id, wait):
        for _ in range(MOVES):
            with reading(db) as connection:
                file = queries.load_files(connection, [case_id], answer.marks if answer else ()).get(case_id)
            if file is None:
                raise NotFound(f"没有编号为 {case_id} 的单据 no case with id {case_id}")
            if (code := file.row.process) not in PROCESSES:
                raise NotFound(f"{file.row.number}：本程序没有流程 {code} this program knows no process {code}")
            replay = Replay(PROCESSES[file.row.process], file, leg, answer, reply)
            try:
                replies = [replay.run()]
            except Moved:
                reply = replay.reply  # what became of the answer is settled, however often the rest is replayed
            except Exception as fault:
                with suppress(Moved):  # what others moved meanwhile is theirs to note
                    leg.commit(file, partial(replay.note, fault=fault))
                raise
            else:
                return Result(case_id, file.row.number, file.closed, replies)
    raise Unavailable(f"本单正由他人办理，请稍后再试 others moved case {case_id} {MOVES} times meanwhile: try again")


@collector_at_rest()
def advance_chunk(db: Engine, turns: Sequence[Turn]) -> list[Result]:
    """Take cases as far as they go, all in one transaction; gives the results in the order of the turns.

    A case that raises falls out and is advanced alone, step by step; a chunk that the database refuses is done
    in halves, down to one case. A case may stand in a chunk once. Raises where the database cannot be reached.
    """
    ordered = sorted(turns, key=lambda turn: turn.case_id)
    found = {one.case_id: one for one in in_halves(ordered, partial(_together, db), lambda turn, _: _alone(db, turn))}
    return [found[turn.case_id] for turn in turns]


def _together(db: Engine, turns: Sequence[Turn]) -> list[Result]:
    """Move cases in one transaction; those that raise fall out, and are advanced alone after it."""
    results = dict[int, Result]()
    with db.begin() as connection:
        answers = [answer for turn in turns for answer in turn.answers]
        marks = [mark for answer in answers for mark in answer.marks]
        files = queries.load_files(connection, [turn.case_id for turn in turns], marks, lock=True)
        unit = Unit(connection, list(files), [file.row for file in files.values()], [one.data for one in answers])
        for turn in turns:
            try:
                file = files[turn.case_id]
                play = partial(Replay, PROCESSES[file.row.process], file, Chunk(unit))
                replies = [play(answer).run() for answer in turn.answers or (None,)]
            except DBAPIError:
                raise
            except Exception:  # noqa: BLE001  no such case, or whatever a step raises: alone, it is told
                unit.forget(turn.case_id)
            else:
                results[file.id] = Result(file.id, file.row.number, file.closed, replies)
        unit.flush()
    return [results.get(turn.case_id) or _alone(db, turn) for turn in turns]


def _alone(db: Engine, turn: Turn) -> Result:
    """Advance one case step by step; what it raises is noted on the case and told."""
    replies, fault = list[Reply](), ""
    result = Result(turn.case_id, "", False, replies)
    for answer in turn.answers or (None,):
        try:
            result = advance(db, turn.case_id, answer)
            replies.append(result.reply)
        except Exception as error:
            if is_lost(error):
                raise
            fault = fault or repr(error)
            replies.append(Reply(False, [Problem("单据 case", result.number or turn.case_id, f"出错 failed: {fault}")]))
    return replace(result, replies=replies, fault=fault)
