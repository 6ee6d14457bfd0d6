"""The watch over cycles: what was planned comes under control, and what happened to it is told to whom controls it.

One query for what nobody controls yet, one for what is not any more as it was when it was last told: nothing is done
for a case of which there is no news. What both find goes on in chunks. Killed or run by two at once, everything is
told once.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Engine

from schemas.answers import Answer, Opened, Turn
from schemas.forms.cycles import CycleRequest
from schemas.words import Channel
from tasks.control import queries
from tasks.durable.opening import open_chunk
from tasks.durable.stage import CHUNK, advance_chunk

CODE = "CY"
Failure = tuple[str, str]  # the number of a source, and what is wrong with its control


def watch_cycles(db: Engine) -> list[Failure]:
    """Bring all cycles to where their cases stand; gives what could not go on, the others did."""
    failures = _take_charge(db)
    with db.connect() as connection:
        found = queries.news(connection)
    turns = [Turn(case_id, [_told(news) for news in some]) for case_id, some in groupby(found, attrgetter("case_id"))]
    sources = {news.case_id: news.source for news in found}
    for start in range(0, len(turns), CHUNK):
        failures += _go_on(db, turns[start : start + CHUNK], sources)
    return failures


def _take_charge(db: Engine) -> list[Failure]:
    """Control what is planned and nobody controls; what cannot be is left to the next round."""
    failures, after = list[Failure](), 0
    while True:
        with db.connect() as connection:
            cases = queries.uncontrolled(connection, after, CHUNK)
        if not cases:
            return failures
        after = cases[-1].id
        opened = open_chunk(
            db, CODE, Channel.SYSTEM, [(f"case:{case.id}:cycle-{case.plans}", _wanted(case)) for case in cases]
        )
        became = [(case.number, one) for case, one in zip(cases, opened, strict=True)]
        failures += [(number, str(one)) for number, one in became if not isinstance(one, Opened)]
        new = {one.case_id: number for number, one in became if isinstance(one, Opened)}
        failures += _go_on(db, [Turn(case_id) for case_id in new], new)


def _wanted(case: Any) -> CycleRequest:
    return CycleRequest(office=case.office, applicant=case.applicant, urgency=case.urgency, source=case.number)


def _told(news: queries.News) -> Answer:
    return Answer(news.step_key, news.news or {}, Channel.SYSTEM, actor=news.source)


def _go_on(db: Engine, turns: Sequence[Turn], sources: Mapping[int, str]) -> list[Failure]:
    results = advance_chunk(db, turns)
    return [(sources[result.case_id], result.fault) for result in results if result.fault]
