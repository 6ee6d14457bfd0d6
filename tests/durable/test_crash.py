"""Killed at any commit, a case goes on, and each effect is there exactly once (laws 1-3)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing import forkserver
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, NullPool, create_engine

from schemas.states import Channel
from tasks.durable.question import Answer
from tests.books import books_balance
from tests.conftest import Server
from tests.durable.crash import NEXT_LIFE, Child, Kill, KillAtNew, Life, Point, play_on
from tests.durable.effects import Effects, differences, effects
from tests.durable.plans import GLASS, ON_STOCK, PAINTED, PANEL, RICH, SCARCE, TAKEN_BACK, Plan

START = datetime(2026, 11, 18, 1, 30, tzinfo=UTC)  # a Wednesday, 9:30 in Shanghai
EXAMPLES = int(os.environ.get("CRASH_EXAMPLES", "10"))
LONG = "CRASH_EXAMPLES" in os.environ


@dataclass
class Story:
    """A case in a database of its own, played by one process after the other."""

    url: str
    plan: Plan
    last: Life = field(default_factory=Life)
    lives: int = 0

    def next_life(self, kill: Kill | KillAtNew | None = None, by_watch: bool = False) -> Child:
        """Start the process that goes on."""
        start = START + self.lives * NEXT_LIFE
        self.lives += 1
        return Child(self.url, start, kill, play_on, self.plan, self.last.answer, by_watch)

    def live(self, kill: Kill | KillAtNew | None = None, by_watch: bool = False) -> bool:
        """Live once more; True when the case was played to its end."""
        self.last = self.next_life(kill, by_watch).end()
        return not self.last.killed


@contextmanager
def story(server: Server, template: str, plan: Plan) -> Iterator[Story]:
    url = server.create(template)
    yield Story(url, plan)
    server.drop(url)


def effects_of(told: Story) -> Effects:
    """The effects of a case that has ended, in books that balance."""
    db = create_engine(told.url, poolclass=NullPool)
    books_balance(db)
    return effects(db)


def same(one: Story, other: Story) -> None:
    found = differences(effects_of(one), effects_of(other))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("plan", [RICH, TAKEN_BACK], ids=["rich", "taken back"])
def test_killed_before_and_after_every_commit_a_case_goes_on(server: Server, template: str, plan: Plan) -> None:
    with (
        story(server, template, plan) as quiet,
        story(server, template, plan) as before,
        story(server, template, plan) as after,
    ):
        undisturbed = quiet.next_life()
        seen: dict[str, set[Point]] = {before.url: set(), after.url: set()}
        going = [before, after]
        while going:
            children = [
                (one, one.next_life(KillAtNew(seen[one.url], one is after), one.lives % 2 == 0)) for one in going
            ]
            for one, child in children:
                life = child.end()
                seen[one.url].update(life.points)
                one.last = Life(answer=life.answer or one.last.answer)
                if not life.killed:
                    going.remove(one)
        points = undisturbed.end().points
        from multiprocessing import forkserver
        f=open(f"/proc/{forkserver._forkserver._forkserver_pid}/stat").read().split()
        print(len(points), before.lives, after.lives, "own", f[13:15], "children", f[15:17])
        assert len(points) == len(set(points))
        assert set(points) <= seen[before.url]
        assert set(points) <= seen[after.url]
        same(quiet, before)
        same(quiet, after)
        assert 0
