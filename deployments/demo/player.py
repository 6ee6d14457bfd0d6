"""The demo's player: answers what waits as the stories say, through whichever door, and checks what became of it."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from deployments.demo.plan import Act, Story, TakeBack
from deployments.demo.sensible import APPROVALS, holders, sensible, who_may
from schemas.words import Role
from tasks.people.queries import Person

UNIT = re.compile(r"produce-\d+-(\w+)-\d+")
Tell = Callable[[str, str, str, bool], None]  # who, case, what, worth keeping


class Told(NamedTuple):
    """What became of an answer, and what its sender reads when it was not taken; `lost`: nobody ever read it."""

    accepted: bool
    why: str = ""
    lost: bool = False


@dataclass(frozen=True)
class Item:
    """A work item that waits: its case ("" while it is a draft), key, title, form; `shown` is its door's own."""

    case: str
    key: str
    title: str
    form: str
    role: Role
    shown: Any = None
    run: str = ""


@dataclass(frozen=True)
class Turn:
    """What `people` are about to say at an item; two of them say the same in the same moment."""

    item: Item
    people: Sequence[str]
    said: Mapping[str, Any]


class Door(Protocol):
    """A way into the product."""

    def apply(self, stories: Sequence[Story]) -> Mapping[str, str]:
        """Send applications; gives the case of each story."""

    def waiting(self, role: Role) -> list[Item]:
        """Give what waits for a role."""

    def decide(self, turns: Sequence[Turn]) -> list[list[Told]]:
        """Send answers; gives what became of each, by turn and person."""

    def withdraw(self, case: str, staff: str, reason: str) -> Told:
        """Take a case back."""


@dataclass
class Progress:
    """How far a story is: its case (a draft's run), how often each kind of gate was asked, who approved, what is done."""

    story: Story
    case: str = ""
    asked: Counter[str] = field(default_factory=Counter)
    approved: set[str] = field(default_factory=set)
    done: dict[str, Act] = field(default_factory=dict)

    def next_act(self, key: str) -> Act:
        """Give what is said at an item now; one that is asked again, because its answer was lost, gets the same."""
        if key in self.done:
            return self.done[key]
        kind = max((kind for kind in self.story.acts if key.startswith(kind)), key=len, default="")
        planned, turn = self.story.acts.get(kind, ()), self.asked[kind]
        self.asked[kind] += 1
        return planned[turn] if turn < len(planned) else Act()


class Player:
    """Plays everybody; what went otherwise than planned is in `faults`."""

    def __init__(self, door: Door, stories: Sequence[Story], people: Mapping[str, Person], tell: Tell) -> None:
        self.door, self.people, self.tell = door, people, tell
        self.stories = [Progress(story) for story in stories]
        self.faults: list[str] = []
        self.answers = self.told_late = 0

    def apply(self, door: Door, stories: Sequence[Story]) -> None:
        """Send the applications of some stories."""
        cases = door.apply(stories)
        for progress in self.stories:
            progress.case = cases.get(progress.story.key, progress.case)

    def play(self, items: Sequence[Item]) -> None:
        """Let somebody answer each item as its story says, and check what became of that."""
        turns, acts = list[Turn](), list[tuple[Progress, Act]]()
        for item in items:
            progress = self._story_of(item)
            if progress is None:
                continue
            progress.case = item.case or progress.case
            act = progress.next_act(item.key)
            if act.withdraw:
                if self._take_back(progress, act.withdraw):
                    progress.done[item.key] = Act()
                    continue
                act = Act()
            turns.append(self._turn(item, progress, act))
            acts.append((progress, act))
        for turn, (progress, act), told in zip(turns, acts, self.door.decide(turns) if turns else [], strict=True):
            self._judge(turn, progress, act, told)

    def undone(self, items: Sequence[Item]) -> list[Item]:
        """Keep of what came back the items that are still to be answered."""
        return [item for item in items if (one := self._story_of(item)) and item.key not in one.done]

    def _story_of(self, item: Item) -> Progress | None:
        return next((one for one in self.stories if one.case in {item.case, item.run} - {""}), None)

    def _turn(self, item: Item, progress: Progress, act: Act) -> Turn:
        """Choose who signs, and know before it goes out who will have approved."""
        unit = UNIT.fullmatch(item.key)
        able = holders(self.people, item.role, None, unit[1].upper() if unit else None)
        free = who_may(able, item.form, progress.story.applicant, progress.approved) or able
        who = act.staff or free[(self.answers + sum(progress.asked.values())) % len(free)]
        people = (who, next(code for code in free if code != who)) if act.twice else (who,)
        if item.form in APPROVALS and not act.refused:
            progress.approved.update(people)
        return Turn(item, people, sensible(item.form, act.fields))

    def _judge(self, turn: Turn, progress: Progress, act: Act, told: Sequence[Told]) -> None:
        """Check that an answer was taken once, or came back with the reason that its story names."""
        item, taken = turn.item, [who for who, one in zip(turn.people, told, strict=True) if one.accepted]
        for who, one in zip(turn.people, told, strict=True):
            became = "" if one.accepted else f" → 未受理 {one.why.replace(chr(10), '；')}"
            keep = bool(act.fields or act.refused or act.twice)
            self.tell(self._named(who, item.role), progress.case, f"{item.title}: {_in_short(turn)}{became}", keep)
        if all(one.lost for one in told):
            progress.done[item.key] = act
            return
        if act.refused:
            if taken or act.refused not in told[0].why:
                self.faults.append(
                    f"{progress.story.key} {item.key}: 未说明 does not say: {act.refused} ({told[0].why})"
                )
            return
        progress.done[item.key] = act
        progress.approved.difference_update(who for who in turn.people if who not in taken)
        self.answers += 1
        self.told_late += len(told) - len(taken)
        if len(taken) != 1:
            why = "；".join(one.why for one in told)
            self.faults.append(f"{progress.story.key} {item.key}: {len(taken)} 份被受理 were taken; {why}")

    def _take_back(self, progress: Progress, attempts: Sequence[TakeBack]) -> bool:
        """Try to withdraw a case; True when it is withdrawn."""
        for attempt in attempts:
            told = self.door.withdraw(progress.case, attempt.staff, attempt.reason)
            if told.accepted == bool(attempt.refused) or attempt.refused not in told.why:
                self.faults.append(f"{progress.story.key} 撤回 withdrawal by {attempt.staff}: {told.why}")
            became = "已撤回" if told.accepted else f"未受理 {told.why}"
            what = f"撤回 withdraw: {attempt.reason} → {became}"
            self.tell(self._named(attempt.staff), progress.case, what, True)
            if told.accepted:
                return True
        return False

    def _named(self, code: str, role: Role | None = None) -> str:
        person = self.people.get(code)
        roles = {held for held, _, _ in person.roles} if person else set()
        shown = role if role in roles else next(iter(roles), None)
        return " ".join(filter(None, [shown.zh if shown else "", person.name if person else "", code]))

    def unsaid(self, apart: str = "") -> list[str]:
        """Give what was planned and never happened, `apart` from the acts at gates of that name."""
        return [
            f"{one.story.key}: {kind} 少 only {one.asked[kind]} of {len(acts)} acts"
            for one in self.stories
            for kind, acts in one.story.acts.items()
            if one.asked[kind] < len(acts) and kind != apart
        ]


def _in_short(turn: Turn) -> str:
    """Say in a few words what an answer says."""
    words = []
    for name, value in turn.said.items():
        rows = value.items() if isinstance(value, Mapping) else ()
        words += [f"第{no}行 " + " ".join(f"{n} {v}" for n, v in row.items()) for no, row in rows]
        words += [] if isinstance(value, Mapping) else [f"{name} {value}"]
    return " · ".join(words) or "确认"
