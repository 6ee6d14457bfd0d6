"""`@step`: business that happens once, done with a `Work`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Concatenate, Generic, NamedTuple, ParamSpec, TypeVar, get_type_hints

from pydantic import TypeAdapter

from schemas.words import EntryKind
from tasks.unit.work import Work

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


@dataclass(frozen=True)
class StepDefinition(Generic[T]):
    """A step: its function, its title, its link of the chain, and the step that undoes it."""

    function: Callable[..., T]
    name: str
    title: str
    link: str
    undo: "StepDefinition[Any] | None"

    @cached_property
    def output(self) -> TypeAdapter[T]:
        """How the output is kept as JSON, by the function's return annotation (Decimal as string); built when needed."""
        return TypeAdapter(get_type_hints(self.function, include_extras=True)["return"])


class Call(NamedTuple, Generic[T]):
    """A step that a process function calls, under its key."""

    step: StepDefinition[T]
    key: str
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    kind: EntryKind = EntryKind.STEP


STEPS: dict[str, StepDefinition[Any]] = {}


def step(
    title: str, undo: Callable[..., Any] | None = None, link: str = ""
) -> Callable[[Callable[Concatenate[Work, P], R]], Callable[Concatenate[Any, P], R]]:
    """Make a function a step: `f(work, …)` is called as `f(case, …)` and happens once per key.

    The key is the function's name with dashes; a `turn` argument is part of it. `undo` is another step,
    `undo(work, output)`, run when the case is withdrawn. `link` is the link of the chain that the step belongs
    to, by default the one of its title.
    """

    def decorate(function: Callable[Concatenate[Work, P], R]) -> Callable[Concatenate[Any, P], R]:
        name = function.__name__.replace("_", "-")
        if name in STEPS and not same_code(STEPS[name].function, function):
            raise ValueError(f"{name} is the name of a step already: {STEPS[name].title}")
        undone_by = undo.definition if undo else None  # type: ignore[attr-defined]
        definition = STEPS[name] = StepDefinition(function, name, title, link or title, undone_by)

        def call(case: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
            turn = kwargs.get("turn")
            key = name if turn is None else f"{name}-{turn}"
            output: R = case.replay.perform(Call(definition, key, args, kwargs))
            return output

        call.__name__, call.__doc__ = function.__name__, function.__doc__
        call.definition = definition  # type: ignore[attr-defined]
        return call

    return decorate


def same_code(one: Callable[..., Any], other: Callable[..., Any]) -> bool:
    """Say whether two functions are one, imported twice perhaps."""
    return (one.__module__, one.__qualname__) == (other.__module__, other.__qualname__)


def began(work: Work, *steps: Callable[..., Any]) -> bool:
    """Say whether any of these steps was done, in whatever turn."""
    wanted = {one.definition.name: one.definition for one in steps}  # type: ignore[attr-defined]
    return any(step_of(key) in wanted.values() for key in work.keys if key.removeprefix("undo-").startswith((*wanted,)))


def step_of(key: str) -> StepDefinition[Any] | None:
    """Find the step behind a recorded key, its turn left out; None where the code has no such step any more."""
    name = key.removeprefix("undo-")
    while name and name not in STEPS:
        name = name.rpartition("-")[0]
    return STEPS.get(name)
