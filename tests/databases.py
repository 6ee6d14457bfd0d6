"""The databases of a test run: copies of a template, and those that are lent out again once they are as they were."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Engine, QueuePool
from sqlalchemy.engine import make_url

from deployments import database
from tests.pristine import AS_IT_WAS

MOST_TIMES = 40  # then what tests have deleted is in the way


@dataclass
class Lent:
    """A database that one test after the other gets, with the connections that know it already."""

    url: str
    engine: Engine
    times: int = 0

    def as_it_was(self) -> bool:
        """Take away what a test has left; False where that is not possible, or somebody still is at work there."""
        pool = self.engine.pool
        if self.times >= MOST_TIMES or not isinstance(pool, QueuePool) or pool.checkedout():
            return False
        try:
            row = self._behind.execute(AS_IT_WAS, [pool.checkedin()]).fetchone()
        except psycopg.Error:
            return False
        return bool(row and row[0])

    def leave(self) -> None:
        """Disconnect."""
        self.engine.dispose()
        self._behind.close()

    @cached_property
    def _behind(self) -> psycopg.Connection:
        """A connection for which no trigger fires; to switch that in another one makes it forget its plans."""
        url = make_url(self.url).set(drivername="postgresql").render_as_string(hide_password=False)
        return psycopg.connect(url, autocommit=True, options="-c session_replication_role=replica -c lock_timeout=1s")


@dataclass
class Server:
    """The test run's PostgreSQL; nothing that is written to it survives a crash or the run."""

    url: str
    _serial: Iterator[int] = field(default_factory=itertools.count)
    _shared: dict[str, Any] = field(default_factory=dict)
    _idle: list[Lent] = field(default_factory=list)

    def create(self, template: str | None = None) -> str:
        """Make a database, empty or a copy of the one at `template`, and give its URL."""
        name = f"test_{next(self._serial)}"
        source = make_url(template).database if template else "template1"
        # copying files takes 30 ms, copying through the WAL 90
        self._run("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", name, str(source))
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    @contextmanager
    def copied(self, template: str) -> Iterator[Engine]:
        """Lend an engine on a copy of the database at `template`."""
        url = self.create(template)
        engine = self._engine(url)
        try:
            yield engine
        finally:
            engine.dispose()
            self.drop(url)

    @contextmanager
    def lent(self, template: str) -> Iterator[Engine]:
        """Lend an engine on a database that is as the one at `template`, which was prepared, whoever had it before."""
        lent = self._idle.pop() if self._idle else self._made(template)
        lent.times += 1
        # what listens to this engine is gone with it
        try:
            yield lent.engine.execution_options()
        finally:
            if lent.as_it_was():
                self._idle.append(lent)
            else:
                lent.leave()
                self.drop(lent.url)

    def drop(self, url: str) -> None:
        """Drop a database, whoever still uses it."""
        self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", str(make_url(url).database))

    def close(self) -> None:
        """Leave the server."""
        for lent in self._idle:
            lent.leave()
        self._admin.close()

    def _made(self, template: str) -> Lent:
        url = self.create(template)
        return Lent(url, self._engine(url))

    def _engine(self, url: str) -> Engine:
        """Connect; all these engines have one dialect, so that what it compiles of a statement is compiled once a run."""
        engine = database.connect(url)
        engine.dialect = self._shared.setdefault("dialect", engine.dialect)
        engine.update_execution_options(compiled_cache=self._shared.setdefault("compiled", {}))
        return engine

    @cached_property
    def _admin(self) -> psycopg.Connection:
        admin = make_url(self.url).set(drivername="postgresql", database="postgres")
        return psycopg.connect(admin.render_as_string(hide_password=False), autocommit=True)

    def _run(self, statement: str, *names: str) -> None:
        self._admin.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
