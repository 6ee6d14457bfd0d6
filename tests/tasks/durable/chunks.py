"""Cases that are played in chunks, and the same cases one by one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from uuid import uuid5

from sqlalchemy import Engine, event

from schemas.answers import Opened, Reply, Result, Turn
from schemas.problems import BadInput
from schemas.words import Channel
from tasks.durable.opening import open_chunk
from tasks.durable.stage import advance, advance_chunk
from tasks.unit.work import NAMESPACE
from tests.bench import load
from tests.play import Play
from tests.tasks.durable.plans import Plan, family_turns

Move = Callable[[Engine, Sequence[Turn]], Sequence[Result]]


def one_by_one(db: Engine, turns: Sequence[Turn]) -> list[Result]:
    """Do what a chunk does with one leg after the other, as clicks would; by id, as a chunk draws its numbers."""
    results = {}
    for turn in sorted(turns, key=lambda turn: turn.case_id):
        outcomes = [advance(db, turn.case_id, answer) for answer in turn.answers or (None,)]
        replies = [outcome.reply for outcome in outcomes]
        results[turn.case_id] = Result(turn.case_id, outcomes[-1].number, outcomes[-1].closed, replies)
    return [results[turn.case_id] for turn in turns]


def open_plans(db: Engine, plans: Sequence[Plan]) -> dict[int, Plan]:
    """Apply for all of it at once, the n-th for an order of its own; gives what is planned for each case."""
    applications = [
        (f"sheet:plans:{n}", plan.application() | {"订单号": f"SO-CHUNK-{n}"}) for n, plan in enumerate(plans)
    ]
    opened = open_chunk(db, "PA", Channel.SHEET, applications)
    assert not [wrong for wrong in opened if isinstance(wrong, BadInput)]
    return {one.case_id: plan for one, plan in zip(opened, plans, strict=True) if not isinstance(one, BadInput)}


def rounds(db: Engine, plans: Mapping[int, Plan], move: Move = advance_chunk) -> Iterator[list[Result]]:
    """Play cases to their end, those that they opened too, each round one answer a case; every one must be accepted."""
    play = Play(db)
    yield [*move(db, [Turn(case) for case in plans])]
    while turns := list(family_turns(play, plans.items())):
        results = move(db, turns)
        assert [told(reply) for result in results for reply in result.replies if not reply.accepted] == []
        yield [*results]


def told(reply: Reply) -> str:
    """Give all that an answer was told."""
    return "\n".join(map(str, reply.problems))


@contextmanager
def statements_of(db: Engine) -> Iterator[list[str]]:
    """Note what is sent to the database; many rows for one statement count once."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(db, "before_cursor_execute", note)
    yield sent
    event.remove(db, "before_cursor_execute", note)


def day_in_chunks(db: Engine, _say: object, numbers: Sequence[int], chunk: int) -> None:
    """Send a whole day's sheets, again where an earlier process has died: what was taken is not taken twice."""
    for _ in chunks_of_a_day(db, numbers, chunk):
        pass


def chunks_of_a_day(db: Engine, numbers: Sequence[int], chunk: int) -> Iterator[None]:
    """Do that chunk by chunk: all applications, then gate by gate all answers."""
    parts = [numbers[first : first + chunk] for first in range(0, len(numbers), chunk)]
    cases: dict[int, int] = {}
    for part in parts:
        opened = open_chunk(db, "PA", Channel.SHEET, [load.application(n) for n in part])
        cases |= {n: one.case_id for n, one in zip(part, opened, strict=True) if isinstance(one, Opened)}
        yield
    for gate in ("", *load.GATES):
        for part in parts:
            for result in advance_chunk(db, [sheet_turn(cases[n], n, gate) for n in part]):
                assert not result.fault, result.fault
                assert all(reply.accepted or reply.repeated for reply in result.replies), result.replies
            yield


def sheet_turn(case_id: int, n: int, gate: str) -> Turn:
    """Answer a gate of case `n` with a row of a sheet; sent again, it is the same row."""
    if not gate:
        return Turn(case_id)
    return Turn(case_id, [replace(load.answer(n, gate), marks=(uuid5(NAMESPACE, f"{n}/{gate}"),))])
