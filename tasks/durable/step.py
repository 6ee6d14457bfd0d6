"""`@step`: business that happens once. `Work` is what a step function gets to do it with."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache, cached_property
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, get_type_hints
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, Table

from schemas.words import EntryKind
from tasks.durable.queries import CaseFile
from tasks.unit.unit import Unit

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

NAMESPACE = UUID("6b1f1c52-6f0e-4a3e-9d0b-6a6b2f5a0c11")
SHANGHAI = ZoneInfo("Asia/Shanghai")


class Work:
    """One step of one case in a unit: reads asked of the unit, writes buffered in it."""

    def __init__(self, unit: Unit, file: CaseFile, key: str, now: datetime) -> None:
        self.unit, self.key, self.now = unit, key, now
        self._file = file
        self.events: list[tuple[str, str, Any]] = []
        self._counts: Counter[str] = Counter()

    @property
    def case(self) -> Row[Any]:
        """The case's row as it was loaded: office, applicant, urgency, policy_version …"""
        row: Row[Any] = self._file.row
        return row

    @property
    def today(self) -> date:
        """The business day, Asia/Shanghai."""
        return self.now.astimezone(SHANGHAI).date()

    def read(self, query: Callable[[Connection, Sequence[int]], T]) -> T:
        """Ask the unit; a query runs once for all its cases."""
        return self.unit.read(query)

    def insert(self, table: Table, /, **row: Any) -> None:
        """Add a row of this case and step."""
        own = {"case_id": self._file.id, "step_key": self.key}
        self.unit.insert(self._file.id, table, **{name: own[name] for name in _stamped(table)} | row)

    def delete(self, table: Table, key: Mapping[str, Any]) -> None:
        """Remove rows by key."""
        self.unit.delete(self._file.id, table, key)

    def update(self, table: Table, key: Mapping[str, Any], **values: Any) -> None:
        """Change a row by key."""
        self.unit.update(self._file.id, table, key, **values)

    def shift(self, table: Table, key: Mapping[str, Any], **by: Decimal) -> None:
        """Add to the figures of a row."""
        self.unit.shift(self._file.id, table, key, **by)

    def id_of(self, *names: object) -> UUID:
        """Make the same id for the same thing whenever this step is tried."""
        return uuid5(NAMESPACE, "/".join(map(str, (self._file.id, self.key, *names))))

    def count(self, name: str) -> int:
        """Count the things of a name that this step makes: 1, 2, …"""
        self._counts[name] += 1
        return self._counts[name]

    def recorded(self, key: str) -> bool:
        """Say whether a step was done or a question decided, not ended by a withdrawal or a time-out."""
        entry = self._file.recorded.get(key)
        return entry is not None and entry.kind in {EntryKind.STEP, EntryKind.DECISION}

    def began(self, *steps: Callable[..., Any]) -> bool:
        """Say whether any of these steps was done, in whatever turn."""
        wanted = [one.definition for one in steps]  # type: ignore[attr-defined]
        return any(step_of(key) in wanted for key in self._file.recorded)

    def answer(self, key: str, title: str, output: Any) -> None:
        """Answer a question in this very transaction, before it is asked (an embedded counterpart does that)."""
        self.events.append((key, title, output))


@cache
def _stamped(table: Table) -> list[str]:
    """Name the columns of a table that say whose row it is."""
    return [name for name in ("case_id", "step_key") if name in table.c]


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
        """How the output is kept, by the function's return annotation; built when it is first needed."""
        return TypeAdapter(get_type_hints(self.function, include_extras=True)["return"])

    def dump(self, value: T) -> str:
        """Turn an output into the JSON that keeps it (Decimal as string)."""
        return self.output.dump_json(value).decode()

    def load(self, kept: str) -> T:
        """Turn the JSON that kept it into the output, types included."""
        return self.output.validate_json(kept)


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
        undone_by = undo.definition if undo else None  # type: ignore[attr-defined]
        definition = STEPS[name] = StepDefinition(function, name, title, link or title, undone_by)

        def call(case: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
            turn = kwargs.get("turn")
            key = name if turn is None else f"{name}-{turn}"
            output: R = case.replay.perform(definition, key, args, kwargs)
            return output

        call.__name__, call.__doc__ = function.__name__, function.__doc__
        call.definition = definition  # type: ignore[attr-defined]
        return call

    return decorate


def step_of(key: str) -> StepDefinition[Any] | None:
    """Find the step behind a recorded key, its turn left out; None where the code has no such step any more."""
    name = key.removeprefix("undo-")
    while name and name not in STEPS:
        name = name.rpartition("-")[0]
    return STEPS.get(name)
