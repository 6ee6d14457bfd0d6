"""Rows go out as one JSON array: one parameter and one statement for any number of them (docs/decisions/0004)."""

import json
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Executable,
    Insert,
    Table,
    TableValuedAlias,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)

from schemas.tables import metadata

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert as Upsert

Row = dict[str, Any]
JSON_COLUMNS = {
    table: frozenset(c.name for c in table.c if isinstance(c.type, JSON)) for table in metadata.sorted_tables
}


class JsonText(str):
    """JSON that is written out already."""


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


def upsert(table: Table) -> "Upsert":
    """Begin an insert that says what happens to rows that are there already; SQLAlchemy writes it out each time anew."""
    from sqlalchemy.dialects import postgresql  # a fortieth of the time that importing a process takes

    return postgresql.insert(table)


@cache
def insertion(table: Table, columns: tuple[str, ...], if_missing: bool = False) -> Insert:
    """Add rows; those that are there already are left alone where `if_missing`."""
    given = _given(table, (), columns)
    columns_of = list(columns), select(*(_value(table, given, name) for name in columns))
    if if_missing:
        return upsert(table).from_select(*columns_of).on_conflict_do_nothing()
    return insert(table).from_select(*columns_of)


@cache
def deletion(table: Table, names: tuple[str, ...]) -> Executable:
    """Remove the rows that are meant."""
    return delete(table).where(_meant(table, names, _given(table, names)))


@cache
def change(table: Table, names: tuple[str, ...], columns: tuple[str, ...], add: bool = False) -> Executable:
    """Set the columns of the rows that are meant, or add to them."""
    given = _given(table, names, columns)
    values = {c: table.c[c] + given.c[c] if add else _value(table, given, c) for c in columns}
    return update(table).where(_meant(table, names, given)).values(values)


@cache
def lock(table: Table, names: tuple[str, ...]) -> Executable:
    """Lock the rows that are meant, in key order, so that two units that want the same wait, never for each other."""
    given = _given(table, names)
    rows = select(literal(1)).select_from(table).join(given, _meant(table, names, given))
    return rows.order_by(*(table.c[name] for name in names)).with_for_update(of=table)


def encode(table: Table, rows: Sequence[Row]) -> str:
    """Write rows as JSON; what goes into a JSON column is a text in it, for it may hold what no text column can."""
    if nested := JSON_COLUMNS[table].intersection(rows[0]):
        rows = [row | {name: _nested(row[name]) for name in nested} for row in rows]
    return orjson.dumps(rows, default=str).decode()


def _nested(value: Any) -> str | None:
    if value is None or isinstance(value, JsonText):
        return value
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # half a character, which nobody can store as such, stays an escape
        return json.dumps(value, ensure_ascii=False).encode(errors="backslashreplace").decode()
