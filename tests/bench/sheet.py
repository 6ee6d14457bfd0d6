"""A journal of goods in with 100,000 rows, read, checked and applied, against the bare loading of its rows.

33,334 cases of three lines wait for their goods. `ratio` is our whole import (slips, stock, ledger and all) ÷
`pandas.read_excel` and a Core executemany of the journal's rows into a plain table; `written_ratio` is the same
÷ `pandas.read_excel` and an executemany of all rows that our import adds. Each runs in a fresh process, its
imports included. BENCH_SHEET=0.01 makes a hundredth of the rows, to try it out.
"""

import csv
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from sqlalchemy import Engine, text

import flows.parts_application  # noqa: F401  registers process PA
from deployments.database import connect
from schemas.answers import Opened
from schemas.words import Channel
from tasks.cycle.rules import shanghai_day
from tasks.durable import clock
from tasks.durable.opening import open_chunk
from tasks.durable.stage import advance_chunk
from tests.bench import load
from tests.bench.figure import Figure
from tests.bench.fill import multiply, settle_down, without_indexes
from tests.books import books_balance
from tests.tasks.durable.chunks import sheet_turn

GENUINE, COPIES = 14, 2380  # make 33,334 cases
RUNS, LONG = 3, 180.0  # what takes longer, in seconds, is measured once
HEADINGS = ("单号", "日期", "经办人工号", "行号", "实收数量")


class Run(NamedTuple):
    """What one run took in seconds, and the import's peak of memory."""

    imported: float
    bare: float
    written: float
    peak_mib: float


def run() -> list[Figure]:
    """Measure xlsx and csv; medians."""
    copies = round(COPIES * float(os.environ.get("BENCH_SHEET", "1")))
    with load.stage() as stage, TemporaryDirectory(prefix="aft-") as folder:
        waiting = stage.server.create(stage.template)
        xlsx = Path(folder) / "journal.xlsx"
        rows = _prepare(waiting, copies, xlsx)
        from_xlsx, from_csv = (_runs(stage, waiting, path) for path in (xlsx, xlsx.with_suffix(".csv")))
    taken, ratio, peak = from_xlsx.imported, from_xlsx.imported / from_xlsx.bare, from_xlsx.peak_mib
    return [
        Figure("rows", rows),
        Figure("rows_per_s", rows / taken),
        Figure("seconds", taken),
        Figure("ratio", ratio, "≤ 3.9", ratio <= 3.9),
        Figure("written_ratio", taken / from_xlsx.written),
        Figure("peak_mib", peak, "≤ 640", peak <= 640),
        Figure("csv_seconds", from_csv.imported),
        Figure("csv_ratio", from_csv.imported / from_csv.bare),
        Figure("csv_peak_mib", from_csv.peak_mib),
    ]


def _runs(stage: load.Stage, waiting: str, path: Path) -> Run:
    """Measure often enough, each time on fresh databases; gives the medians."""
    runs: list[Run] = []
    while len(runs) < RUNS and not (runs and runs[0].imported > LONG):
        runs.append(_measure(stage, waiting, path))
        print(path.suffix, " ".join(f"{name} {value:.1f}" for name, value in runs[-1]._asdict().items()), flush=True)
    return Run(*(statistics.median(column) for column in zip(*runs, strict=True)))


def _measure(stage: load.Stage, waiting: str, path: Path) -> Run:
    ours, others, plain = (stage.server.create(waiting) for _ in range(3))
    imported, peak = _child("imported", path, ours)
    written, _ = _child("written", path, others, ours)
    bare, _ = _child("bare", path, plain)
    db = connect(ours)
    assert not _waiting(db), "not everything came in"
    books_balance(db)
    db.dispose()
    for url in (ours, others, plain):
        stage.server.drop(url)
    return Run(imported, bare, written, peak)


def _waiting(db: Engine) -> int:
    with db.connect() as connection:
        query = text("SELECT count(*) FROM work_item WHERE state = 'open' AND step_key LIKE 'goods-in-%'")
        return connection.scalar(query) or 0


def _child(how: str, path: Path, *urls: str) -> tuple[float, float]:
    """Do it in a process of its own; gives seconds and peak memory in MiB."""
    command = [sys.executable, "-m", "tests.bench.sheet_child", how, str(path), *urls]
    said = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return said["seconds"], said["peak_mib"]


def _prepare(url: str, copies: int, journal: Path) -> int:
    """Let all cases wait for their goods and write the journal that brings them; gives its number of rows."""
    db = connect(url)
    with without_indexes(db, print):
        multiply(db, _waiting_cases(db), copies, print)
    settle_down(db)
    rows = list(_journal(db))
    _write(journal, rows)
    db.dispose()
    return len(rows)


def _waiting_cases(db: Engine) -> list[int]:
    numbers = range(GENUINE)
    opened = open_chunk(db, "PA", Channel.SHEET, [load.application(n) for n in numbers])
    cases = {n: one.case_id for n, one in zip(numbers, opened, strict=True) if isinstance(one, Opened)}
    for gate in ("", "review", "plan", "produce"):
        advance_chunk(db, [sheet_turn(case, n, gate) for n, case in cases.items()])
    return list(cases.values())


def _journal(db: Engine) -> Iterator[tuple[object, ...]]:
    """Give a row for each line of each case: counted as reported."""
    today = shanghai_day(clock.now())
    query = text("SELECT number, split_part(split_part(origin, ':', 2), '/', 1)::int FROM service_case ORDER BY id")
    with db.connect() as connection:
        for number, n in connection.execute(query):
            form = load.form(n, "goods-in")
            for line in form["明细"]:
                yield number, today, form["经办人工号"], line["行号"], line["实收数量"]


def _write(path: Path, rows: Sequence[tuple[object, ...]]) -> None:
    """Write the rows as xlsx, and as csv beside it."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("入库流水账")
    for row in (HEADINGS, *rows):
        sheet.append(row)
    book.save(path)
    with path.with_suffix(".csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADINGS, *rows])
