"""Parts of a process that go on side by side.

A branch is a generator: it yields the question that it waits for and is sent the answer (a time-out is raised in
it), so that it reads like a process of its own. `beside(case, branch)` starts one whose questions then stand open
beside whatever the process asks; `alone(case, branch)` goes through one as part of the process itself. Where others
come to be barred from a question while it waits, OthersBarred is raised in its branch, which may ask somebody else.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from operator import methodcaller
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from schemas.answers import Answer
from schemas.forms.base import Form
from schemas.words import EntryKind
from tasks.durable.process import Case
from tasks.durable.question import Question
from tasks.durable.signals import TimedOut, Wait
from tasks.durable.step import Call

if TYPE_CHECKING:
    from tasks.durable.replay import Replay

F = TypeVar("F", bound=Form)
T = TypeVar("T")
Branch = Generator[Question[Any], Any, T]
Answered = tuple[Question[Any], Any]


class OthersBarred(Exception):
    """Others may not answer a waiting question any more than when it was asked."""


class WaitingBranch(NamedTuple):
    """A branch with the question that it waits for, and who was barred from that when it was asked."""

    question: Question[Any]
    branch: Branch[None]
    barred: frozenset[str]


@dataclass(eq=False)
class Hearing(Question[F]):
    """A question that nobody is asked: it takes letters as they come, those whose keys begin with `letters`.

    It has no item until there is one; a case does not wait for it.
    """

    letters: str = ""

    def takes(self, answer: Answer) -> bool:
        """Say whether an answer is such a letter."""
        return answer.kind == EntryKind.DECISION and answer.key.startswith(self.letters)


class Beside:
    """A case's replay that asks the questions of its branches beside its own."""

    def __init__(self, replay: "Replay") -> None:
        self.replay, self.file = replay, replay.file
        self.waiting: dict[str, WaitingBranch] = {}
        self.hearing: dict[str, WaitingBranch] = {}

    def perform(self, call: Call[T]) -> T:
        """Do a step, after what branches do about who has become barred."""
        self._tell_of_barred()
        return self.replay.perform(call)

    def ask(self, *questions: Question[Any]) -> Answered:
        """Give the first answer among the questions; branches go on meanwhile."""
        while (answered := self.next_answer(*questions)) is None:
            pass
        return answered

    def next_answer(self, *questions: Question[Any]) -> Answered | None:
        """Give the next answer if it is to one of the questions; None where it was a branch's, which has gone on."""
        self._tell_of_barred()
        try:
            others = [waits.question for waits in [*self.waiting.values(), *filter(self._hears, self.hearing.values())]]
            question, answer = self.replay.ask(*questions, *others)
        except TimedOut as late:
            if late.key not in self.waiting:
                raise
            self._resume(late.key, methodcaller("throw", late))
            return None
        except Wait:
            self.end()
            raise
        if question.key not in self.waiting | self.hearing:
            return question, answer
        self._resume(question.key, methodcaller("send", answer))
        return None

    def start(self, branch: Branch[None], on: Callable[[Branch[None]], Question[Any]] = next) -> None:
        """Let a branch go on to its next question, or to its end."""
        try:
            question = on(branch)
        except StopIteration:
            return
        of = self.hearing if isinstance(question, Hearing) else self.waiting
        of[question.key] = WaitingBranch(question, branch, frozenset(question.barred))

    def end(self) -> None:
        """End all branches where nothing comes after them: they know their case, and would be left to the collector."""
        for waits in [*self.waiting.values(), *self.hearing.values()]:
            waits.branch.close()
        self.waiting.clear()
        self.hearing.clear()

    def drop(self, *branches: Branch[None]) -> None:
        """End these branches, where they still wait."""
        for key in [key for key, waits in self.waiting.items() if waits.branch in branches]:
            self.waiting.pop(key).branch.close()

    def _tell_of_barred(self) -> None:
        if not self.waiting:
            return
        for key in [key for key, waits in self.waiting.items() if waits.question.barred != waits.barred]:
            if key in self.waiting:  # else it was told meanwhile
                self._resume(key, methodcaller("throw", OthersBarred()))

    def _hears(self, waits: WaitingBranch) -> bool:
        return waits.question.key in self.file.recorded or any(map(waits.question.takes, self.file.letters))

    def _resume(self, key: str, on: Callable[[Branch[None]], Question[Any]]) -> None:
        self.start((self.waiting if key in self.waiting else self.hearing).pop(key).branch, on)


def side_by_side(case: Case) -> Case:
    """Give the case as one that may have branches; what is asked of it is asked beside theirs."""
    return case if isinstance(case.replay, Beside) else replace(case, replay=cast(Any, Beside(case.replay)))


def beside(case: Case, branch: Branch[None]) -> Branch[None]:
    """Start a branch of a case that is `side_by_side`, and give it."""
    _of(case).start(branch)
    return branch


def drop(case: Case, branch: Branch[None] | None) -> None:
    """End a branch, if it still waits: nothing of its is asked any longer."""
    if branch:
        _of(case).drop(branch)


def drop_all(case: Case) -> None:
    """End all branches of a case: nothing of theirs is asked any longer."""
    _of(case).drop(*(waits.branch for waits in _of(case).waiting.values()))


def hear_no_more(case: Case) -> None:
    """End what a case has heard; nothing is asked after this."""
    _of(case).end()


def next_answer(case: Case, *questions: Question[Any]) -> Answered | None:
    """Ask; gives the first answer, or None where a branch went on instead, so that there may be other questions."""
    return _of(case).next_answer(*questions)


def rest(case: Case) -> None:
    """Go on until no branch waits any more."""
    while _of(case).waiting:
        _of(case).next_answer()


def alone(case: Case, branch: Branch[T]) -> T:
    """Go through a branch as part of the process itself; gives what it returns."""
    case = side_by_side(case)
    came: list[T] = []
    beside(case, _whole(branch, came))
    while not came:
        next_answer(case)
    return came[0]


def _whole(branch: Branch[T], came: list[T]) -> Branch[None]:
    """Go through a branch, and leave in `came` what it returns."""
    came.append((yield from branch))


def _of(case: Case) -> Beside:
    return cast(Beside, case.replay)
