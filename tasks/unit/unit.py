"""The unit of work (law 5): one transaction over a chunk of cases.

What steps read is loaded once per unit, for all its cases together; what they write is buffered per case and
goes out per table in few statements, as many for a thousand cases as for ten. Locks are taken in one order:
cases by id (when the unit is loaded), stock balances by key, counters by name (last, so that gapless numbers
hold nobody up).
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

import orjson
from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Executable,
    Table,
    TableValuedAlias,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.dialects.postgresql import insert as upsert

from schemas.tables import counter, metadata

Key = tuple[tuple[str, Any], ...]
Row = dict[str, Any]
ORDER = {table: at for at, table in enumerate(metadata.sorted_tables)}  # of their references
JSON_COLUMNS = {
    table: frozenset(c.name for c in table.c if isinstance(c.type, JSON)) for table in metadata.sorted_tables
}
K = TypeVar("K")
T = TypeVar("T")


class JsonText(str):
    """JSON that is written out already."""


@dataclass(frozen=True)
class Numbered:
    """A row whose number is drawn from a gapless counter in the unit's last act."""

    table: Table
    row: Row
    counter: str
    write_number: Callable[[Row, int], None]


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

    `wanted` names what the unit is about where there are no cases yet: the keys that `read_by` looks up.
    """

    def __init__(self, connection: Connection, case_ids: Sequence[int], wanted: Sequence[Any] = ()) -> None:
        self.connection = connection
        self.case_ids, self.wanted = tuple(case_ids), wanted
        self._read: dict[Any, Any] = {}
        self._asked: dict[Any, set[Any]] = {}  # keys that `read_by` has looked up
        self._writes: defaultdict[int, Writes] = defaultdict(Writes)
        self._sums: dict[tuple[Table, Key], dict[str, Decimal]] = {}  # of all cases' shifts

    def read(self, query: Callable[[Connection, Sequence[int]], T]) -> T:
        """Give what `query` finds for all cases of the unit; it is run once."""
        if query not in self._read:
            self._read[query] = query(self.connection, self.case_ids)
        found: T = self._read[query]
        return found

    def read_by(
        self, query: Callable[[Connection, Sequence[K]], dict[K, T]], key: Callable[[Any], K], one: Any
    ) -> T | None:
        """Give what `query` finds for the key of one that is wanted; it is run once for all of them."""
        found: dict[K, T] = self._read.setdefault(query, {})
        asked: set[K] = self._asked.setdefault(query, set())
        if key(one) not in asked:
            new = {key(other): None for other in [*self.wanted, one]}.keys() - asked
            asked |= new
            found |= query(self.connection, list(new))
        return found.get(key(one))

    def insert(self, case_id: int, table: Table, /, **row: Any) -> None:
        """Add a row."""
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

    def forget(self, case_id: int) -> None:
        """Drop all that a case wanted written; the others are not touched."""
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

    def draw(self, name: str, count: int = 1) -> int:
        """Draw `count` numbers from a gapless counter and give the last; it stays locked until the commit."""
        statement = upsert(counter).values(name=name, value=count)
        raised = statement.on_conflict_do_update(
            index_elements=[counter.c.name], set_={"value": counter.c.value + statement.excluded.value}
        )
        return int(self.connection.execute(raised.returning(counter.c.value)).scalar_one())

    def _delete(self, places: Sequence[tuple[Table, Key]]) -> None:
        for (table, names), keys in _by_shape(places).items():
            self._send(_deletion(table, names), table, keys)

    def _insert(self, pairs: Sequence[tuple[Table, Row]]) -> None:
        groups: defaultdict[tuple[Table, tuple[str, ...]], list[Row]] = defaultdict(list)
        for table, row in pairs:
            groups[table, tuple(sorted(row))].append(row)
        for table, columns in sorted(groups, key=lambda group: ORDER[group[0]]):
            self._send(_insertion(table, columns), table, groups[table, columns])

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
            self._send(_change(table, names, columns), table, rounds[turn, table, names, columns])

    def _ensure(self, places: Set[tuple[Table, Key]]) -> None:
        for (table, names), keys in _by_shape(sorted(places, key=str)).items():
            rows = [{name: key[f"key_{name}"] for name in names} for key in keys]
            self._send(_insertion(table, names, if_missing=True), table, rows)

    def _shift(self) -> None:
        sums, self._sums = self._sums, {}
        for (table, names), keys in _by_shape(sums).items():
            shifted = [sums[table, tuple((name, key[f"key_{name}"]) for name in names)] for key in keys]
            columns = tuple(sorted({column for by in shifted for column in by}))
            rows = [key | {c: by.get(c, Decimal(0)) for c in columns} for key, by in zip(keys, shifted, strict=True)]
            self._send(_hold(table, names), table, keys)
            self._send(_change(table, names, columns, add=True), table, rows)

    def _send(self, statement: Executable, table: Table, rows: Sequence[Row]) -> None:
        self.connection.execute(statement, {"rows": _encode(table, rows)})

    def _number(self, numbered: Sequence[Numbered]) -> None:
        wanted: defaultdict[str, list[Numbered]] = defaultdict(list)
        for one in numbered:
            wanted[one.counter].append(one)
        for name in sorted(wanted):
            last = self.draw(name, len(wanted[name]))
            for number, one in enumerate(wanted[name], start=last - len(wanted[name]) + 1):
                one.write_number(one.row, number)
        self._insert([(one.table, one.row) for one in numbered])


def _by_shape(places: Iterable[tuple[Table, Key]]) -> dict[tuple[Table, tuple[str, ...]], list[Row]]:
    """Group keys by table and columns, as executemany wants them."""
    groups: defaultdict[tuple[Table, tuple[str, ...]], list[Row]] = defaultdict(list)
    for table, key in places:
        groups[table, tuple(name for name, _ in key)].append({f"key_{name}": value for name, value in key})
    return groups


# Rows go out as one JSON array: one parameter and one statement for any number of them.


def _given(table: Table, keys: Sequence[str], columns: Sequence[str] = ()) -> TableValuedAlias:
    """The rows of the parameter, typed as the table's columns; those that say which row have the prefix key_."""
    named = [*((f"key_{name}", name) for name in keys), *((name, name) for name in columns)]
    rows = func.json_to_recordset(cast(bindparam("rows", type_=Text), JSON))
    nested = JSON_COLUMNS[table]
    typed = rows.table_valued(*(Column(label, Text if name in nested else table.c[name].type) for label, name in named))
    return typed.render_derived(name="given", with_types=True)


def _meant(table: Table, names: Sequence[str], given: TableValuedAlias) -> ColumnElement[bool]:
    return and_(*(table.c[name] == given.c[f"key_{name}"] for name in names))


def _value(table: Table, given: TableValuedAlias, name: str) -> ColumnElement[Any]:
    return cast(given.c[name], JSON) if name in JSON_COLUMNS[table] else given.c[name]


@cache
def _insertion(table: Table, columns: tuple[str, ...], if_missing: bool = False) -> Insert:
    given = _given(table, (), columns)
    into = upsert(table).from_select(list(columns), select(*(_value(table, given, name) for name in columns)))
    return into.on_conflict_do_nothing() if if_missing else into


@cache
def _deletion(table: Table, names: tuple[str, ...]) -> Executable:
    return delete(table).where(_meant(table, names, _given(table, names)))


@cache
def _change(table: Table, names: tuple[str, ...], columns: tuple[str, ...], add: bool = False) -> Executable:
    """Set the columns of the rows that are meant, or add to them."""
    given = _given(table, names, columns)
    values = {c: table.c[c] + given.c[c] if add else _value(table, given, c) for c in columns}
    return update(table).where(_meant(table, names, given)).values(values)


@cache
def _hold(table: Table, names: tuple[str, ...]) -> Executable:
    """Lock the rows that are meant, in key order, so that two units that want the same wait, never for each other."""
    given = _given(table, names)
    rows = select(literal(1)).select_from(table).join(given, _meant(table, names, given))
    return rows.order_by(*(table.c[name] for name in names)).with_for_update(of=table)


def _encode(table: Table, rows: Sequence[Row]) -> str:
    """Write rows as JSON; what goes into a JSON column is a text in it, for it may hold what no text column can."""
    for name in JSON_COLUMNS[table].intersection(rows[0]):
        rows = [row | {name: _nested(row[name])} for row in rows]
    return orjson.dumps(rows, default=str).decode()


def _nested(value: Any) -> str | None:
    if value is None or isinstance(value, JsonText):
        return value
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # half a character, which nobody can store as such, stays an escape
        return json.dumps(value, ensure_ascii=False).encode(errors="backslashreplace").decode()
