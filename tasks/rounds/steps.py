"""Do scheduled work: everything that is due once, in order, however late, twice or interrupted it comes.

A round and the note that it is done commit together. After an outage each period that was missed has its round,
unless only the latest counts (`catch_up=False`): a list of what is due today holds what was due yesterday too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import time, timedelta

from sqlalchemy import Connection, Engine

from schemas.forms.periods import PeriodWanted
from schemas.problems import BadInput, Problem
from tasks.cycle.queries import calendar_today
from tasks.cycle.rules import at, shanghai_day
from tasks.durable import clock
from tasks.policies.queries import setting_today
from tasks.rounds import queries
from tasks.rounds.rules import RECKONED, Cadence, Period, rounds_due
from tasks.unit.reading import reading

Work = Callable[[Connection, Period], str]


@dataclass(frozen=True)
class Rounds:
    """Work that comes again: its name, how often, on which working day after the period, and what it does.

    What it does is called with a period inside the round's transaction, and gives what staff read of it, in markdown;
    a person may want a period again, so it writes nothing twice.
    `hour` is the policy of the clock time from which a day's round is due.
    """

    work: str
    cadence: Cadence
    do: Work
    working_day: int = 1
    catch_up: bool = True
    hour: str = ""


def do_rounds(db: Engine, rounds: Rounds, wanted: PeriodWanted) -> list[tuple[Period, str]]:
    """Do what is due and was not done, or what a person wants; give each round and what came of it, the oldest first.

    BadInput where the days that are wanted have not come yet, or are none that anybody reckons with.
    """
    if period := _wanted_period(wanted):
        with db.begin() as connection:
            return [(period, rounds.do(connection, period))]
    return [came for period in _due(db, rounds) if (came := _once(db, rounds, period))]


def _due(db: Engine, rounds: Rounds) -> list[Period]:
    now = clock.now()
    with reading(db) as connection:
        done, calendar = queries.last_done(connection, rounds.work), calendar_today(connection)
        hour = time.fromisoformat(setting_today(connection, rounds.hour)) if rounds.hour else time()
    today = shanghai_day(now) if now >= at(shanghai_day(now), hour) else shanghai_day(now) - timedelta(days=1)
    due = rounds_due(calendar, rounds.cadence, done, today, rounds.working_day)
    return due if rounds.catch_up else due[-1:]


def _once(db: Engine, rounds: Rounds, period: Period) -> tuple[Period, str] | None:
    with db.begin() as connection:
        if queries.begin_round(connection, rounds.work, period, clock.now()):
            result = rounds.do(connection, period)
            queries.end_round(connection, rounds.work, period, result)
            return period, result
    return None


def _wanted_period(wanted: PeriodWanted) -> Period | None:
    if wanted.since is None or wanted.until is None:
        return None
    today = shanghai_day(clock.now())
    if wanted.until > today:
        raise BadInput([Problem("截止日 until", wanted.until, f"不能晚于今天 must not be later than today, {today}")])
    if wanted.since < (earliest := RECKONED[0]):
        raise BadInput([Problem("起始日 since", wanted.since, f"不能早于 must not be before {earliest}")])
    return Period(wanted.since, wanted.until)
