"""The deadline watch beside a hundred thousand open cases: nothing due, fifty due, five hundred due.

Parts cases that wait at every gate, and the control of their cycles, as the job sees them: BENCH_WATCH=0.01 makes a
hundredth of them, to try it out.
"""

import os
import statistics
import time
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import Engine, text

import flows.cycle_control
import flows.parts_application  # noqa: F401  registers PA and CY
from schemas.answers import Opened
from schemas.tables import metadata
from schemas.words import Channel
from tasks.control.watch import watch_cycles
from tasks.cycle.queries import calendar_today
from tasks.cycle.rules import last_working_moment
from tasks.durable import clock
from tasks.durable.opening import open_chunk
from tasks.durable.stage import advance_chunk
from tasks.notices.watch import watch_deadlines
from tests.bench import load
from tests.bench.figure import Figure
from tests.bench.fill import settle_down, without_indexes
from tests.tasks.durable.chunks import sheet_turn, statements_of

OPEN, DUE, RUNS = 100_000, 50, 5
GENUINE = 60
STEP = 1_000_000  # between the ids of a case and of its copy
TABLES = ("service_case", "case_line", "ledger", "work_item", "decision", "document", "reservation", "production_order")
OWN_KEY = "{column} || '/' || n"
SHIFTED = f"{{column}} + n * {STEP}"
KEYS = dict.fromkeys(("case_id", "parent_id", "cycle_id"), SHIFTED) | dict.fromkeys(("number", "origin"), OWN_KEY)
KEYS |= {"order_no": OWN_KEY, "run_id": "NULL", "serial": SHIFTED}


class Round(NamedTuple):
    """What a round of the watch took: seconds, seconds of this process's CPU, statements; how many it told or answered."""

    seconds: float
    cpu: float
    statements: int
    did: int


def run() -> list[Figure]:
    """Measure; medians of five rounds where nothing is due."""
    with load.stage() as stage, stage.fresh() as db:
        _fill(db, float(os.environ.get("BENCH_WATCH", "1")))
        _round(db)  # what the fill itself left to be looked at
        quiet = [_round(db) for _ in range(RUNS)]
        assert [one.did for one in quiet] == [0] * RUNS
        few, many, expired = (_due(db, DUE), _due(db, 10 * DUE), _due(db, DUE, "expires_at"))
        with db.connect() as connection:
            cases = connection.scalar(text("SELECT count(*) FROM service_case WHERE closed_at IS NULL")) or 0
    assert (few.did, many.did, expired.did) == (DUE, 10 * DUE, DUE)
    idle = 1000 * statistics.median(one.seconds for one in quiet)
    alike = few.statements == many.statements
    return [
        Figure("open_cases", cases),
        Figure("nothing_due_ms", idle, "≤ 50", idle <= 50),
        Figure("nothing_due_statements", quiet[-1].statements),
        Figure("50_due_statements", few.statements),
        Figure("500_due_statements", many.statements, "as many as 50", alike),
        Figure("50_due_cpu_s", few.cpu, "≤ 1", few.cpu <= 1),
        Figure("50_due_s", few.seconds),
        Figure("500_due_cpu_s", many.cpu),
        Figure("50_expired_cpu_s", expired.cpu, "≤ 1", expired.cpu <= 1),
        Figure("50_expired_statements", expired.statements),
    ]


def _round(db: Engine) -> Round:
    """Let the watch go, as its job does."""
    with statements_of(db) as sent:
        begun, cpu = time.perf_counter(), time.process_time()
        assert watch_cycles(db) == []
        report = watch_deadlines(db, clock.now())
        spent = time.perf_counter() - begun, time.process_time() - cpu
    assert report.failed == []
    return Round(*spent, len(sent), len(report.told) + len(report.timed_out))


def _due(db: Engine, many: int, which: str = "") -> Round:
    """Let so many items be due, each to one role, and the watch find them; or expired, those that can."""
    with db.begin() as connection:
        at = last_working_moment(calendar_today(connection), clock.now()) - timedelta(hours=1)
        entry = {"at": at.isoformat(), "kind": f"over-{many}", "role": "MANAGER"}
        chosen = "SELECT case_id, step_key FROM work_item WHERE state = 'open' AND {} ORDER BY case_id DESC LIMIT :many"
        if which:
            change = "expires_at = :at, look_at = :at, due_at = :at, schedule = '[]'"
            known, wanted = {"at": at}, "expires_at IS NOT NULL AND form LIKE '%PickupConfirmation'"
        else:
            change = "look_at = :at, schedule = json_build_array(CAST(:entry AS json))"
            known = {"at": at, "entry": _json(entry)}
            wanted = "role <> 'SYSTEM'"
        of_these = f"(case_id, step_key) IN ({chosen.format(wanted)})"
        done = connection.execute(text(f"UPDATE work_item SET {change} WHERE {of_these}"), known | {"many": many})
        assert done.rowcount == many
    return _round(db)


def _json(entry: dict[str, str]) -> str:
    return "{" + ", ".join(f'"{name}": "{value}"' for name, value in entry.items()) + "}"


def _fill(db: Engine, scale: float) -> None:
    """Fill the tables with copies of genuine open cases, each with its own control's copy."""
    begun = time.monotonic()
    _open_cases(db)
    assert watch_cycles(db) == []
    assert watch_cycles(db) == []
    with db.connect() as connection:
        genuine = connection.scalar(text("SELECT count(*) FROM service_case")) or 0
    copies = max(1, round(OPEN * scale) // genuine)
    with without_indexes(db, _say), db.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for name in TABLES:
            columns = [column for column in metadata.tables[name].c if not (column.identity and name != "service_case")]
            values = [_value(name, column.name) for column in columns]
            connection.execute(
                text(
                    f"INSERT INTO {name} ({', '.join(column.name for column in columns)}) SELECT {', '.join(values)} "
                    f"FROM generate_series(CAST(1 AS bigint), :copies) AS n CROSS JOIN {name} old"
                ),
                {"copies": copies},
            )
    settle_down(db)
    _say(f"{(copies + 1) * genuine:,} open cases, filled in {time.monotonic() - begun:.0f} s")


def _value(table: str, column: str) -> str:
    if (table, column) == ("service_case", "id"):
        return SHIFTED.format(column="old.id")
    if (table, column) == ("document", "id"):
        return "gen_random_uuid()"
    return KEYS.get(column, "{column}").format(column=f"old.{column}")


def _open_cases(db: Engine) -> None:
    """Make cases that wait, each unit's at every gate."""
    opened = open_chunk(db, "PA", Channel.SHEET, [load.application(n) for n in range(GENUINE)])
    cases = {n: one.case_id for n, one in enumerate(opened) if isinstance(one, Opened)}
    for passed, gate in enumerate(("", *load.GATES[:-1])):
        going = [n for n in range(GENUINE) if n // len(load.UNITS) % len(load.GATES) >= passed]
        advance_chunk(db, [sheet_turn(cases[n], n, gate) for n in going])


def _say(message: str) -> None:
    print(message, flush=True)
