"""Play a case in child processes that are killed at a commit; the next child goes on.

Children are forked from a server that has imported the product once; it runs one thread and has no connection.
A killed leg's lease is void after 20 s, and nobody waits so long: a child's clock is set (time-machine), so that
the one after a kill lives 24 s later. Nothing of the product is patched but the driver's commit, to die there.
"""

import os
import re
import signal
import time
import traceback
from collections.abc import Callable, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import time_machine
from sqlalchemy import Engine, create_engine, event

from deployments.database import connect
from schemas.states import Channel
from tasks.desk.recover import TAKE_OVER_AFTER, RecoverReport, take_over
from tasks.durable.engine import advance, open_case
from tasks.durable.lease import VOID_AFTER
from tasks.durable.question import Answer
from tests.durable.plans import Plan
from tests.play import Play

forks = get_context("forkserver")
forks.set_forkserver_preload([__name__])
create_engine("postgresql+psycopg://")  # imports the driver before children are forked; connects to nothing
NEXT_LIFE = VOID_AFTER + TAKE_OVER_AFTER + timedelta(seconds=1)
ORIGIN = "cli:crash"
WRITE = re.compile(r"INSERT INTO \w+|UPDATE \w+|DELETE FROM \w+")
TOO_LATE = re.compile(r"already decided|is closed")


class Point(NamedTuple):
    """A commit of a case: the ledger's sequence with it, and what its transaction wrote."""

    seq: int | None
    wrote: tuple[str, ...]


class Kill(NamedTuple):
    """Die at the n-th commit (from 1) of a life; before the database hears of it, or after it has answered."""

    commit: int
    after: bool


class KillAtNew(NamedTuple):
    """Die at the first commit where none has died yet."""

    seen: Set[Point]
    after: bool


@dataclass
class Life:
    """What the parent knows of a child: how it ended, the answer it was giving, the commits it came to."""

    start: datetime
    killed: bool = True
    answer: Answer | None = None
    ended: datetime = field(init=False)
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

    def end(self) -> Life:
        """Wait for its end; a fault of the child is raised here."""
        life = Life(self._start)
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
            return life
        finally:
            life.ended = self._start + timedelta(seconds=time.monotonic() - self._since)
            self._process.join()
            self._heard.close()


def _live(
    url: str, start: datetime, kill: Kill | KillAtNew | None, say: Callable[[Any], None],
    work: Callable[..., None], args: tuple[Any, ...],
) -> None:  # fmt: skip
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
    commit, wrote, count = db.dialect.do_commit, [], 0

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if written := WRITE.match(statement):
            wrote.append(written[0])

    def do_commit(connection: Any) -> None:
        nonlocal count
        dies, point = False, Point(_sequence(connection), tuple(dict.fromkeys(wrote)))
        wrote.clear()
        if point.wrote:
            count += 1
            say(point)
            dies = kill is not None and (count == kill.commit if isinstance(kill, Kill) else point not in kill.seen)
        if dies and not kill.after:
            os.kill(os.getpid(), signal.SIGKILL)
        commit(connection)
        if dies:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(db, "before_cursor_execute", note)
    event.listen(db, "rollback", lambda _connection: wrote.clear())
    db.dialect.do_commit = do_commit  # type: ignore[method-assign]


def _sequence(connection: Any) -> int | None:
    cursor = connection.cursor()
    row = cursor.execute("SELECT max(seq) FROM service_case").fetchone()
    return row and row[0]


def play_on(
    db: Engine, say: Callable[[Answer], None], plan: Plan, again: Answer | None = None, by_watch: bool = False
) -> None:
    """Play a case to its end: apply (again), go on where the last process died, then answer what is asked."""
    play, opened = Play(db), open_case(db, "PA", plan.application(), ORIGIN, Channel.CLI)
    case = opened.case_id
    if by_watch and not opened.new:
        take_over(db, RecoverReport())
    else:
        reply = advance(db, case, again).reply  # sent again by somebody whom no reply has reached
        assert reply.accepted or TOO_LATE.search(str(reply.problems)), reply.problems
    while play.state(case) != "closed":
        answer = plan.next_answer(play, case)
        say(answer)
        reply = advance(db, case, answer).reply
        assert reply.accepted, f"{answer.key}: {reply.problems}"
