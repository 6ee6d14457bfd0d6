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
    now: datetime = START
    answer: Answer | None = None
    lives: int = 0

    def next_life(self, kill: Kill | KillAtNew | None = None, by_watch: bool = False) -> Child:
        """Start the process that goes on."""
        self.lives += 1
        return Child(self.url, self.now, kill, play_on, self.plan, self.answer, by_watch)

    def end(self, child: Child) -> Life:
        """Wait for its end, and until its lease is void."""
        life = child.end()
        self.now, self.answer = life.ended + NEXT_LIFE, life.answer or self.answer
        return life


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
            children = [(one, one.next_life(KillAtNew(seen[one.url], one is after), one is before)) for one in going]
            for one, child in children:
                life = one.end(child)
                seen[one.url].update(life.points)
                if not life.killed:
                    going.remove(one)
        points = set(undisturbed.end().points)
        for one in (before, after):
            assert points <= seen[one.url]
            same(quiet, one)


PLANS = st.builds(
    Plan,
    lines=st.lists(
        st.sampled_from([ON_STOCK, SCARCE, PANEL, PAINTED, GLASS]),
        min_size=1, max_size=3, unique_by=lambda line: str(line["配件名称"]),
    ).map(tuple),
    urgent=st.booleans(),
    sent_back=st.booleans(),
    price=st.sampled_from([None, 300, 2600, 13000]),
    refused=st.sampled_from([False, False, False, True]),
    partial=st.booleans(),
    difference=st.booleans(),
    anomaly=st.sampled_from(["重新制作", "接受短交", "关闭本单"]),
    freight=st.sampled_from(["free", "approved", "refused"]),
    release=st.sampled_from([None, "先行放行", "不提前放行"]),
    pickup=st.sampled_from(["in order", "checked later", "short"]),
    withdraw=st.sampled_from(
        [None] * 4 + ["ReviewDecision", "PlanDecision", "ProductionReport", "GoodsInCount", "GoodsOut", "PickupConfirmation"]
    ),
)  # fmt: skip
KILLS = st.lists(
    st.tuples(st.builds(Kill, commit=st.integers(1, 40), after=st.booleans()), st.booleans()), min_size=1, max_size=5
)


@settings(max_examples=EXAMPLES, derandomize=not LONG, deadline=None, database=None)
@given(plan=PLANS, kills=KILLS)
def test_killed_anywhere_and_often_a_case_ends_as_if_undisturbed(
    server: Server, template: str, plan: Plan, kills: list[tuple[Kill, bool]]
) -> None:
    with story(server, template, plan) as quiet, story(server, template, plan) as one:
        undisturbed = quiet.next_life()
        lives = [*kills, (None, one.url.endswith("0")), (None, False)]
        by_watch = False
        for kill, then_by_watch in lives:
            if not one.end(one.next_life(kill, by_watch)).killed:
                break
            by_watch = then_by_watch
        undisturbed.end()
        same(quiet, one)


def test_children_come_from_a_process_with_one_thread_and_no_connection(server: Server, template: str) -> None:
    with story(server, template, Plan()) as one:
        one.end(one.next_life(Kill(1, after=True)))
        home = Path(f"/proc/{forkserver._forkserver._forkserver_pid}")  # type: ignore[attr-defined]
        assert len(list((home / "task").iterdir())) == 1
        assert "postgres" not in "".join(
            os.readlink(link) for link in (home / "fd").iterdir()
        )
