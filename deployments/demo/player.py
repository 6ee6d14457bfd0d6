"""The demo's player: answers what waits as the stories say, through whichever door, and checks what became of it."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Engine, func, select, text

from deployments.demo.plan import Act, Story
from deployments.demo.screen import Screen
from deployments.demo.sensible import APPROVALS, BY_OFFICE, UNASKED, able_staff, sensible, who_may
from flows import load
from schemas.forms.calls import CallWhy
from schemas.tables import production_order, service_case, work_item
from schemas.words import Role
from tasks.calls.listing import list_calls
from tasks.durable import clock
from tasks.people.queries import people

STUCK_AFTER = 120.0  # seconds in which nothing happens
ROOT = text("""
    WITH RECURSIVE up AS (
        SELECT number, parent_id FROM service_case WHERE number = :number
        UNION ALL SELECT c.number, c.parent_id FROM up JOIN service_case c ON c.id = up.parent_id)
    SELECT number FROM up WHERE parent_id IS NULL""")


class Told(NamedTuple):
    """What became of an answer, and what its sender reads when it was not taken; `lost`: nobody ever read it."""

    accepted: bool
    why: str = ""
    lost: bool = False


@dataclass(frozen=True)
class Todo:
    """A work item that waits: its case ("" while it is a draft), key, title, form; `shown` is its door's own."""

    case: str
    key: str
    title: str
    form: str
    role: Role
    shown: Any = None
    run: str = ""


@dataclass
class Progress:
    """How far a story is: its case (a draft's run), how often each kind of gate was asked, who approved of which case.

    `acts` are those of items that were asked before, with the moment of the first time and its case.
    """

    story: Story
    case: str = ""
    asked: Counter[str] = field(default_factory=Counter)
    approved: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    acts: dict[str, tuple[Act, datetime, str]] = field(default_factory=dict)

    def next_act(self, key: str, case: str) -> Act | None:
        """Give what is said at an item now, None where nobody says anything yet.

        One that is asked again, because nobody answered or the answer was lost, gets the same.
        """
        if key not in self.acts:
            kind = max((kind for kind in self.story.acts if key.startswith(kind)), key=len, default="")
            planned, turn = self.story.acts.get(kind, ()), self.asked[kind]
            self.asked[kind] += 1
            self.acts[key] = planned[turn] if turn < len(planned) else Act(), clock.now(), case
        act, since, first = self.acts[key]
        if act.once and case != first:
            return Act()
        return None if act.silent or clock.now() < since + timedelta(days=act.after) else act


@dataclass(frozen=True)
class Saying:
    """What `people` are about to say at an item, an act of its story; two of them say the same in the same moment."""

    item: Todo
    people: Sequence[str]
    said: Mapping[str, Any]
    progress: Progress
    act: Act


class Door(Protocol):
    """A way into the product."""

    def apply(self, stories: Sequence[Story]) -> Mapping[str, str]:
        """Send applications; gives the case of each story."""

    def worklists(self) -> Iterator[list[Todo]]:
        """Give what waits, list by list; what is decided of a list may decide what stands in the next."""

    def decide(self, sayings: Sequence[Saying]) -> list[list[Told]]:
        """Send answers; gives what became of each, by item and person."""

    def withdraw(self, case: str, staff: str, reason: str) -> Told:
        """Take a case back."""

    def rest(self) -> None:
        """Let time pass: nobody has anything to say."""


class Player:
    """Plays everybody; what went otherwise than planned is in `problems`."""

    def __init__(self, db: Engine, door: Door, screen: Screen, stories: Sequence[Story]) -> None:
        load()
        self.db, self.door, self.screen = db, door, screen
        self.problems: list[str] = []
        self.answers = self.told_late = 0
        self.roots = dict[str, str]()  # of each case the application that it is about
        with db.connect() as connection:
            self.people = people(connection)
        self.stories, self.later = list[Progress](), [story for story in stories if story.later]
        self._apply([story for story in stories if not story.later])

    def _apply(self, stories: Sequence[Story]) -> None:
        cases = self.door.apply(stories)
        self.stories += [Progress(story, cases[story.key]) for story in stories]

    def work(self) -> None:
        """Go through what waits until all cases have ended, or something went otherwise than planned."""
        while not (self.all_closed() or self.problems):
            list_calls(self.db, {CallWhy.FILED})  # all that ends is called about; what is filed waits for that
            if self.screen.idle > STUCK_AFTER:
                self.problems.append(f"{STUCK_AFTER:.0f} 秒没有进展 nothing has happened for so long")
            said = [self.play(items) for items in self.door.worklists()]
            if any(said):
                continue
            if self.later:
                self._apply(self.later)
                self.later = []
            else:
                self.door.rest()

    def play(self, items: Sequence[Todo]) -> int:
        """Let somebody answer each item as its story says, and check what became of that; gives how many were."""
        meant = [item for item in items if item.role == Role.OFFICE or item.form not in BY_OFFICE]
        asked = [(item, progress) for item in meant if (progress := self._story_of(item))]
        acts = [(item, progress, progress.next_act(self._key(item), item.case)) for item, progress in asked]
        said = [one for one in acts if one[2] and not (one[2] == Act() and one[0].form in UNASKED)]
        sayings = [self._saying(item, progress, act) for item, progress, act in said if act]
        answers = [one for one in sayings if not one.act.withdraw]
        for one in sayings:
            if one.act.withdraw:
                self._judge(one, [self.door.withdraw(one.item.case, one.act.staff, one.act.withdraw)])
        for one, told in zip(answers, self.door.decide(answers) if answers else [], strict=True):
            self._judge(one, told)
        return len(sayings)

    def _story_of(self, item: Todo) -> Progress | None:
        return next((one for one in self.stories if one.case in {self._root(item.case), item.run} - {""}), None)

    def _root(self, number: str) -> str:
        """Give the application that a case is about: itself, or the one above all that opened it."""
        if number and number not in self.roots:
            with self.db.connect() as connection:
                self.roots[number] = str(connection.execute(ROOT, {"number": number}).scalar())
        return self.roots.get(number, "")

    def _key(self, item: Todo) -> str:
        """Name an item in its story: as it is; of a case that another opened with the process before it."""
        own = item.case in {"", self._root(item.case)}
        return item.key if own else f"{item.case.partition('-')[0].lower()}-{item.key}"

    def _of(self, item: Todo) -> tuple[str | None, str]:
        """Give the production unit that an item is for, if it is for one, and who applied for its case."""
        of = select(work_item.c.unit, service_case.c.applicant)
        found = of.join(service_case, service_case.c.id == work_item.c.case_id)
        with self.db.connect() as connection:
            row = connection.execute(
                found.where(service_case.c.number == item.case, work_item.c.step_key == item.key)
            ).first()
        return (row.unit, row.applicant) if row else (None, "")

    def _saying(self, item: Todo, progress: Progress, act: Act) -> Saying:
        """Choose what is said and who signs, and know before it goes out who will have approved."""
        progress.case = self._root(item.case) or progress.case
        unit, applicant = self._of(item)
        able = able_staff(self.people, item.role, None, unit)
        free = who_may(able, item.form, applicant or progress.story.applicant, progress.approved[item.case]) or able
        who = act.staff or free[(self.answers + sum(progress.asked.values())) % len(free)]
        people = (who, next(code for code in free if code != who)) if act.twice else (who,)
        if item.form in APPROVALS and not act.refused:
            progress.approved[item.case].update(people)
        said = {"撤回原因": act.withdraw} if act.withdraw else sensible(item.form, act.fields)
        return Saying(item, people, said, progress, act)

    def _judge(self, saying: Saying, told: Sequence[Told]) -> None:
        """Check that an answer was taken once, or came back with the reason that its story names."""
        item, progress, act = saying.item, saying.progress, saying.act
        key = self._key(item)
        at = f"{progress.story.key} {key}"
        taken = [who for who, one in zip(saying.people, told, strict=True) if one.accepted]
        for who, one in zip(saying.people, told, strict=True):
            if act != Act():
                became = "" if one.accepted else f" → 未受理 {one.why.replace(chr(10), '；')}"
                what = f"{item.title}: {_in_short(saying.said)}{became}"
                self.screen.tell(self._named(who, item.role), progress.case, what)
        progress.approved[item.case].difference_update(who for who in saying.people if who not in taken)
        if all(one.lost for one in told):
            return
        if act.refused:
            progress.acts.pop(key, None)
            if taken or act.refused not in told[0].why:
                self.problems.append(f"{at}: 未说明 does not say: {act.refused} ({told[0].why})")
            return
        self.answers += 1
        self.told_late += len(told) - len(taken)
        if len(taken) != 1:
            why = "；".join(one.why for one in told)
            self.problems.append(f"{at}: {len(taken)} 份被受理 were taken; {why}")

    def _named(self, code: str, role: Role) -> str:
        person = self.people.get(code)
        roles = {held for held, _, _ in person.roles} if person else set()
        shown = role if role in roles else next(iter(roles), None)
        return " ".join(filter(None, [shown.zh if shown else "", person.name if person else "", code]))

    def all_closed(self) -> bool:
        """Say whether all cases are closed and, where they have a run, it shows that; what was made is controlled."""
        shown = service_case.c.run_id.is_(None) | (service_case.c.run_seq == service_case.c.seq)
        done = service_case.c.closed_at.is_not(None) & shown
        applied = func.count().filter(service_case.c.parent_id.is_(None))
        counts = select(func.count().filter(done), func.count(), applied).select_from(service_case)
        free = select(func.count()).where(production_order.c.cycle_id.is_(None))
        with self.db.connect() as connection:
            closed, cases, applications = connection.execute(counts).one()
            uncontrolled = connection.execute(free).scalar()
        self.screen.progress(closed, max(cases, len(self.stories)), self.answers)
        return bool(closed == cases and applications == len(self.stories) and not (uncontrolled or self.later))

    def note_unsaid(self, apart: str = "") -> None:
        """Note what was planned and never happened, `apart` from the acts at gates of that name."""
        self.problems += [
            f"{one.story.key}: {kind} 少 only {one.asked[kind]} of {len(acts)} acts"
            for one in self.stories
            for kind, acts in one.story.acts.items()
            if one.asked[kind] < len(acts) and kind != apart
        ]
        if not self.told_late:
            self.problems.append("同时提交的第二人未被告知 nobody was told that a colleague was faster")


def _in_short(said: Mapping[str, Any]) -> str:
    """Say in a few words what an answer says."""
    words = []
    for name, value in said.items():
        rows = value.items() if isinstance(value, Mapping) else ()
        words += [f"第{no}行 " + " ".join(f"{n} {v}" for n, v in row.items()) for no, row in rows]
        words += [] if isinstance(value, Mapping) else [f"{name} {value}"]
    return " · ".join(words) or "确认"
