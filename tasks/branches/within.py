"""What a process does within one link of its chain by steps of another process, whose links have other names."""

from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

from tasks.durable.process import Case
from tasks.durable.question import Question
from tasks.durable.step import Call

if TYPE_CHECKING:
    from tasks.durable.replay import Replay

T = TypeVar("T")


class Within:
    """A case's replay that asks every question at one link of the chain."""

    def __init__(self, replay: "Replay", link: str) -> None:
        self.replay, self.file, self.link = replay, replay.file, link
        self._asked: dict[int, tuple[Question[Any], Question[Any]]] = {}  # as it was asked, and as it is asked here

    def perform(self, call: Call[T]) -> T:
        """Do a step."""
        return self.replay.perform(call)

    def ask(self, *questions: Question[Any]) -> tuple[Question[Any], Any]:
        """Give the first answer among the questions."""
        moved = [self._here(question) for question in questions]
        answered, answer = self.replay.ask(*moved)
        return next(question for question, here in zip(questions, moved, strict=True) if here is answered), answer

    def _here(self, question: Question[Any]) -> Question[Any]:
        """Give the question at our link, the same one however often it is asked."""
        if id(question) not in self._asked:
            here = copy(question)
            here.link = self.link
            self._asked[id(question)] = question, here
        return self._asked[id(question)][1]


def within(case: Case, link: str) -> Case:
    """Give the case as one that stands at a link, whatever it asks."""
    return replace(case, replay=cast(Any, Within(case.replay, link)))
