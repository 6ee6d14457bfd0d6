"""Parts of a process that go on side by side.

A branch is a generator: it yields the question that it waits for and is sent the answer (a time-out is raised in
it), so that it reads like a process of its own. `beside(case, branch)` starts one whose questions then stand open
beside whatever the process asks; `alone(case, branch)` goes through one as part of the process itself.
"""

from collections.abc import Callable, Generator
from dataclasses import replace
from operator import methodcaller
from typing import TYPE_CHECKING, Any, TypeVar, cast

from tasks.durable.process import Case, ask
from tasks.durable.question import Question
from tasks.durable.signals import TimedOut

if TYPE_CHECKING:
    from tasks.durable.replay import Replay

T = TypeVar("T")
Branch = Generator[Question[Any], Any, T]
Answered = tuple[Question[Any], Any]


class Beside:
    """A case's replay that asks the questions of its branches beside its own."""

    def __init__(self, replay: "Replay") -> None:
        self.replay, self.file, self.perform = replay, replay.file, replay.perform
        self.waiting: dict[str, tuple[Question[Any], Branch[None]]] = {}

    def ask(self, *questions: Question[Any]) -> Answered:
        """Give the first answer among the questions; branches go on meanwhile."""
        while (answered := self.next_answer(*questions)) is None:
            pass
        return answered

    def next_answer(self, *questions: Question[Any]) -> Answered | None:
        """Give the next answer if it is to one of the questions; None where it was a branch's, which has gone on."""
        try:
            question, answer = self.replay.ask(*questions, *(waits for waits, _ in self.waiting.values()))
        except TimedOut as late:
            if late.key not in self.waiting:
                raise
            self._resume(late.key, methodcaller("throw", late))
            return None
        if question.key not in self.waiting:
            return question, answer
        self._resume(question.key, methodcaller("send", answer))
        return None

    def start(self, branch: Branch[None], on: Callable[[Branch[None]], Question[Any]] = next) -> None:
        """Let a branch go on to its next question, or to its end."""
        try:
            question = on(branch)
        except StopIteration:
            return
        self.waiting[question.key] = question, branch

    def _resume(self, key: str, on: Callable[[Branch[None]], Question[Any]]) -> None:
        _, branch = self.waiting.pop(key)
        self.start(branch, on)


def side_by_side(case: Case) -> Case:
    """Give the case as one that may have branches; what is asked of it is asked beside theirs."""
    return case if isinstance(case.replay, Beside) else replace(case, replay=cast(Any, Beside(case.replay)))


def beside(case: Case, branch: Branch[None]) -> None:
    """Start a branch of a case that is `side_by_side`."""
    _of(case).start(branch)


def drop(case: Case, key: str) -> None:
    """End the branch that waits for a question, if one does: it is asked no longer."""
    if key in _of(case).waiting:
        _of(case).waiting.pop(key)[1].close()


def drop_all(case: Case) -> None:
    """End all branches of a case: nothing of theirs is asked any longer."""
    for key in list(_of(case).waiting):
        drop(case, key)


def next_answer(case: Case, *questions: Question[Any]) -> Answered | None:
    """Ask; gives the first answer, or None where a branch went on instead, so that there may be other questions."""
    return _of(case).next_answer(*questions)


def rest(case: Case) -> None:
    """Go on until no branch waits any more."""
    while _of(case).waiting:
        _of(case).next_answer()


def alone(case: Case, branch: Branch[T]) -> T:
    """Go through a branch as part of the process itself; gives what it returns."""
    try:
        question = next(branch)
        while True:
            try:
                answer = ask(case, question)
            except TimedOut as late:
                question = branch.throw(late)
            else:
                question = branch.send(answer)
    except StopIteration as end:
        return cast(T, end.value)


def _of(case: Case) -> Beside:
    return cast(Beside, case.replay)
