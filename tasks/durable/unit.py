"""The unit of work (law 5): one transaction over a chunk of cases.

What steps read is loaded once per unit, for all its cases together; what they write is buffered per case and
goes out per table in few statements. Locks are taken in one order: cases by id (when the unit is loaded), stock
balances by key, counters by name (last, so that gapless numbers hold nobody up).
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, and_, bindparam, delete, insert, update
from sqlalchemy.dialects.postgresql import insert as upsert

from schemas.tables import counter, metadata

Key = tuple[tuple[str, Any], ...]
Row = dict[str, Any]
T = TypeVar("T")


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

    deletes: list[tuple[Table, Key]] = field(default_factory=list)
    inserts: list[tuple[Table, Row]] = field(default_factory=list)
    updates: dict[tuple[Table, Key], Row] = field(default_factory=dict)
    shifts: dict[tuple[Table, Key], dict[str, Decimal]] = field(default_factory=dict)
    numbered: list[Numbered] = field(default_factory=list)


class Unit:
    """One transaction's reads and writes; the caller commits after `flush`."""

    def __init__(self, connection: Connection, case_ids: Sequence[int]) -> None:
        self.connection = connection
        self.case_ids = tuple(case_ids)
        self._read: dict[Any, Any] = {}
        self._writes: defaultdict[int, Writes] = defaultdict(Writes)

    def read(self, query: Callable[[Connection, Sequence[int]], T]) -> T:
        """Give what `query` finds for all cases of the unit; it is run once."""
        if query not in self._read:
            self._read[query] = query(self.connection, self.case_ids)
        found: T = self._read[query]
        return found

    def insert(self, case_id: int, table: Table, /, **row: Any) -> None:
        """Add a row."""
        self._writes[case_id].inserts.append((table, row))

    def insert_numbered(self, case_id: int, numbered: Numbered) -> None:
        """Add a row whose gapless number is drawn at the end."""
        self._writes[case_id].numbered.append(numbered)

    def delete(self, case_id: int, table: Table, key: Mapping[str, Any]) -> None:
        """Remove rows by key; done before the inserts."""
        self._writes[case_id].deletes.append((table, tuple(key.items())))

    def update(self, case_id: int, table: Table, key: Mapping[str, Any], /, **values: Any) -> None:
        """Change a row by key; later values win."""
        self._writes[case_id].updates.setdefault((table, tuple(key.items())), {}).update(values)

    def shift(self, case_id: int, table: Table, key: Mapping[str, Any], **by: Decimal) -> None:
        """Add to the figures of a row, which is made if it is missing; constraints keep them in bounds."""
        sums = self._writes[case_id].shifts.setdefault((table, tuple(key.items())), {})
        for column, amount in by.items():
            sums[column] = sums.get(column, Decimal(0)) + amount

    def shifted(self, table: Table, key: Mapping[str, Any], column: str) -> Decimal:
        """Say by how much this unit has shifted a figure so far."""
        wanted = (table, tuple(key.items()))
        sums = (w.shifts.get(wanted, {}).get(column) for w in self._writes.values())
        return sum((amount for amount in sums if amount), Decimal(0))

    def forget(self, case_id: int) -> None:
        """Drop all that a case wanted written; the others are not touched."""
        self._writes.pop(case_id, None)

    def flush(self) -> None:
        """Write everything: deletes, inserts, updates, shifts by key, then the numbers by counter name."""
        writes = [self._writes[case_id] for case_id in sorted(self._writes)]
        self._writes = defaultdict(Writes)
        for table, key in (place for w in writes for place in w.deletes):
            self.connection.execute(delete(table).where(*(table.c[name] == value for name, value in key)))
        self._insert([pair for w in writes for pair in w.inserts])
        self._update([(table, key, row) for w in writes for (table, key), row in w.updates.items()])
        self._shift(writes)
        self._number([numbered for w in writes for numbered in w.numbered])

    def draw(self, name: str, count: int = 1) -> int:
        """Draw `count` numbers from a gapless counter and give the last; it stays locked until the commit."""
        statement = upsert(counter).values(name=name, value=count)
        raised = statement.on_conflict_do_update(
            index_elements=[counter.c.name], set_={"value": counter.c.value + statement.excluded.value}
        )
        return int(self.connection.execute(raised.returning(counter.c.value)).scalar_one())

    def _insert(self, pairs: Sequence[tuple[Table, Row]]) -> None:
        by_table: defaultdict[Table, list[Row]] = defaultdict(list)
        for table, row in pairs:
            by_table[table].append(row)
        for table in sorted(by_table, key=metadata.sorted_tables.index):
            for rows in _alike(by_table[table]):
                self.connection.execute(insert(table), rows)

    def _update(self, changes: Sequence[tuple[Table, Key, Row]]) -> None:
        groups: defaultdict[tuple[Table, tuple[str, ...], tuple[str, ...]], list[Row]] = defaultdict(list)
        for table, key, row in changes:
            names = tuple(name for name, _ in key)
            groups[table, names, tuple(sorted(row))].append({f"key_{n}": v for n, v in key} | row)
        for (table, names, columns), rows in groups.items():
            where = and_(*(table.c[name] == bindparam(f"key_{name}") for name in names))
            statement = update(table).where(where).values({column: bindparam(column) for column in columns})
            self.connection.execute(statement, rows)

    def _shift(self, writes: Sequence[Writes]) -> None:
        sums: dict[tuple[Table, Key], dict[str, Decimal]] = {}
        for w in writes:
            for place, by in w.shifts.items():
                total = sums.setdefault(place, {})
                for column, amount in by.items():
                    total[column] = total.get(column, Decimal(0)) + amount
        tables = sorted({table for table, _ in sums}, key=lambda table: table.name)
        for table in tables:
            places = sorted((key for t, key in sums if t is table), key=str)
            self.connection.execute(upsert(table).on_conflict_do_nothing(), [dict(key) for key in places])
            columns = sorted({column for key in places for column in sums[table, key]})
            where = and_(*(table.c[name] == bindparam(f"key_{name}") for name, _ in places[0]))
            statement = (
                update(table)
                .where(where)
                .values({column: table.c[column] + bindparam(f"by_{column}") for column in columns})
            )
            self.connection.execute(
                statement,
                [
                    {f"key_{n}": v for n, v in key}
                    | {f"by_{column}": sums[table, key].get(column, Decimal(0)) for column in columns}
                    for key in places
                ],
            )

    def _number(self, numbered: Sequence[Numbered]) -> None:
        wanted: defaultdict[str, list[Numbered]] = defaultdict(list)
        for one in numbered:
            wanted[one.counter].append(one)
        for name in sorted(wanted):
            last = self.draw(name, len(wanted[name]))
            for number, one in enumerate(wanted[name], start=last - len(wanted[name]) + 1):
                one.write_number(one.row, number)
        self._insert([(one.table, one.row) for one in numbered])


def _alike(rows: Sequence[Row]) -> list[list[Row]]:
    """Group rows by their columns, as executemany wants them."""
    groups: defaultdict[frozenset[str], list[Row]] = defaultdict(list)
    for row in rows:
        groups[frozenset(row)].append(row)
    return list(groups.values())
