"""The unit of work (law 5): one transaction over a chunk of cases.

What steps read is loaded once per unit, for all its cases together; what they write is buffered per case and
goes out per table in few statements, as many for a thousand cases as for ten. Locks are taken in one order:
cases by id (when the unit is loaded), stock balances and lots by key, counters by name (last: they hold nobody up).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection, Executable, Table, func, select, text

from schemas.tables import counter, metadata, service_case
from tasks.unit.kept import kept, stamp_of
from tasks.unit.rows import Row, change, deletion, encode, insertion, lock

Key = tuple[tuple[str, Any], ...]
DRAW = text(  # what SQLAlchemy would write out for each number anew
    f"INSERT INTO {counter.name} (name, value) VALUES (:name, :count) "
    f"ON CONFLICT (name) DO UPDATE SET value = {counter.name}.value + excluded.value RETURNING value"
)
ORDER = {table: at for at, table in enumerate(metadata.sorted_tables)}  # of their references
F = TypeVar("F", bound=BaseModel)
K = TypeVar("K")
T = TypeVar("T")


@dataclass(frozen=True)
class Numbered:
    """A row whose number, RK-2026-000017, is drawn from a gapless counter, document:RK:2026, in the unit's last act."""

    table: Table
    row: Row
    counter: str


@dataclass
class Writes:
    """What one case wants written."""

    deletes: dict[tuple[Table, Key], None] = field(default_factory=dict)
    inserts: list[tuple[Table, Row]] = field(default_factory=list)
    places: dict[tuple[Table, Key], None] = field(default_factory=dict)
    updates: dict[tuple[Table, Key], Row] = field(default_factory=dict)
    shifts: list[tuple[tuple[Table, Key], str, Decimal]] = field(default_factory=list)
    numbered: list[Numbered] = field(default_factory=list)


class Unit:
    """One transaction's reads and writes; the caller commits after `flush`.

    `wanted` is what the unit is about, forms or rows of cases: `read_by` looks up the keys of all of them at once;
    `said` is what was filled in on the forms of its answers, which `read_said` looks up in the same way.
    """

    def __init__(
        self,
        connection: Connection,
        case_ids: Sequence[int],
        wanted: Sequence[Any] = (),
        said: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.connection = connection
        self.case_ids, self.wanted, self.said = tuple(case_ids), wanted, said
        self._read: dict[Any, Any] = {}
        self._writes: defaultdict[int, Writes] = defaultdict(Writes)
        self._sums: dict[tuple[Table, Key], dict[str, Decimal]] = {}  # of all cases' shifts
        self._ids: list[int] = []  # drawn for cases to come
        self._made: defaultdict[int, list[int]] = defaultdict(list)  # cases that a case has opened

    def read(self, query: Callable[[Connection, Sequence[int]], T]) -> T:
        """Give what `query` finds for all cases of the unit; it is run once."""
        if query not in self._read:
            here = self.connection
            self._read[query] = query.at(self._stamp, here) if isinstance(query, kept) else query(here, self.case_ids)
        found: T = self._read[query]
        return found

    @cached_property
    def _stamp(self) -> UUID | None:
        """The stamp of the reference data with which this unit began to read it."""
        return stamp_of(self.connection)

    def read_by(
        self, query: Callable[[Connection, Sequence[K]], dict[K, T]], key: Callable[[Any], K], one: Any
    ) -> T | None:
        """Give what `query` finds for the key of one that is wanted; it is run once for all of them."""
        return self._look_up(query, key(one), lambda: map(key, self.wanted))

    def read_said(
        self, query: Callable[[Connection, Sequence[K]], dict[K, T]], key: Callable[[F], K], form: F
    ) -> T | None:
        """Give what `query` finds for the key of a form; it is run once for all answers that are forms of its kind."""
        return self._look_up(query, key(form), lambda: map(key, self._alike(type(form))))

    def _alike(self, kind: type[F]) -> Iterator[F]:
        for data in self.said:
            with suppress(ValidationError):  # of another kind, or wrong: it looks nothing up
                yield kind.model_validate(dict(data))

    def _look_up(
        self, query: Callable[[Connection, Sequence[K]], dict[K, T]], key: K, others: Callable[[], Iterable[K]]
    ) -> T | None:
        found: dict[K, T | None] = self._read.setdefault(query, {})
        if key not in found:
            new = dict.fromkeys([*others(), key])
            found |= new | query(self.connection, list(new.keys() - found.keys()))
        return found[key]

    def insert(self, case_id: int, table: Table, row: Row) -> None:
        """Add a row, which nobody changes any more."""
        self._writes[case_id].inserts.append((table, row))

    def insert_numbered(self, case_id: int, numbered: Numbered) -> None:
        """Add a row whose gapless number is drawn at the end."""
        self._writes[case_id].numbered.append(numbered)

    def delete(self, case_id: int, table: Table, key: Mapping[str, Any]) -> None:
        """Remove rows by key, also those that this unit was about to write; done before the inserts."""
        writes, gone = self._writes[case_id], key.items()
        writes.deletes[table, tuple(gone)] = None
        writes.inserts = [(t, row) for t, row in writes.inserts if t is not table or not gone <= row.items()]
        for place in [place for place in writes.updates if place[0] is table and gone <= set(place[1])]:
            del writes.updates[place]

    def update(self, case_id: int, table: Table, key: Mapping[str, Any], /, **values: Any) -> None:
        """Change a row by key; later values win."""
        self._writes[case_id].updates.setdefault((table, tuple(key.items())), {}).update(values)

    def ensure(self, case_id: int, table: Table, key: Mapping[str, Any]) -> None:
        """Make a row with this key if there is none."""
        self._writes[case_id].places[table, tuple(key.items())] = None

    def shift(self, case_id: int, table: Table, key: Mapping[str, Any], **by: Decimal) -> None:
        """Add to the figures of a row; constraints keep them in bounds."""
        place = (table, tuple(key.items()))
        for column, amount in by.items():
            self._writes[case_id].shifts.append((place, column, amount))
            self._add_up(place, column, amount)

    def shifted(self, table: Table, key: Mapping[str, Any], column: str) -> Decimal:
        """Say by how much this unit has shifted a figure so far."""
        return self._sums.get((table, tuple(key.items())), {}).get(column, Decimal(0))

    def made(self, case_id: int, by: int) -> None:
        """Note that a case of this unit was opened by another, and is forgotten with it."""
        self._made[by].append(case_id)

    def forget(self, case_id: int) -> None:
        """Drop all that a case wanted written, and the cases that it opened; the others are not touched."""
        for child in self._made.pop(case_id, []):
            self.forget(child)
        for place, column, amount in self._writes.pop(case_id, Writes()).shifts:
            self._add_up(place, column, -amount)

    def _add_up(self, place: tuple[Table, Key], column: str, amount: Decimal) -> None:
        sums = self._sums.setdefault(place, {})
        sums[column] = sums.get(column, Decimal(0)) + amount

    def flush(self) -> None:
        """Write everything: deletes, inserts, updates, shifts by key, then the numbers by counter name."""
        writes = [self._writes[case_id] for case_id in sorted(self._writes)]
        self._writes = defaultdict(Writes)
        self._delete([place for w in writes for place in w.deletes])
        self._insert([pair for w in writes for pair in w.inserts])
        self._update(writes)
        self._ensure({place for w in writes for place in w.places})
        self._shift()
        self._number([numbered for w in writes for numbered in w.numbered])

    def new_case_ids(self, count: int) -> list[int]:
        """Draw ids for cases that are about to be written, as many at once as there are cases that may open another."""
        if count > len(self._ids):
            sequence = func.pg_get_serial_sequence(service_case.name, "id")
            series = func.generate_series(1, max(count, len(self.case_ids))).alias()
            self._ids += self.connection.execute(select(func.nextval(sequence)).select_from(series)).scalars()
        taken, self._ids = self._ids[:count], self._ids[count:]
        return taken

    def draw(self, name: str, count: int = 1) -> int:
        """Draw `count` numbers from a gapless counter and give the last; it stays locked until the commit."""
        return int(self.connection.execute(DRAW, {"name": name, "count": count}).scalar_one())

    def _delete(self, places: Sequence[tuple[Table, Key]]) -> None:
        for (table, names), keys in _by_shape(places).items():
            self._send(deletion(table, names), table, keys)

    def _insert(self, pairs: Sequence[tuple[Table, Row]]) -> None:
        groups: defaultdict[tuple[Table, frozenset[str]], list[Row]] = defaultdict(list)
        for table, row in pairs:
            groups[table, frozenset(row)].append(row)
        for table, columns in sorted(groups, key=lambda group: ORDER[group[0]]):
            self._send(insertion(table, tuple(sorted(columns))), table, groups[table, columns])

    def _update(self, writes: Sequence[Writes]) -> None:
        """Update rows of all cases together; of one case and table in the order in which it was wanted."""
        rounds: defaultdict[tuple[int, Table, tuple[str, ...], tuple[str, ...]], list[Row]] = defaultdict(list)
        for w in writes:
            seen: dict[tuple[Table, tuple[str, ...], tuple[str, ...]], int] = {}
            for (table, key), row in w.updates.items():
                shape = (table, tuple(name for name, _ in key), tuple(sorted(row)))
                turn = seen.setdefault(shape, sum(other[0] is table for other in seen))
                rounds[turn, *shape].append({f"key_{name}": value for name, value in key} | row)
        for turn, table, names, columns in sorted(rounds, key=lambda one: (one[0], ORDER[one[1]], one[2:])):
            self._send(change(table, names, columns), table, rounds[turn, table, names, columns])

    def _ensure(self, places: Set[tuple[Table, Key]]) -> None:
        for (table, names), keys in _by_shape(sorted(places, key=lambda one: (one[0].name, str(one[1])))).items():
            rows = [{name: key[f"key_{name}"] for name in names} for key in keys]
            self._send(insertion(table, names, if_missing=True), table, rows)

    def _shift(self) -> None:
        sums, self._sums = self._sums, {}
        in_order = sorted(_by_shape(sums).items(), key=lambda group: (ORDER[group[0][0]], group[0][1]))
        for (table, names), keys in in_order:
            shifted = [sums[table, tuple((name, key[f"key_{name}"]) for name in names)] for key in keys]
            columns = tuple(sorted({column for by in shifted for column in by}))
            rows = [key | {c: by.get(c, Decimal(0)) for c in columns} for key, by in zip(keys, shifted, strict=True)]
            self._send(lock(table, names), table, keys)
            self._send(change(table, names, columns, add=True), table, rows)

    def _send(self, statement: Executable, table: Table, rows: Sequence[Row]) -> None:
        self.connection.execute(statement, {"rows": encode(table, rows)})

    def _number(self, numbered: Sequence[Numbered]) -> None:
        wanted: defaultdict[str, list[Numbered]] = defaultdict(list)
        for one in numbered:
            wanted[one.counter].append(one)
        for name in sorted(wanted):
            last, (_, kind, year) = self.draw(name, len(wanted[name])), name.split(":")
            for serial, one in enumerate(wanted[name], start=last - len(wanted[name]) + 1):
                one.row["number"] = f"{kind}-{year}-{serial:06d}"
                if "serial" in one.table.c:
                    one.row["serial"] = serial
        self._insert([(one.table, one.row) for one in numbered])


def _by_shape(places: Iterable[tuple[Table, Key]]) -> dict[tuple[Table, tuple[str, ...]], list[Row]]:
    """Group keys by table and columns, as executemany wants them."""
    groups: defaultdict[tuple[Table, tuple[str, ...]], list[Row]] = defaultdict(list)
    for table, key in places:
        groups[table, tuple(name for name, _ in key)].append({f"key_{name}": value for name, value in key})
    return groups
