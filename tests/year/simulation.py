"""The clock jumps from one thing to the next: the day's applications, people at their lists, the scheduled flows."""

import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Protocol, TypeVar

import time_machine
from sqlalchemy import Connection, Engine

import flows
from schemas.answers import Opened, Turn
from schemas.words import Channel
from tasks.cycle.queries import calendar_today
from tasks.cycle.rules import Calendar, at, is_working_day
from tasks.durable import clock
from tasks.durable.opening import open_chunk
from tasks.durable.stage import advance_chunk
from tests.year.applications import Incoming, incoming, lists, sell
from tests.year.helper import Helper, shared
from tests.year.people import Staff
from tests.year.schedule import (
    Came,
    Job,
    is_watch,
    run_apart,
    run_scheduled,
    scheduled_jobs,
    watch_due,
    without_prefect,
)
from tests.year.truths import Round

MONDAY, MOST_BESIDE = 0, 30  # runs that wait for their process, those of two days, before we wait for them
COMES_IN, AT_LISTS = clock_time(9, 20), clock_time(15, 5)
T = TypeVar("T")
Due = tuple[datetime, Job]
Running = tuple[Due, Future[Came]]  # in another process


class Moved(Protocol):
    """A clock that jumps."""

    def move_to(self, moment: datetime) -> None: ...


@dataclass
class Year:
    """A simulated stretch of time on a database, and what happened in it."""

    db: Engine
    first: date
    last: date
    cases: int
    home: Path
    seed: int = 1
    opened: int = 0
    ran: Counter[str] = field(default_factory=Counter)
    rounds: list[Round] = field(default_factory=list)  # of the deadline watch
    failed: list[str] = field(default_factory=list)
    seconds: Counter[str] = field(default_factory=Counter)
    colleagues: Helper | None = None  # has its share of what is due at a time, said, or comes in
    beside: Helper | None = None  # does what prefect.yaml gives a process of its own, while work goes on
    now: Moved = field(init=False)
    looks: Connection = field(init=False)  # for what is due next
    _apart: deque[Running] = field(default_factory=deque, init=False)

    def run(self) -> None:
        """Live through it."""
        flows.load()
        with self.db.connect() as connection:
            calendar = calendar_today(connection)
        chance = Random(self.seed)
        self.staff = Staff(self.db, chance, self.colleagues)
        days = list(_working_days(calendar, self.first, self.last))
        planned = incoming(days, self.cases, chance)
        with self.db.begin() as connection:
            sell(connection, planned)
        by_day: dict[date, list[Incoming]] = {}
        for one in planned:
            by_day.setdefault(one.day, []).append(one)
        self.jobs = scheduled_jobs(at(self.first))
        with self._world(), self.db.connect() as looking:
            self.looks = looking.execution_options(isolation_level="AUTOCOMMIT")
            for day in days:
                self._jobs_until(at(day, COMES_IN))
                self._timed("open", partial(self._open, day, by_day.get(day, [])))
                self._jobs_until(at(day, AT_LISTS))
                self._timed("answer", self.staff.work)
                if day.weekday() == MONDAY:
                    self._timed("sign", self.staff.sign_journals)
            self._jobs_until(at(self.last, clock_time(23, 59)))
            self._hear(self._apart)

    @contextmanager
    def _world(self) -> Iterator[None]:
        """Let the clock stand still between its jumps, and the jobs run as plain functions."""
        pages = list[str]()
        with time_machine.travel(at(self.first), tick=False) as self.now, without_prefect(self.db, pages, self.home):
            yield

    def _open(self, day: date, applications: list[Incoming]) -> None:
        by_code = defaultdict[str, list[tuple[str, dict[str, Any]]]](list)
        for one in applications:
            by_code[one.code].append((one.form["订单号"], one.form))
        if day.weekday() == MONDAY:
            by_code["RL"] = [(f"list:{day}:{form['办事处']}", form) for form in lists()]
        codes = sorted(by_code.items())
        work = shared(codes, partial(opened, self.db), self.colleagues, lambda helper, one: helper.now(opened, one))
        self.opened += sum(made for _, made in work)

    def _jobs_until(self, moment: datetime) -> None:
        """Run whatever is scheduled until a moment, and be there then; the deadline watch comes after what is due by then."""
        (watch,) = [one for one in self.jobs if is_watch(one)]
        while True:
            watch_due(self.looks, watch, clock.now())
            until = min(moment, watch.next_at)
            others = [(when, one) for one in self.jobs if one is not watch for when in one.until(until)]
            self._run_all(sorted(others, key=lambda due: due[0]))
            self.now.move_to(until)
            if watch.next_at > moment:
                return
            self._run_all([(when, watch) for when in watch.until(until)])

    def _run_all(self, due: Sequence[Due]) -> None:
        """Run jobs as a worker does, several at once, each at its time."""
        apart = [one for one in due if one[1].apart and self.beside]
        for one in apart:
            self._hear(self._apart, leave=MOST_BESIDE)
            self._apart.append((one, self._given(self.beside, one)))
        here = [one for one in due if one not in apart]
        for one, came in shared(here, self._ran, self.colleagues, self._given):
            self._note(one, came)

    def _ran(self, due: Due) -> Came:
        when, one = due
        self.now.move_to(when)
        return self._timed(one.name, partial(run_scheduled, one.flow))

    def _given(self, helper: Helper, due: Due) -> Future[Came]:
        when, one = due
        return helper.at(when, run_apart, one.entrypoint, self.home)

    def _hear(self, running: deque[Running], leave: int = 0) -> None:
        """Hear of what runs elsewhere, until so many of them are left."""
        while len(running) > leave:
            due, came = running.popleft()
            self._note(due, came.result())

    def _note(self, due: Due, came: Came) -> None:
        """Note a run, and what came of it."""
        when, one = due
        self.ran[one.name] += 1
        if is_watch(one):
            self.rounds.append(Round(when, max(when, clock.now())))
        if not came.well:
            self.failed.append(f"{when} {one.name}: {came.said}")

    def _timed(self, name: str, act: Callable[[], T]) -> T:
        begun = time.process_time()
        came = act()
        self.seconds[name] += time.process_time() - begun
        return came


def opened(db: Engine, applications: tuple[str, Sequence[tuple[str, dict[str, Any]]]]) -> int:
    """Open what came in of a process, and take it as far as it goes; gives how many cases that are."""
    code, mine = applications
    became = open_chunk(db, code, Channel.SHEET, mine)
    made = [one for one in became if isinstance(one, Opened)]
    assert code == "RL" or len(made) == len(mine), became  # an office may have nothing to send back
    advance_chunk(db, [Turn(one.case_id) for one in made])
    return len(made)


def _working_days(calendar: Calendar, first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        if is_working_day(calendar, day):
            yield day
        day += timedelta(days=1)
