"""What a process does within one link of its chain by steps of another process, whose links have other names."""

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

    def perform(self, call: Call[T]) -> T:
        """Do a step."""
        return self.replay.perform(call)

    def ask(self, *questions: Question[Any]) -> tuple[Question[Any], Any]:
        """Give the first answer among the questions."""
        for question in questions:
            question.link = self.link
        return self.replay.ask(*questions)


def within(case: Case, link: str) -> Case:
    """Give the case as one that stands at a link, whatever it asks."""
    return replace(case, replay=cast(Any, Within(case.replay, link)))
