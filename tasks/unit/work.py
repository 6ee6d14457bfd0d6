"""`Work` is what a step does its business with: one step of one case in a unit."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache, cached_property
from typing import Any, TypeVar
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, Table

from schemas.words import EntryKind
from tasks.unit.unit import Unit

T = TypeVar("T")
NAMESPACE = UUID("6b1f1c52-6f0e-4a3e-9d0b-6a6b2f5a0c11")
SHANGHAI = ZoneInfo("Asia/Shanghai")


class Work:
    """One step of one case in a unit: reads asked of the unit, writes buffered in it.

    case   its row as it was loaded: office, applicant, urgency, policy_version …
    key    of the step or question in the ledger; `now` is the moment of this act
    """

    def __init__(self, unit: Unit, case: Row[Any], recorded: Mapping[str, Any], key: str, now: datetime) -> None:
        self.unit, self.case, self.key, self.now = unit, case, key, now
        self._recorded = recorded
        self.events: list[tuple[str, EntryKind, str, str]] = []
        self._counts: dict[str, int] = {}

    @cached_property
    def today(self) -> date:
        """The business day, Asia/Shanghai."""
        return self.now.astimezone(SHANGHAI).date()

    def read(self, query: Callable[[Connection, Sequence[int]], T]) -> T:
        """Ask the unit; a query runs once for all its cases."""
        return self.unit.read(query)

    def insert(self, table: Table, /, **row: Any) -> None:
        """Add a row of this case and step."""
        own = {"case_id": self.case.id, "step_key": self.key}
        for name in _stamped(table):
            row.setdefault(name, own[name])
        self.unit.insert(own["case_id"], table, row)

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

    def count(self, name: str) -> int:
        """Count the things of a name that this step makes: 1, 2, …"""
        self._counts[name] = number = self._counts.get(name, 0) + 1
        return number

    @property
    def keys(self) -> Sequence[str]:
        """The keys that the ledger has, in order."""
        return list(self._recorded)

    def recorded(self, key: str) -> bool:
        """Say whether a step was done or a question decided, not ended by a withdrawal or a time-out."""
        entry = self._recorded.get(key)
        return entry is not None and entry.kind in {EntryKind.STEP, EntryKind.DECISION}

    def answer(self, key: str, title: str, output: Any) -> None:
        """Answer a question in this very transaction, before it is asked (an embedded counterpart does that)."""
        self.events.append((key, EntryKind.DECISION, title, json.dumps(output, ensure_ascii=False)))


@cache
def _stamped(table: Table) -> list[str]:
    """Name the columns of a table that say whose row it is."""
    return [name for name in ("case_id", "step_key") if name in table.c]
