"""Play a case in child processes that are killed at a commit; the next child goes on.

Children are forked from a server that has imported the product once, runs one thread and has no connection.
A killed leg's lease is void after 20 s, and nobody waits so long: it is voided in the database, by whose clock leases go.
A child's own clock is set (time-machine); the child after a kill lives 4 s later, when a watch takes over. Nothing of the
product is patched, only the driver's commit: to die.
"""

import os
import re
import signal
import time
import traceback
from collections.abc import Callable, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import psycopg
import time_machine
from sqlalchemy import Engine, create_engine, event, make_url

from deployments.database import connect, url_text
from schemas.answers import Answer
from schemas.words import Channel
from tasks.durable.opening import open_case
from tasks.durable.stage import advance
from tasks.runs.mending import RecoverReport
from tasks.runs.watch import TAKE_OVER_AFTER, Watch
from tests.forks import forks
from tests.play import Play
from tests.tasks.durable.plans import Plan, family_turns

create_engine("postgresql+psycopg://")  # imports the driver before children are forked; connects to nothing
NEXT_LIFE = TAKE_OVER_AFTER + timedelta(seconds=1)
ORIGIN = "cli:crash"
WRITE = re.compile(r"INSERT INTO \w+|UPDATE \w+|DELETE FROM \w+")
TOO_LATE = re.compile(r"already decided|is closed")


class Point(NamedTuple):
    """A commit: the case that it changed, the ledger's sequence with it, and what its transaction wrote.

    One that opens another case is its own; where it changed none, of a lease say, the sequence is the highest of all.
    """

    case: str | None
    seq: int | None
    wrote: tuple[str, ...]


class Kill(NamedTuple):
    """Die at the n-th commit (from 1) of a life: before the database hears of it, or after its answer."""

    commit: int
    after: bool

    def dies(self, _point: Point, count: int) -> bool:
        """Say whether a process dies at a commit."""
        return count == self.commit


class KillAtNew(NamedTuple):
    """Die at the first commit, from a sequence on, that is not among those seen."""

    seen: Set[Point]
    after: bool
    since: int = 0

    def dies(self, point: Point, _count: int) -> bool:
        """Say whether a process dies at a commit."""
        return (point.seq or 0) >= self.since and point not in self.seen


@dataclass
class Life:
    """What the parent knows of a child: how and when it ended, its last answer, the commits it came to."""

    killed: bool
    ended: datetime
    answer: Answer | None = None
    points: list[Point] = field(default_factory=list)


class Child:
    """A process that does `work(db, say, …)` at a time of its own."""

    def __init__(
        self, url: str, start: datetime, kill: Kill | KillAtNew | None, work: Callable[..., None], *args: Any
    ) -> None:
        self._start, self._since = start, time.monotonic()
        self._heard, parent = forks.Pipe(duplex=False)
        self._process = forks.Process(target=_live, args=(url, start, kill, parent.send, work, args))
        self._process.start()
        parent.close()

    @property
    def pid(self) -> int:
        """Its process."""
        return int(self._process.pid or 0)

    def kill(self) -> None:
        """Kill it, wherever it is; nothing happens if it has ended."""
        self._process.kill()

    def end(self) -> Life:
        """Wait for its end; a fault of the child is raised here."""
        life = Life(True, self._start)
        try:
            while True:
                match self._heard.recv():
                    case Answer() as answer:
                        life.answer = answer
                    case Point() as point:
                        life.points.append(point)
                    case str() as fault:
                        raise AssertionError(f"the child failed:\n{fault}")
                    case None:
                        life.killed = False
        except EOFError:
            life.ended += timedelta(seconds=time.monotonic() - self._since)
            return life
        finally:
            self._process.join()
            self._heard.close()


def void_leases(url: str) -> None:
    """Let the leases of the dead run out, as 20 s would; an engine for that would ask the database ten things more."""
    with psycopg.connect(url_text(make_url(url), "postgresql"), autocommit=True) as connection:
        connection.execute("UPDATE lease SET expires_at = clock_timestamp()")


def _live(
    url: str,
    start: datetime,
    kill: Kill | KillAtNew | None,
    say: Callable[[Any], None],
    work: Callable[..., None],
    args: tuple[Any, ...],
) -> None:
    try:
        with time_machine.travel(start, tick=True):
            db = connect(url)
            arm(db, kill, say)
            work(db, say, *args)
            db.dispose()
        say(None)
    except BaseException:  # noqa: BLE001  the parent raises it
        say(traceback.format_exc())


def arm(db: Engine, kill: Kill | KillAtNew | None, say: Callable[[Point], None]) -> None:
    """Say every commit that is about to write something, and die at one."""
    commit, count = db.dialect.do_commit, 0
    wrote: dict[str, None] = {}

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if written := WRITE.match(statement):
            wrote[written[0]] = None

    def do_commit(connection: Any) -> None:
        nonlocal count
        if not wrote:
            commit(connection)
            return
        point, count = Point(*_changed(connection), tuple(wrote)), count + 1
        wrote.clear()
        say(point)
        dies = kill is not None and kill.dies(point, count)
        if kill and dies and not kill.after:
            os.kill(os.getpid(), signal.SIGKILL)
        commit(connection)
        if dies:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(db, "before_cursor_execute", note)
    event.listen(db, "rollback", lambda _connection: wrote.clear())
    db.dialect.do_commit = do_commit  # type: ignore[assignment]


def _changed(connection: Any) -> tuple[str | None, int | None]:
    """Find the case that a transaction has changed; others of the family may be anywhere meanwhile."""
    own = "SELECT number, seq FROM service_case WHERE xmin = pg_current_xact_id()::xid ORDER BY id LIMIT 1"
    found: tuple[str | None, int | None] = (
        connection.cursor().execute(own).fetchone()
        or connection.cursor().execute("SELECT NULL, max(seq) FROM service_case").fetchone()
    )
    return found


def play_on(
    db: Engine, say: Callable[[Answer], None], plan: Plan, again: Answer | None = None, by_watch: bool = False
) -> None:
    """Play a case to its end: apply (again), go on where the last process died, then answer what is asked."""
    play, opened = Play(db), open_case(db, "PA", plan.application(), ORIGIN, Channel.CLI)
    case = opened.case_id
    if by_watch and not opened.new:
        Watch(db).take_over(RecoverReport())
    else:
        reply = advance(db, case, again).reply  # sent again by somebody whom no reply has reached
        assert reply.accepted or TOO_LATE.search(str(reply.problems)), reply.problems
    while turn := next(family_turns(play, [(case, plan)]), None):
        answer = next(iter(turn.answers), None)
        if answer and turn.case_id == case:
            say(answer)
        reply = advance(db, turn.case_id, answer).reply
        assert reply.accepted, f"{answer}: {reply.problems}"
