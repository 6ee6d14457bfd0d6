"""Two thousand cases of three lines from sheet rows to closed: in chunks, one by one, and by DBOS; special orders too.

All three on the same server in the same run, each on a fresh copy of the database, and by turns, so that a
busy machine is busy for all; medians of three. DBOS and one-by-one play fewer cases: their rate does not hang on the
number. `ratio` is bulk ÷ DBOS. `so_per_step` is how fast special orders record a step ÷ how fast parts applications do.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

from sqlalchemy import Engine, text

import flows
from deployments.database import join
from schemas.sheet_kinds import sheet_kind
from schemas.words import Channel
from tasks.durable.database import use
from tasks.durable.opening import open_case
from tasks.durable.stage import CHUNK, advance
from tasks.sheets.apply import apply_forms
from tasks.sheets.crew import Crew, crew
from tasks.sheets.forms import forms_of
from tasks.sheets.importing import form_chunks
from tasks.sheets.outcome import Became
from tests.bench import bulk_repairs, bulk_returns, specials
from tests.bench.figure import Figure
from tests.bench.load import GATES, KINDS, UNITS, Stage, answer, answer_rows, application, application_rows, stage
from tests.books import books_balance
from tests.tasks.sheets.workbooks import rows_of

RUNS = 3
CASES, CASES_OF_DBOS, CASES_ONE_BY_ONE = 2000, 300, 100  # of ours ten chunks, so that two helpers have as much to do
WARM_UP = 24
DBOS_SETTINGS = ((1, 8), (2, 8))  # processes, threads each; the best counts
KEPT_BY_DBOS = {"ledger", "lease", "sheet_row"}  # its own checkpoints and idempotency keys stand for these


def run() -> list[Figure]:
    """Measure; the DBOS run is checked to have written what ours wrote, table by table."""
    flows.load()
    rates: list[tuple[float, ...]] = []
    with stage() as here:
        for _ in range(RUNS):
            dbos = max(_by_dbos(here, *setting) for setting in DBOS_SETTINGS)
            parts, steps = _in_chunks(here, play_sheets, CASES)
            orders, steps_of_order = _in_chunks(here, play_orders, CASES)
            rates.append((parts, dbos, _one_by_one(here), orders, orders * steps_of_order / (parts * steps)))
        repairs, steps_of_repair = bulk_repairs.rate(here, _apply, play_sheets, CASES)
        returns, steps_of_return = bulk_returns.rate(here, _apply, play_sheets, CASES)
    bulk, dbos, single, orders, per_step = (statistics.median(column) for column in zip(*rates, strict=True))
    repairs_per_step = repairs * steps_of_repair / bulk
    returns_per_step = returns * steps_of_return / bulk
    return [
        Figure("cases_per_s", bulk),
        Figure("dbos_cases_per_s", dbos),
        Figure("one_by_one_cases_per_s", single),
        Figure("ratio", bulk / dbos, "≥ 19", bulk / dbos >= 19),
        Figure("so_cases_per_s", orders),
        Figure("so_per_step", per_step, "≥ 0.8", per_step >= 0.8),
        Figure("rr_cases_per_s", repairs),
        Figure("rr_per_step", repairs_per_step, "≥ 0.8", repairs_per_step >= 0.8),
        Figure("rf_cases_per_s", returns),
        Figure("rf_per_step", returns_per_step, "≥ 0.8", returns_per_step >= 0.8),
    ]


def _in_chunks(here: Stage, play: Callable[[Crew, Sequence[int]], None], cases: int) -> tuple[float, float]:
    """Play so many cases; gives how many a second, and how many steps of each were recorded."""
    with here.fresh() as db:
        use(db, partial(join, db.url.render_as_string(hide_password=False)))
        with crew(db, CASES // CHUNK) as helpers:
            play(helpers, range(WARM_UP))
            begun = time.perf_counter()
            play(helpers, range(WARM_UP, WARM_UP + cases))
            seconds = time.perf_counter() - begun
        books_balance(db)
        counted = "SELECT count(*)::float / count(DISTINCT case_id), bool_and(closed_at IS NOT NULL) FROM ledger "
        with db.connect() as connection:
            steps, closed = connection.execute(text(f"{counted} JOIN service_case c ON c.id = case_id")).one()
    assert closed, "a case waits"
    return cases / seconds, steps


def play_sheets(helpers: Crew, cases: Sequence[int]) -> None:
    """Send the sheets of all cases, stage by stage, from the applications to the pickups."""
    applied = [row for n in cases for row in application_rows(n)]
    numbers = dict(zip(cases, _apply(helpers, "applications", applied), strict=True))
    for gate, kind in KINDS.items():
        _apply(helpers, kind, [row for n in cases for row in answer_rows(n, gate, numbers[n])])


def play_orders(helpers: Crew, cases: Sequence[int]) -> None:
    """Send the sheets of all special orders, stage by stage."""
    ordered = [row for n in cases for row in specials.order_rows(n)]
    numbers = dict(zip(cases, _apply(helpers, "special-orders", ordered), strict=True))
    for place, (code, *_) in enumerate(specials.SHEETS):
        _apply(helpers, code, [row for n in cases for row in specials.answer_rows(n, place, numbers[n])])


def _apply(helpers: Crew, code: str, rows: Sequence[dict[str, Any]]) -> list[str]:
    """Apply the rows of a sheet, all of which must be accepted; gives the numbers of their cases in order."""
    numbers = dict[str, None]()
    kind = sheet_kind(code)
    chunks = form_chunks(forms_of(kind, rows_of(kind, *rows)))
    for outcomes in helpers.map(apply_forms, [(kind, chunk) for chunk in chunks]):
        for outcome in outcomes:
            assert outcome.became is Became.ACCEPTED, outcome
            numbers[outcome.number] = None
    return list(numbers)


def _one_by_one(here: Stage) -> float:
    with here.fresh() as db:
        for n in range(WARM_UP):
            play_alone(db, n)
        begun = time.perf_counter()
        for n in range(WARM_UP, WARM_UP + CASES_ONE_BY_ONE):
            play_alone(db, n)
        seconds = time.perf_counter() - begun
    return CASES_ONE_BY_ONE / seconds


def play_alone(db: Engine, n: int) -> None:
    """Take one case from application to closed, each step in its own transaction."""
    origin, form = application(n)
    case_id = open_case(db, "PA", form, origin, Channel.SHEET).case_id
    advance(db, case_id)
    outcomes = [advance(db, case_id, answer(n, gate)) for gate in GATES]
    assert outcomes[-1].closed, [outcome.reply for outcome in outcomes]


def _by_dbos(here: Stage, processes: int, threads: int) -> float:
    with here.fresh() as db:
        for n in range(len(UNITS)):
            play_alone(db, n)  # the genuine cases that the peer's are like
        with ExitStack() as stack:
            share = CASES_OF_DBOS // processes
            executors = [stack.enter_context(_executor(db, n, share, threads)) for n in range(processes)]
            begun = time.perf_counter()
            for executor in executors:
                print("go", file=executor.stdin, flush=True)
            for executor in executors:
                _hear(executor, "done")
            seconds = time.perf_counter() - begun
        _same_rows(db)
        here.server.drop(db.url.set(database=f"{db.url.database}_dbos").render_as_string(hide_password=False))
    return CASES_OF_DBOS / seconds


def _executor(db: Engine, number: int, share: int, threads: int) -> subprocess.Popen[str]:
    """Start a process of DBOS with its share of the cases; it waits for a line before it plays them."""
    url = db.url.render_as_string(hide_password=False)
    numbers = (len(UNITS) + number * 10 * share, share, threads)
    command = ["-m", "tests.bench.dbos_peer", url, f"executor-{number}", *map(str, numbers)]
    started = subprocess.Popen([sys.executable, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    _hear(started, "ready")
    return started


def _hear(executor: subprocess.Popen[str], word: str) -> None:
    assert executor.stdout is not None
    said = executor.stdout.readline().strip()
    assert said == word, f"DBOS ended before it was {word}"


def _same_rows(db: Engine) -> None:
    """Assert that every case of DBOS is closed and has as many rows in every table as a genuine one."""
    columns = "SELECT table_name FROM information_schema.columns WHERE column_name = 'case_id'"
    counted = (
        "SELECT DISTINCT count(t.case_id), c.link, c.ending FROM service_case c "
        "LEFT JOIN {} t ON t.case_id = c.id GROUP BY c.id"
    )
    with db.connect() as connection:
        tables = set(connection.execute(text(columns)).scalars()) - KEPT_BY_DBOS
        for table in sorted(tables):
            found = connection.execute(text(counted.format(table))).all()
            assert [row[1:] for row in found] == [("催提", "delivered")], (table, found)
