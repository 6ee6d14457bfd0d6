"""Load the reference data once into an empty operations database: read CSV files, check every cell, insert.

A file is a table, its header the table's columns. Opening stock becomes movements too, so that from the first
day on what came in less what went out is what is there.
"""

import csv
import json
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import StringIO
from typing import Any, NamedTuple
from uuid import NAMESPACE_OID, uuid5

from sqlalchemy import JSON, Boolean, Column, Connection, Date, Integer, Numeric, String, Table, func, insert, select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.types import TypeEngine

from schemas import tables
from schemas.problems import BadInput, Problem
from schemas.spelling import order_number, person_name, phone_number
from schemas.tables.reference import CAME_BACK
from schemas.words import MovementKind
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.stock.rules import expiry

LOCK = 7230402  # held to the end of the transaction: one process loads, the others find it done
POLICY_VERSION, POLICIES_VALID_FROM = 1, date(2025, 1, 1)
LOT = ("warehouse", "part", "came_on", "expires_on")
FILES = {  # in the order of their references
    "offices": tables.office,
    "units": tables.production_unit,
    "warehouses": tables.warehouse,
    "staff": tables.staff,
    "staff_roles": tables.staff_role,
    "part_categories": tables.part_category,
    "parts": tables.part,
    "part_prices": tables.part_price,
    "routes": tables.route_price,
    "cycle_standards": tables.cycle_standard,
    "policies": tables.policy,
    "holidays": tables.holiday,
    "stores": tables.store,
    "sales": tables.sales_record,
    "carriers": tables.carrier,
    "notice_channels": tables.notice_channel,
    "survey_questions": tables.survey_question,
    "stock": tables.stock_movement,
}
COLUMNS = {
    "policies": ["key", "value", "unit", "source", "meaning"],
    "stock": ["warehouse", "part", "quantity"],
    "parts": [name for name in tables.part.c.keys() if name != "made_for"],  # noqa: SIM118  a collection, no dict
    "sales": [name for name in tables.sales_record.c.keys() if name not in CAME_BACK],  # noqa: SIM118
}
READERS: dict[type[TypeEngine[Any]], tuple[Callable[[str], Any], str]] = {  # NaN is no JSON
    JSON: (
        partial(json.loads, parse_constant=dict[str, None]().__getitem__),
        '应为 JSON must be JSON: 24, 0.10, "text", [2, 5]',
    ),
    Boolean: ({"0": False, "1": True}.__getitem__, "应为 0 或 1 must be 0 or 1"),
    Date: (date.fromisoformat, "应为日期 must be a date such as 2026-03-05"),
    Integer: (int, "应为整数 must be a whole number"),
    Numeric: (Decimal, "应为数字 must be a number"),
    String: (str, ""),
}
KEPT_AS = {
    "order_no": order_number,
    "customer_name": person_name,
    "customer_phone": phone_number,
}  # as the doors keep them
REFUSALS = {
    "23502": "必填 is required",
    "23503": "没有这个代码 is not a known code",
    "23505": "重复 occurs twice",
    "23514": "超出允许范围 is outside of what is allowed",
}


class Row(NamedTuple):
    """A row of a file; `number` counts as a spreadsheet does, the header is row 1."""

    number: int
    values: dict[str, Any]


def load_once(connection: Connection, folder: Traversable | None = None) -> bool:
    """Load all files into a database that has no policies yet; say if that was so. The caller commits.

    Raises BadInput with every file, row and field that is wrong; the caller then rolls back.
    """
    connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
    if connection.execute(select(tables.policy_version.c.version).limit(1)).first():
        return False
    folder, problems = folder or files("schemas") / "reference", list[Problem]()
    read = {name: _read(folder / f"{name}.csv", name, problems) for name in FILES}
    if problems:
        raise BadInput(problems)
    first = {"version": POLICY_VERSION, "valid_from": POLICIES_VALID_FROM, "note": "随产品提供 as supplied"}
    connection.execute(insert(tables.policy_version).values(first))
    read["policies"] = [Row(row.number, row.values | {"version": POLICY_VERSION}) for row in read["policies"]]
    stock = read.pop("stock")
    for name, rows in read.items():
        insert_rows(connection, name, FILES[name], rows)
    shelf = {row.values["code"]: row.values["shelf_days"] for row in read["parts"]}
    opening = [_opening(row, shelf.get(row.values["part"])) for row in stock]
    insert_rows(connection, "stock", tables.stock_balance, [_on_hand(row, "warehouse", "part") for row in opening])
    insert_rows(connection, "stock", tables.stock_lot, [_on_hand(row, *LOT) for row in opening])
    insert_rows(connection, "stock", tables.stock_movement, opening)
    return True


def read_rows(file: Traversable, name: str) -> list[Row]:
    """Read a file of this kind; BadInput with every cell that is wrong."""
    problems = list[Problem]()
    rows = _read(file, name, problems)
    if problems:
        raise BadInput(problems)
    return rows


def _read(path: Traversable, name: str, problems: list[Problem]) -> list[Row]:
    file, table = path.name, FILES[name]
    expected = COLUMNS.get(name, table.c.keys())
    try:
        text = path.read_text("utf-8-sig")  # Excel puts a mark before the first letter
        lines = [(number, line) for number, line in enumerate(csv.reader(StringIO(text)), start=1) if any(line)]
    except FileNotFoundError:
        problems.append(Problem(file, "", "没有这个文件 the file is missing"))
        return []
    except OSError as error:
        problems.append(Problem(file, error.strerror or "", "读不出来 cannot be read: give a CSV file"))
        return []
    except (UnicodeDecodeError, csv.Error) as error:
        problems.append(Problem(file, str(error), "应为 UTF-8 编码的 CSV must be CSV saved as UTF-8"))
        return []
    header = lines[0][1] if lines else []
    if sorted(header) != sorted(expected):
        wanted = f"表头应为 the header must be {','.join(expected)}"
        problems.append(Problem(file, ",".join(header), wanted, row=1))
        return []
    return [_row(file, table, number, header, line, problems) for number, line in lines[1:]]


def _row(
    file: str, table: Table, number: int, header: Sequence[str], line: Sequence[str], problems: list[Problem]
) -> Row:
    if len(line) != len(header):
        expected = f"应有 {len(header)} 列 must have {len(header)} cells"
        problems.append(Problem(file, f"{len(line)} 列 cells", expected, number))
        return Row(number, {})
    values = {}
    for column, cell in zip(header, line, strict=True):
        try:
            values[column] = _parse_cell(table.c[column], KEPT_AS.get(column, str)(cell.strip()))
        except ValueError as error:
            problems.append(Problem(f"{file} {column}", cell, str(error), number))
    return Row(number, values)


def _parse_cell(column: Column[Any], cell: str) -> Any:
    """Give the value of a trimmed cell; an empty one is NULL where the column allows it.

    Raises ValueError with what was expected.
    """
    if not cell:
        if column.nullable:
            return None
        if column.server_default is None:
            raise ValueError("必填 is required")
        return ""
    read, expected = next(found for kind, found in READERS.items() if isinstance(column.type, kind))
    try:
        value = read(cell)
    except (ValueError, KeyError, ArithmeticError):
        raise ValueError(expected) from None
    if isinstance(column.type, Numeric):
        _check_number(value, column.type)
    if isinstance(column.type, String) and len(cell) > (most := column.type.length or len(cell)):
        raise ValueError(f"最多 {most} 个字符 at most {most} characters")
    return value


def _check_number(value: Decimal, kind: Any) -> None:
    most = 10 ** (kind.precision - kind.scale)
    if not value.is_finite() or abs(value) >= most or value != round(value, kind.scale):
        raise ValueError(f"应为数字，最多 {kind.scale} 位小数 must be a number, at most {kind.scale} decimals")


def _on_hand(row: Row, *names: str) -> Row:
    return Row(row.number, {name: row.values[name] for name in names} | {"on_hand": row.values["quantity"]})


def _opening(row: Row, shelf_days: int | None) -> Row:
    """Give opening stock as a movement, a lot of the day on which it is loaded."""
    now = clock.now()
    key = uuid5(NAMESPACE_OID, f"opening/{row.values['warehouse']}/{row.values['part']}")
    fixed = {"id": key, "kind": MovementKind.COUNT_GAIN, "step_key": "opening", "moved_at": now}
    lot = {"came_on": shanghai_day(now), "expires_on": expiry(shanghai_day(now), shelf_days)}
    return Row(row.number, row.values | fixed | lot)


def insert_rows(connection: Connection, name: str, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows of a file; BadInput with every row that the database does not take."""
    if not rows:
        return
    try:
        with connection.begin_nested():
            connection.execute(insert(table), [row.values for row in rows])
    except (IntegrityError, DataError):
        raise BadInput(list(_refusals(connection, f"{name}.csv", table, rows))) from None


def _refusals(connection: Connection, file: str, table: Table, rows: Sequence[Row]) -> Iterable[Problem]:
    """Find the rows that the database does not take, by giving it one after the other."""
    for row in rows:
        try:
            with connection.begin_nested():
                connection.execute(insert(table).values(row.values))
        except (IntegrityError, DataError) as error:
            yield _refusal(file, table, row, error)


def _refusal(file: str, table: Table, row: Row, error: IntegrityError | DataError) -> Problem:
    state, told = getattr(error.orig, "sqlstate", None), getattr(error.orig, "diag", None)
    named = re.search(r"\((.+?)\)=\((.*?)\)", getattr(told, "message_detail", None) or "")
    rule = getattr(told, "constraint_name", None) or ""
    field = named[1] if named else getattr(told, "column_name", None) or rule.removeprefix(f"ck_{table.name}_")
    value = named[2] if named else row.values.get(field)
    expected = REFUSALS.get(state or "", str(error.orig))
    return Problem(f"{file} {field}".strip(), "" if value is None else value, expected, row.number)
