"""`@step`: business that happens once. `Work` is what a step function gets to do it with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache, cached_property
from typing import Any, Concatenate, Generic, NewType, ParamSpec, TypeVar, get_type_hints
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, Table

from schemas.problems import IllegalTransition
from schemas.tables import document, service_case
from schemas.words import CaseState, DocumentKind
from tasks.durable import queries
from tasks.durable.queries import CaseFile, Person
from tasks.unit.unit import Numbered, Unit

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

DocumentRef = NewType("DocumentRef", str)
NAMESPACE = UUID("6b1f1c52-6f0e-4a3e-9d0b-6a6b2f5a0c11")
SHANGHAI = ZoneInfo("Asia/Shanghai")


class Work:
    """One step of one case in a unit: reads asked of the unit, writes buffered in it."""

    def __init__(self, unit: Unit, file: CaseFile, key: str, now: datetime) -> None:
        self.unit, self.key, self.now = unit, key, now
        self._file = file
        self._documents = 0
        self.events: list[tuple[str, str, Any]] = []

    @property
    def case(self) -> Row[Any]:
        """The case's row as it was loaded: office, applicant, urgency, policy_version …"""
        return self._file.row

    @property
    def today(self) -> Any:
        """The business day, Asia/Shanghai."""
        return self.now.astimezone(SHANGHAI).date()

    def read(self, query: Callable[[Connection, Sequence[int]], T]) -> T:
        """Ask the unit; a query runs once for all its cases."""
        return self.unit.read(query)

    @property
    def people(self) -> dict[str, Person]:
        """All staff by code."""
        return self.read(queries.people)

    def insert(self, table: Table, /, **row: Any) -> None:
        """Add a row of this case and step."""
        own = {"case_id": self._file.id, "step_key": self.key}
        stamp = {name: own[name] for name in _stamped(table)}
        self.unit.insert(self._file.id, table, **stamp | row)

    def delete(self, table: Table, key: Mapping[str, Any]) -> None:
        """Remove rows by key."""
        self.unit.delete(self.case.id, table, key)

    def update(self, table: Table, key: Mapping[str, Any], **values: Any) -> None:
        """Change a row by key."""
        self.unit.update(self.case.id, table, key, **values)

    def shift(self, table: Table, key: Mapping[str, Any], **by: Decimal) -> None:
        """Add to the figures of a row."""
        self.unit.shift(self.case.id, table, key, **by)

    def id_of(self, *names: object) -> UUID:
        """Make the same id for the same thing whenever this step is tried."""
        return uuid5(NAMESPACE, "/".join(map(str, (self.case.id, self.key, *names))))

    def issue(self, kind: DocumentKind, content: Mapping[str, Any], reverses: str | None = None) -> DocumentRef:
        """Issue a numbered document; its gapless number is drawn as the unit's last act."""
        self._documents += 1
        ref, year = self.id_of("document", self._documents), self.today.year
        row = {
            "id": ref,
            "case_id": self.case.id,
            "step_key": self.key,
            "kind": kind,
            "year": year,
            "content": dict(content),
            "reverses": UUID(reverses) if reverses else None,
            "issued_at": self.now,
        }
        numbered = Numbered(document, row, f"document:{kind}:{year}", write_document_number)
        self.unit.insert_numbered(self.case.id, numbered)
        return DocumentRef(str(ref))

    def recorded(self, key: str) -> bool:
        """Say whether a step was done or a question decided, not ended by a withdrawal or a time-out."""
        entry = self._file.recorded.get(key)
        return entry is not None and entry.kind in {"step", "decision"}

    def answer(self, key: str, title: str, output: Any) -> None:
        """Answer a question in this very transaction, before it is asked (an embedded counterpart does that)."""
        self.events.append((key, title, output))

    def change_state(self, state: CaseState, **values: Any) -> None:
        """Move the case on; an illegal transition raises."""
        if not CaseState(self._file.state).may_become(state):
            raise IllegalTransition(f"{self.case.number}: {self._file.state} may not become {state.value}")
        self._file.state = state.value
        self.update(service_case, {"id": self.case.id}, state=state, **values)


@cache
def _stamped(table: Table) -> list[str]:
    """Name the columns of a table that say whose row it is."""
    return [name for name in ("case_id", "step_key") if name in table.c]


def write_document_number(row: dict[str, Any], serial: int) -> None:
    """Put a drawn serial into a document's row: RK-2026-000017."""
    row["serial"], row["number"] = serial, f"{row['kind']}-{row['year']}-{serial:06d}"


@dataclass(frozen=True)
class StepDefinition(Generic[T]):
    """A step: its function, its titles, how its output is kept, and the step that undoes it."""

    function: Callable[..., T]
    name: str
    title: str
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


def step(
    title: str, undo: Callable[..., Any] | None = None
) -> Callable[[Callable[Concatenate[Work, P], R]], Callable[Concatenate[Any, P], R]]:
    """Make a function a step: `f(work, …)` is called as `f(case, …)` and happens once per key.

    The key is the function's name with dashes; a `turn` argument is part of it. `undo` is another step,
    `undo(work, output)`, run when the case is withdrawn.
    """

    def decorate(function: Callable[Concatenate[Work, P], R]) -> Callable[Concatenate[Any, P], R]:
        definition = StepDefinition(
            function=function, name=function.__name__, title=title, undo=definition_of(undo) if undo else None
        )

        def call(case: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
            turn = kwargs.get("turn")
            key = definition.name.replace("_", "-") + (f"-{turn}" if turn is not None else "")
            output: R = case.replay.perform(definition, key, args, kwargs)
            return output

        call.__name__, call.__doc__ = function.__name__, function.__doc__
        call.definition = definition  # type: ignore[attr-defined]
        return call

    return decorate


def definition_of(function: Callable[..., Any]) -> StepDefinition[Any]:
    """Give the definition behind a `@step` function."""
    definition: StepDefinition[Any] = function.definition  # type: ignore[attr-defined]
    return definition
