"""Fill the tables with copies of genuine cases, on the server: all rows of a case, under keys of their own."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Column, Connection, Engine, Uuid, text

from schemas.tables import metadata

TABLES = (
    "service_case",
    "case_line",
    "line_correction",
    "ledger",
    "work_item",
    "decision",
    "notice",
    "document",
    "outbox",
    "reservation",
    "stock_movement",
    "production_order",
    "sheet_row",
)
BATCH = 10_000  # cases copied in one transaction
WORKERS = 2
CASE_ID = "{id} + (n - 1) * {size} + rank"
CASE_SERIAL = "{serial} + (n - 1) * {size} + rank"
DOCUMENT_SERIAL = "old.last + (n - 1) * old.of_kind + old.place"
NUMBER = "left(old.number, 8) || lpad(({0})::text, greatest(6, length(({0})::text)), '0')"  # lpad alone would cut
OWN_KEY = "{column} || '/' || n"
KEYS = {
    ("service_case", "id"): CASE_ID,
    ("service_case", "number"): NUMBER.format(CASE_SERIAL),
    ("service_case", "origin"): OWN_KEY,
    ("service_case", "order_no"): OWN_KEY,
    ("service_case", "run_id"): "NULL",
    ("case_line", "order_no"): OWN_KEY,
    ("outbox", "idempotency_key"): OWN_KEY,
    ("document", "serial"): DOCUMENT_SERIAL,
    ("document", "number"): NUMBER.format(DOCUMENT_SERIAL),
}
Say = Callable[[str], None]


@dataclass(frozen=True)
class Genuine:
    """The cases that are copied: how many, and after which id and serial their copies' begin."""

    size: int
    id: int
    serial: int


def multiply(db: Engine, cases: Sequence[int], copies: int, say: Say) -> None:
    """Copy each of these cases so many times; numbers stay gapless, and books that balanced still do."""
    with db.begin() as connection:
        genuine = _set_aside(connection, cases)
    batch, begun = max(1, BATCH // genuine.size), time.monotonic()
    with ThreadPoolExecutor(WORKERS) as threads:
        spans = [(n, min(n + batch - 1, copies)) for n in range(1, copies + 1, batch)]
        waiting = [threads.submit(_copy, db, genuine, *span) for span in spans]
        for count, one in enumerate(waiting, start=1):
            one.result()
            if count % 10 == 0 or count == len(waiting):
                done, wanted = spans[count - 1][1] * genuine.size, copies * genuine.size
                say(f"  {done:,} of {wanted:,} cases copied, {time.monotonic() - begun:.0f} s")
    with db.begin() as connection:
        _keep_books(connection, genuine, copies)


@contextmanager
def without_indexes(db: Engine, say: Say) -> Iterator[None]:
    """Drop the indexes that are no constraint's and make them again afterwards: faster than to keep them."""
    with db.begin() as connection:
        found = text(
            "SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS made FROM pg_index "
            "WHERE indrelid::regclass::text = ANY(:tables) "
            "AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)"
        )
        dropped = connection.execute(found, {"tables": list(TABLES)}).all()
        for index in dropped:
            connection.execute(text(f"DROP INDEX {index.name}"))
    yield
    begun = time.monotonic()
    with ThreadPoolExecutor(WORKERS) as threads:
        list(threads.map(lambda index: _make_index(db, index.made), dropped))
    say(f"  {len(dropped)} indexes made again, {time.monotonic() - begun:.0f} s")


def settle_down(db: Engine) -> None:
    """Let the server do now what it would else do while it is measured: statistics, vacuum, checkpoint."""
    with db.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE)"))
        connection.execute(text("CHECKPOINT"))


def _make_index(db: Engine, statement: str) -> None:
    with db.begin() as connection:
        connection.execute(text("SET LOCAL maintenance_work_mem = '1GB'"))
        connection.execute(text(statement))


def _set_aside(connection: Connection, cases: Sequence[int]) -> Genuine:
    """Keep the genuine rows in tables of their own, each with its case's rank."""
    for name in TABLES:
        own, more, joined, window = ("id" if name == "service_case" else "case_id"), "", "", ""
        if name == "document":
            more = ", count(*) OVER series AS of_kind, row_number() OVER series AS place, value AS last"
            joined = "JOIN counter ON counter.name = 'document:' || kind || ':' || year"
            window = "WINDOW series AS (PARTITION BY kind, year)"
        connection.execute(text(f"DROP TABLE IF EXISTS genuine_{name}"))
        connection.execute(
            text(
                f"CREATE UNLOGGED TABLE genuine_{name} AS SELECT old.*, rank{more} FROM {name} old "
                f"JOIN unnest(CAST(:cases AS bigint[])) WITH ORDINALITY AS wanted (wanted_id, rank) "
                f"ON wanted_id = old.{own} {joined} {window}"
            ),
            {"cases": sorted(cases)},
        )
    assert not connection.scalar(text("SELECT count(*) FROM genuine_document WHERE reverses IS NOT NULL"))
    series = connection.execute(text("SELECT DISTINCT left(number, 8) FROM genuine_service_case")).scalar_one()
    last = connection.scalar(
        text("SELECT value FROM counter WHERE name = :name"), {"name": f"case:{series[:2]}:{series[3:7]}"}
    )
    first = connection.scalar(text("SELECT max(id) FROM service_case"))
    assert last is not None
    assert first is not None
    return Genuine(len(cases), first, last)


def _copy(db: Engine, genuine: Genuine, first: int, last: int) -> None:
    """Make the copies of one batch in one transaction; nobody checks what is known to be right."""
    with db.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for name in TABLES:
            columns = [column for column in metadata.tables[name].c if not _drawn(column)]
            values = ", ".join(_value(name, column, genuine) for column in columns)
            connection.execute(
                text(
                    f"INSERT INTO {name} ({', '.join(column.name for column in columns)}) "
                    f"SELECT {values} FROM generate_series(CAST(:first AS bigint), :last) AS n "
                    f"CROSS JOIN genuine_{name} old"
                ),
                {"first": first, "last": last},
            )


def _drawn(column: Column[object]) -> bool:
    """Say whether the table draws a column's values itself."""
    return column.identity is not None and column.table.name != "service_case"


def _value(table: str, column: Column[object], genuine: Genuine) -> str:
    if column.primary_key and isinstance(column.type, Uuid):
        return "gen_random_uuid()"
    key = CASE_ID if column.name == "case_id" else KEYS.get((table, column.name), "{column}")
    return key.format(id=genuine.id, serial=genuine.serial, size=genuine.size, column=f"old.{column.name}")


def _keep_books(connection: Connection, genuine: Genuine, copies: int) -> None:
    """Let counters and balances know of the copies."""
    statements = (
        "SELECT setval(pg_get_serial_sequence('service_case', 'id'), max(id)) FROM service_case",
        "UPDATE counter SET value = value + CAST(:size AS bigint) * CAST(:copies AS bigint) FROM genuine_service_case "
        "WHERE rank = 1 AND name = 'case:' || process || ':' || split_part(number, '-', 2)",
        "UPDATE counter SET value = value + of_kind * CAST(:copies AS bigint) "
        "FROM (SELECT DISTINCT kind, year, of_kind FROM genuine_document) series "
        "WHERE name = 'document:' || kind || ':' || year",
        "UPDATE stock_balance b SET on_hand = on_hand + CAST(:copies AS bigint) * sum FROM ("
        "SELECT warehouse, part, sum(quantity) FROM genuine_stock_movement GROUP BY 1, 2) moved "
        "WHERE (b.warehouse, b.part) = (moved.warehouse, moved.part)",
        "UPDATE stock_lot b SET on_hand = on_hand + CAST(:copies AS bigint) * sum FROM ("
        "SELECT warehouse, part, came_on, expires_on, sum(quantity) FROM genuine_stock_movement GROUP BY 1, 2, 3, 4) moved "
        "WHERE (b.warehouse, b.part, b.came_on, b.expires_on) "
        "= (moved.warehouse, moved.part, moved.came_on, moved.expires_on)",
        "UPDATE stock_balance b SET reserved = reserved + CAST(:copies AS bigint) * sum FROM ("
        "SELECT warehouse, part, sum(quantity) FROM genuine_reservation WHERE state = 'held' GROUP BY 1, 2) held "
        "WHERE (b.warehouse, b.part) = (held.warehouse, held.part)",
    )
    for statement in statements:
        known = {"size": genuine.size, "copies": copies}
        connection.execute(text(statement), {k: v for k, v in known.items() if f":{k}" in statement})
    for name in TABLES:
        connection.execute(text(f"DROP TABLE genuine_{name}"))
