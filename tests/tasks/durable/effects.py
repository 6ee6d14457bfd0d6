"""What a database says has happened, in words that do not depend on when, in which process or at which try.

Surrogate ids become numbers, moments become days, and what only says who tried (a refused decision, the
channel of the leg that did a step or read a letter) is left out: where the same things happened, the effects are the same.
"""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Table, select

from schemas.tables import metadata
from schemas.words import Role
from tasks.unit.work import SHANGHAI

TABLES = (
    "service_case",
    "case_line",
    "line_correction",
    "ledger",
    "work_item",
    "decision",
    "document",
    "outbox",
    "stock_movement",
    "stock_balance",
    "reservation",
    "production_order",
    "line_cycle",
    "penalty",
    "counter",
    "notice",
    "charge",
    "refund",
    "sheet_row",
)
SURROGATE = frozenset({"id"})
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d[\d:.]*(Z|[+-]\d\d:\d\d)")
OF_CASE = re.compile(r"(?<=\bcase[-:])\d+|(?<=\btogether-)\d+")
OPENED = ("report-anomaly", "order-again", "order-exchange", "tell-companions")  # steps that give ids of cases
IDENTITY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Effects = dict[str, list[str]]


def effects(db: Engine) -> Effects:
    """Give the rows of all tables, each as text, in an order of their own."""
    with db.connect() as connection:
        names = _names(connection)
        return {table: _rows(connection, metadata.tables[table], names) for table in TABLES}


def differences(expected: Effects, found: Effects) -> list[str]:
    """Say what is missing and what is too much."""
    told = []
    for table in TABLES:
        told += [f"missing in {table}: {row}" for row in _minus(expected[table], found[table])]
        told += [f"too much in {table}: {row}" for row in _minus(found[table], expected[table])]
    return told


def _minus(rows: list[str], others: list[str]) -> list[str]:
    left = list(others)
    return [row for row in rows if row not in left or left.remove(row)]  # type: ignore[func-returns-value]


def _names(connection: Connection) -> dict[str, str]:
    """Name each surrogate id by the number that people know."""
    case, document = metadata.tables["service_case"], metadata.tables["document"]
    cases = connection.execute(select(case.c.id, case.c.number))
    documents = connection.execute(select(document.c.id, document.c.number))
    return {str(row.id): row.number for row in (*cases, *documents)}


def _rows(connection: Connection, table: Table, names: Mapping[str, str]) -> list[str]:
    query = select(table).where(table.c.accepted) if "accepted" in table.c else select(table)
    return sorted(as_text(table.name, dict(row), names) for row in connection.execute(query).mappings())


def as_text(table: str, row: dict[str, Any], names: Mapping[str, str]) -> str:
    """Write a row so that it is equal wherever the same has happened; `names` are of surrogate ids."""
    for name in {"case_id", "parent_id", "cycle_id"} & row.keys():
        row[name] = names.get(str(row[name]))
    if table == "ledger" and row["step_key"].startswith(OPENED):
        given = row["output"] if isinstance(row["output"], list) else [row["output"]]
        row["output"] = [names.get(str(one), one) for one in given]
    if table == "ledger" and row["actor"] in {Role.SYSTEM, *names.values()}:
        del row["channel"]
    shown = json.dumps(
        {name: value for name, value in row.items() if name not in SURROGATE},
        default=_plain,
        ensure_ascii=False,
        sort_keys=True,
    )
    said = IDENTITY.sub(lambda found: names.get(found[0], "id"), MOMENT.sub(_day, shown))
    return OF_CASE.sub(lambda found: names.get(found[0], "id"), said)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date | UUID | Decimal):
        return str(value)
    raise TypeError(f"no plain form of {type(value)}")


def _day(moment: re.Match[str]) -> str:
    return datetime.fromisoformat(moment[0]).astimezone(SHANGHAI).date().isoformat()
