"""Killed at any commit, a case goes on, and each effect is there exactly once (laws 1-3).

CRASH_EXAMPLES=200 plays that many random cases instead of eight, other ones each time.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import forkserver
from pathlib import Path

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from sqlalchemy import NullPool, create_engine, text

from schemas.answers import Answer
from tests.books import books_balance
from tests.databases import Server
from tests.tasks.durable.crash import NEXT_LIFE, Child, Kill, KillAtNew, Life, Point, play_on, void_leases
from tests.tasks.durable.effects import Effects, differences, effects
from tests.tasks.durable.plans import PLANS, RICH, TAKEN_BACK, Plan

START = datetime(2026, 11, 18, 1, 30, tzinfo=UTC)  # a Wednesday, 9:30 in Shanghai
EXAMPLES = int(os.environ.get("CRASH_EXAMPLES", "8"))


@dataclass
class Story:
    """A case in a database of its own, played by one process after the other."""

    url: str
    plan: Plan
    now: datetime = START
    answer: Answer | None = None

    def next_life(self, kill: Kill | KillAtNew | None = None, by_watch: bool = False) -> Child:
        """Start the process that goes on."""
        return Child(self.url, self.now, kill, play_on, self.plan, self.answer, by_watch)

    def end(self, child: Child) -> Life:
        """Wait for its end; its lease is void then."""
        life = child.end()
        void_leases(self.url)
        self.now, self.answer = life.ended + NEXT_LIFE, life.answer or self.answer
        return life

    def effects(self) -> Effects:
        """Give what has happened, in books that balance."""
        db = create_engine(self.url, poolclass=NullPool)
        books_balance(db)
        return effects(db)


@contextmanager
def story(server: Server, template: str, plan: Plan) -> Iterator[Story]:
    url = server.create(template)
    yield Story(url, plan)
    server.drop(url)


def same(one: Story, other: Story) -> None:
    found = differences(one.effects(), other.effects())
    assert not found, "\n".join(found)


def withdrawn_at(one: Story) -> int:
    """Give the sequence from which a case is taken back, 0 where it is not."""
    with create_engine(one.url, poolclass=NullPool).connect() as connection:
        return connection.scalar(text("SELECT coalesce(min(seq) - 1, 0) FROM ledger WHERE kind = 'withdrawn'")) or 0


@pytest.mark.parametrize("plan", [RICH, TAKEN_BACK], ids=["rich", "taken back"])
def test_killed_before_and_after_every_commit_a_case_goes_on(server: Server, template: str, plan: Plan) -> None:
    with (
        story(server, template, plan) as quiet,
        story(server, template, plan) as before,  # both are sent the same answer again
        story(server, template, plan) as after,
        story(server, template, plan) as watched,  # is taken up by the watch, in fewer commits
    ):
        undisturbed, since = quiet.end(quiet.next_life()), withdrawn_at(quiet)
        points = {point for point in undisturbed.points if (point.seq or 0) >= since}
        seen: dict[str, set[Point]] = {one.url: set() for one in (before, after, watched)}
        going = [before, after, watched]
        while going:
            kills = [KillAtNew(seen[one.url], one is after, since) for one in going]
            children = [one.next_life(kill, one is watched) for one, kill in zip(going, kills, strict=True)]
            for one, child in zip(list(going), children, strict=True):
                life = one.end(child)
                seen[one.url].update(life.points)
                if not life.killed:
                    going.remove(one)
        assert points <= seen[before.url] & seen[after.url]
        for one in (before, after, watched):
            same(quiet, one)


KILLS = st.lists(
    st.tuples(st.builds(Kill, commit=st.integers(1, 40), after=st.booleans()), st.booleans()), min_size=1, max_size=5
)


@settings(max_examples=EXAMPLES, derandomize="CRASH_EXAMPLES" not in os.environ, deadline=None, database=None)
@given(plan=PLANS, kills=KILLS)
def test_killed_anywhere_and_often_a_case_ends_as_if_undisturbed(
    server: Server, template: str, plan: Plan, kills: list[tuple[Kill, bool]]
) -> None:
    with story(server, template, plan) as quiet, story(server, template, plan) as one:
        undisturbed = quiet.next_life()
        by_watch, died = False, 0
        for kill, then_by_watch in kills:
            died += one.end(one.next_life(kill, by_watch)).killed
            by_watch = then_by_watch
        assert not one.end(one.next_life(by_watch=by_watch)).killed
        assert not undisturbed.end().killed
        event(f"killed {died} times")
        same(quiet, one)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_an_application_killed_at_its_commit_and_sent_again_is_one_case(
    server: Server, template: str, after: bool
) -> None:
    with story(server, template, Plan()) as one:
        assert one.end(one.next_life(Kill(1, after))).killed
        db = create_engine(one.url, poolclass=NullPool)
        count = text("SELECT count(*), max(number), (SELECT max(value) FROM counter) FROM service_case")
        with db.connect() as connection:
            assert tuple(connection.execute(count).one()) == ((1, "PA-2026-000001", 1) if after else (0, None, None))
        assert not one.end(one.next_life()).killed
        with db.connect() as connection:
            assert connection.execute(text("SELECT number FROM service_case")).scalars().all() == ["PA-2026-000001"]
        one.effects()


def test_children_come_from_a_process_with_one_thread_and_no_connection(server: Server, template: str) -> None:
    with story(server, template, Plan()) as one:
        assert one.end(one.next_life(Kill(1, after=True))).killed
        parent = Path(f"/proc/{forkserver._forkserver._forkserver_pid}")  # type: ignore[attr-defined]
        if not parent.exists():
            pytest.skip("this system has no /proc")
        assert len(list((parent / "task").iterdir())) == 1
        opened = [os.readlink(one) for one in (parent / "fd").iterdir() if int(one.name) > 2]
        assert len([link for link in opened if link.startswith("socket:")]) == 1  # where it takes orders
