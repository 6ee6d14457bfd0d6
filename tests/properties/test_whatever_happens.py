"""All processes at once, whatever anybody does: what must be true is true after every action, and every case ends.

A story ends as it is told whatever gets in its way; people who do anything at all, allowed or not, break nothing, and
as soon as they are sensible every case comes to an end. AFTERSALES_PLAYS=200 plays for as long as that takes.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

import flows
from deployments.demo import sheets_door
from deployments.demo.days import Days, watch
from deployments.demo.end import AT_THE_END, NEVER
from deployments.demo.plan import EACH_ONCE, IN_LINE, Act, Story
from deployments.demo.player import Player, Progress, Saying, Todo, Told
from deployments.demo.screen import Screen
from deployments.demo.sensible import filled_in
from deployments.demo.sheets_door import SheetsDoor
from schemas.forms.fields import STAFF
from schemas.problems import BadInput
from tasks.durable.process import PROCESSES
from tasks.sheets.importing import import_file
from tasks.sheets.outcome import Became
from tasks.sheets.report import SheetReport
from tests.databases import Server
from tests.deployments.demo.test_demo_doors import EngineDoor
from tests.properties.mischief import Unruly, another_way, changed, form_of, survived
from tests.properties.sentences import AT_REST_TOO, clocks_that_differ, off_the_chain, wrong_now

flows.load()
PLAYS = int(os.environ.get("AFTERSALES_PLAYS", "0"))
SHORT, LOOK_EVERY = 4, 4  # plays of people who do anything, actions between two looks, where nobody asks for more
WILD_ROUNDS, CALM_ROUNDS = 8, 150
MISCHIEF = 0.15  # of what people do
pytestmark = [pytest.mark.timeout(0)] if PLAYS else []  # a long run is as long as it is
START = "2026-11-18T10:00:00+08:00"


class UnrulyDoor(EngineDoor):
    """The engine's door among unruly people, on machines that die; after every action the sentences are true."""

    def __init__(self, db: Engine, days: Days, unruly: Unruly) -> None:
        super().__init__(db, days)
        self.unruly, self.actions = unruly, 0

    def worklists(self) -> Iterator[list[Todo]]:
        """Give what waits; the watch's machine may die, too."""
        survived(self.db, self.unruly.chance, self.unruly.often, lambda: watch(self.db))
        self.true()
        yield from super().worklists()

    def _decide(self, saying: Saying, who: str) -> Told:
        told = self.unruly.send(saying, who)
        self.true()
        return told

    def withdraw(self, case: str, staff: str, reason: str) -> Told:
        """Take a case back; somebody who may not tries before."""
        if self.unruly.disturbed():
            told = super().withdraw(case, self.unruly.nobody_to_withdraw(), "别人的单")
            assert not told.accepted, f"{case} was taken back by somebody who may not"
        told = survived(
            self.db,
            self.unruly.chance,
            self.unruly.often,
            lambda: super(UnrulyDoor, self).withdraw(case, staff, reason),
        )
        self.true()
        return told

    def true(self) -> None:
        """Assert what is true after every action; where time is short it is looked at now and then."""
        self.actions += 1
        if PLAYS or self.actions % LOOK_EVERY == 0:
            assert not (wrong := wrong_now(self.db)), wrong
        assert not self.unruly.problems, self.unruly.problems


@pytest.fixture(scope="module")
def new_db(server: Server, template: str) -> Callable[[], AbstractContextManager[Engine]]:
    """Make a fresh database for each play."""
    return lambda: server.copied(template)


@pytest.fixture
def nine() -> Iterator[None]:
    """Let plays begin on a Wednesday; time goes on from there."""
    with time_machine.travel(START, tick=True):
        yield


# stories that end as they are told


def to_every_ending(stories: Sequence[Story]) -> list[Story]:
    """Choose stories that come to every ending to which all of them come."""
    chosen, reached = list[Story](), set[tuple[str, str]]()
    for story in stories:
        new = {(story.code, story.ending), *story.opened.items()} - reached
        if new or any(other.later for other in stories):
            chosen.append(story)
            reached |= new
    return chosen


def groups() -> dict[str, list[Story]]:
    """Give stories process by process; what is only sent later is about what the process before has left."""
    order, found = list(IN_LINE), dict[str, list[Story]]()  # processes are known in whatever order they were imported
    first = {story.code for story in EACH_ONCE if not story.later}
    for story in EACH_ONCE:
        code = story.code if story.code in first else order[order.index(story.code) - 1]
        found.setdefault(code, []).append(story)
    return found if PLAYS else {code: to_every_ending(stories) for code, stories in found.items()}


def test_a_story_ends_as_it_is_told_whatever_gets_in_its_way(
    new_db: Callable[[], AbstractContextManager[Engine]], nine: None, subtests: pytest.Subtests
) -> None:
    reached = set[tuple[str, str]]()
    for seed in range(1 + PLAYS // 50):
        for code, stories in groups().items():
            with subtests.test(code, seed=seed), new_db() as db:
                with Days().counted() as days:
                    door = UnrulyDoor(db, days, Unruly(db, Random(f"{code} {seed}"), MISCHIEF))
                    player = Player(db, door, Screen(), stories)
                    player.work()
                assert player.problems == []
                assert_at_rest(db)
                reached |= endings(db)
    every = {
        (code, end.value) for code, process in PROCESSES.items() for end in process.endings if end.value not in NEVER
    }
    assert {one for one in every if one[0] in ours()} - reached == set()


def in_sheets() -> dict[str, list[Story]]:
    """Give the stories that are told by workbooks: all where there is time, else one that has mistakes."""
    found = groups()
    return found if PLAYS else {"SO": [next(story for story in found["SO"] if story.slips)]}


def test_sheets_that_come_twice_on_machines_that_die_end_their_stories_as_they_are_told(
    new_db: Callable[[], AbstractContextManager[Engine]],
    nine: None,
    subtests: pytest.Subtests,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chance = Random(START)

    def unruly(db: Engine, path: Path, *args: Any, **how: Any) -> SheetReport:
        report = survived(db, chance, 2 * MISCHIEF, lambda: import_file(db, path, *args, **how))
        (aside := path.parent / "again").mkdir(exist_ok=True)
        again = import_file(db, path, *args, **how | {"out": aside})
        assert again.counts[Became.ACCEPTED] == 0, "sent again it does nothing twice"
        assert not (wrong := wrong_now(db)), wrong
        return report

    monkeypatch.setattr(sheets_door, "import_file", unruly)
    for code, stories in in_sheets().items():
        with subtests.test(code), new_db() as db, Days().counted() as days:
            (folder := tmp_path / code).mkdir()
            player = Player(db, SheetsDoor(db, folder, Screen(), days), Screen(), stories)
            player.work()
            assert player.problems == []
            assert_at_rest(db)


# people who do anything


class Anybody(Player):
    """People who do anything, allowed or not, and in the end what is sensible."""

    def __init__(self, db: Engine, door: UnrulyDoor, stories: Sequence[Story], chance: Random) -> None:
        self.chance, self.calm, self.tries = chance, False, Counter[tuple[str, str]]()
        super().__init__(db, door, Screen(), stories)

    def work(self) -> None:
        """Do anything for a while, then what is sensible until every case has ended; who cannot is a problem."""
        for n in range(WILD_ROUNDS + CALM_ROUNDS):
            self.calm = n >= WILD_ROUNDS
            said = [self.play(items) for items in self.door.worklists()]
            if self.all_closed():
                return
            if not any(said) or (not self.calm and self.chance.random() < 0.2):
                self._apply_later()
                self.door.rest()
        open_items = "SELECT c.number, i.step_key, i.role, i.refused_because FROM work_item i JOIN service_case c "
        open_items += "ON c.id = i.case_id WHERE i.state = 'open'"
        with self.db.connect() as connection:
            waiting = connection.execute(text(open_items)).all()
        raise AssertionError(f"nobody brings these to an end: {waiting}")

    def _apply_later(self) -> None:
        """Send what is sent later, where there is anything to send by then."""
        for story in list(self.later):
            with suppress(BadInput):
                self._apply([story])
                self.later.remove(story)

    def all_closed(self) -> bool:
        """Say whether all cases are closed, those of the applications that were taken."""
        with self.db.connect() as connection:
            rows = connection.execute(text("SELECT count(*) FROM service_case WHERE closed_at IS NULL"))
            free = connection.execute(text("SELECT count(*) FROM production_order WHERE cycle_id IS NULL"))
            return not (rows.scalar() or free.scalar())

    def play(self, items: Sequence[Todo]) -> int:
        """Let people answer some of what waits, or all of it."""
        return super().play([item for item in items if self.calm or self.chance.random() < 0.8])

    def _saying(self, item: Todo, progress: Progress, act: Act) -> Saying:
        saying = super()._saying(item, progress, act)
        form, who = form_of(item.shown.form), saying.people[0]
        tried = self.tries[item.case, item.key]
        self.tries[item.case, item.key] += self.calm
        whole = filled_in(item.shown.prefill, saying.said, who)
        if not self.calm and (roll := self.chance.random()) < 0.4:
            if roll < 0.03:
                staff = self.chance.choice([progress.story.applicant, *sorted(self.people)[:45]])
                return replace(saying, act=Act(withdraw="改主意", staff=staff))
            return replace(saying, said=without_staff(changed(self.chance, form, whole)))
        if self.calm and tried:
            return replace(saying, said=without_staff(another_way(self.chance, form, whole)))
        return saying

    def _judge(self, saying: Saying, told: Sequence[Told]) -> None:
        taken = [who for who, one in zip(saying.people, told, strict=True) if one.accepted]
        approved = saying.progress.approved[saying.item.case]
        approved.difference_update(who for who in saying.people if who not in taken)
        self.answers += 1


def without_staff(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name != STAFF}


def plain(story: Story) -> Story:
    """Tell a story without what its people say."""
    return replace(story, acts={}, copies=(), slips=())


def some_stories(chance: Random) -> list[Story]:
    """Choose one or two applications, and what is sent later about them, by the office that made them."""
    first = [plain(story) for story in EACH_ONCE if not story.later]
    chosen = chance.sample(first, chance.randint(1, 2))
    later = [plain(story) for story in EACH_ONCE if story.later and not story.lines]
    own = {"office": chosen[0].office, "applicant": chosen[0].applicant}
    return [*chosen, *(replace(story, key=f"later-{n}", **own) for n, story in enumerate(later[:2]))]


@given(st.randoms(use_true_random=False))
@settings(
    max_examples=PLAYS or SHORT, deadline=None, derandomize=not PLAYS, database=None, print_blob=True,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
def test_people_who_do_anything_break_nothing_and_every_case_comes_to_an_end(
    new_db: Callable[[], AbstractContextManager[Engine]], chance: Random
) -> None:
    with time_machine.travel(START, tick=False), new_db() as db, Days().counted() as days:  # the same each time
        door = UnrulyDoor(db, days, Unruly(db, chance, MISCHIEF))
        Anybody(db, door, some_stories(chance), chance).work()
        assert_at_rest(db)


# what is looked at


def ours() -> set[str]:
    return {code for code, process in PROCESSES.items() if process.function.__module__.startswith("flows.")}


def endings(db: Engine) -> set[tuple[str, str]]:
    with db.connect() as connection:
        rows = connection.execute(text("SELECT DISTINCT process, ending FROM service_case WHERE ending IS NOT NULL"))
        return {(row.process, row.ending) for row in rows}


def assert_at_rest(db: Engine) -> None:
    """Assert what is true when every case has ended."""
    wrong = wrong_now(db, AT_REST_TOO | AT_THE_END)
    assert not wrong, wrong
    assert off_the_chain(db) == []
    assert clocks_that_differ(db) == []
