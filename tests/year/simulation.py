"""The clock jumps from one thing to the next: the day's applications, people at their lists, the scheduled flows."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from functools import partial
from random import Random
from typing import Any

import time_machine
from sqlalchemy import Engine

import flows
from schemas.answers import Opened, Turn
from schemas.words import Channel
from tasks.cycle.queries import calendar_today
from tasks.cycle.rules import Calendar, at, is_working_day
from tasks.durable import clock
from tasks.durable.opening import open_chunk
from tasks.durable.stage import advance_chunk
from tests.year.applications import Incoming, incoming, lists, sell
from tests.year.people import Staff
from tests.year.schedule import Job, is_watch, scheduled_jobs, watch_due, without_prefect

MONDAY = 0
COMES_IN, AT_LISTS = clock_time(9, 20), (clock_time(10, 5), clock_time(15, 5))


@dataclass
class Year:
    """A simulated stretch of time on a database, and what happened in it."""

    db: Engine
    first: date
    last: date
    cases: int
    seed: int = 1
    opened: int = 0
    ran: Counter[str] = field(default_factory=Counter)
    rounds: list[datetime] = field(default_factory=list)  # of the deadline watch
    failed: list[str] = field(default_factory=list)
    seconds: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        """Live through it."""
        flows.load()
        with self.db.connect() as connection:
            calendar = calendar_today(connection)
        chance = Random(self.seed)
        self.staff = Staff(self.db, chance)
        days = list(_working_days(calendar, self.first, self.last))
        planned = incoming(days, self.cases, chance)
        with self.db.begin() as connection:
            sell(connection, planned)
        by_day: dict[date, list[Incoming]] = {}
        for one in planned:
            by_day.setdefault(one.day, []).append(one)
        self.jobs, pages = scheduled_jobs(at(self.first)), list[str]()
        with time_machine.travel(at(self.first), tick=False) as self.now, without_prefect(self.db, pages):
            for day in days:
                self._jobs_until(at(day, COMES_IN))
                self._timed("open", partial(self._open, day, by_day.get(day, [])))
                for moment in AT_LISTS:
                    self._jobs_until(at(day, moment))
                    self._timed("answer", self.staff.work)
            self._jobs_until(at(self.last, clock_time(23, 59)))

    def _open(self, day: date, applications: list[Incoming]) -> None:
        by_code = defaultdict[str, list[tuple[str, dict[str, Any]]]](list)
        for one in applications:
            by_code[one.code].append((one.form["订单号"], one.form))
        if day.weekday() == MONDAY:
            by_code["RL"] = [(f"list:{day}:{form['办事处']}", form) for form in lists()]
        for code, mine in sorted(by_code.items()):
            became = open_chunk(self.db, code, Channel.SHEET, mine)
            made = [one for one in became if isinstance(one, Opened)]
            assert code == "RL" or len(made) == len(mine), became  # an office may have nothing to send back
            advance_chunk(self.db, [Turn(one.case_id) for one in made])
            self.opened += len(made)

    def _jobs_until(self, moment: datetime) -> None:
        """Run whatever is scheduled until a moment, in the order of its times, and be there then."""
        (watch,) = [one for one in self.jobs if is_watch(one)]
        while True:
            watch_due(self.db, watch, clock.now())
            if (one := min(self.jobs, key=lambda job: job.next_at)).next_at > moment:
                return self.now.move_to(moment)
            self.now.move_to(one.next_at)
            self._timed(one.name, partial(self._run, one))
            one.move_on(one.next_at)

    def _run(self, one: Job) -> None:
        if is_watch(one):
            self.rounds.append(clock.now())
        state = one.flow.fn()
        self.ran[one.name] += 1
        if not state.is_completed() or ("故障 faults 0" not in (state.message or "故障 faults 0") and is_watch(one)):
            self.failed.append(f"{one.next_at} {one.name}: {state.name} {state.message}")

    def _timed(self, name: str, act: Callable[[], object]) -> None:
        begun = time.process_time()
        act()
        self.seconds[name] += time.process_time() - begun


def _working_days(calendar: Calendar, first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        if is_working_day(calendar, day):
            yield day
        day += timedelta(days=1)
