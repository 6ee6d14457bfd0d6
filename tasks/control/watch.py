"""The watch over cycles: what was planned comes under control, and what happened to it is told to whom controls it.

One query for what nobody controls yet, one for the cases that moved since they were last looked at: nothing is done
for a case that stands still. What both find goes on in chunks. Killed or run by two at once, everything is told once.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Engine

from schemas.answers import Answer, Opened, Turn
from schemas.forms.cycles import CycleRequest
from schemas.words import Channel
from tasks.control import queries
from tasks.durable.opening import open_chunk
from tasks.durable.stage import CHUNK, advance_chunk
from tasks.unit.reading import reading

CODE = "CY"
Failures = dict[str, str]  # the number of a source, and what is wrong with its control


def watch_cycles(db: Engine) -> list[tuple[str, str]]:
    """Bring all cycles to where their cases stand; gives the numbers of those that could not go on, and why."""
    failures = _take_charge(db)
    with reading(db) as connection:
        moved = queries.moved_cases(connection)
    told = [(case, news) for case in moved for news in case.news]
    turns: defaultdict[int, list[Answer]] = defaultdict(list)
    for case, news in told:
        turns[news.case_id].append(_told(case, news))
    sources = {news.case_id: case.number for case, news in told}
    failures |= _go_on(db, [Turn(*turn) for turn in turns.items()], sources)
    if moved:
        with db.begin() as connection:
            queries.note_looked_at(connection, [case for case in moved if case.number not in failures])
    return [*failures.items()]


def _take_charge(db: Engine) -> Failures:
    """Control what is planned and nobody controls; what cannot be is left to the next round."""
    failures, after = Failures(), 0
    while True:
        with reading(db) as connection:
            cases = queries.unfollowed(connection, after, CHUNK)
        if not cases:
            return failures
        after = cases[-1].id
        free = [case for case in cases if case.free]
        wanted = [(f"case:{case.id}:cycle-{case.plans}", _wanted(case)) for case in free]
        opened = open_chunk(db, CODE, Channel.SYSTEM, wanted)
        became = [(case.number, one) for case, one in zip(free, opened, strict=True)]
        failures |= {number: str(one) for number, one in became if not isinstance(one, Opened)}
        new = {one.case_id: number for number, one in became if isinstance(one, Opened)}
        failures |= _go_on(db, [Turn(case_id) for case_id in new], new)
        with db.begin() as connection:
            queries.bring_news(connection, [case.id for case in cases])


def _wanted(case: Any) -> CycleRequest:
    return CycleRequest(office=case.office, applicant=case.applicant, urgency=case.urgency, source=case.number)


def _told(case: queries.MovedCase, news: queries.News) -> Answer:
    return Answer(news.step_key, news.news or {}, Channel.SYSTEM, actor=case.number)


def _go_on(db: Engine, turns: Sequence[Turn], sources: Mapping[int, str]) -> Failures:
    failures = Failures()
    for start in range(0, len(turns), CHUNK):
        results = advance_chunk(db, turns[start : start + CHUNK])
        failures |= {sources[result.case_id]: result.fault for result in results if result.fault}
    return failures
