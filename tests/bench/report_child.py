"""The cycle report of a month, its page, and the bare counting, in a process of their own: python -m … URL."""

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd
import time_machine
from sqlalchemy import Engine, text

from deployments.database import connect
from tasks.desk.reports.page import report_page
from tasks.reports.cycle import cycle
from tasks.reports.shapes import Report
from tasks.rounds.rules import Period

OCTOBER, RUNS = Period(date(2026, 10, 1), date(2026, 10, 31)), 5
GROUPS = ["unit", "category", "office", "process"]
BARE = text("""
    SELECT date_trunc('month', timezone('Asia/Shanghai', promised_at)) AS month, unit, category, office, process,
           count(*) AS lines,
           count(*) FILTER (WHERE CAST(timezone('Asia/Shanghai', finished_at) AS date)
                                  <= CAST(timezone('Asia/Shanghai', promised_at) AS date)) AS on_time,
           count(*) FILTER (WHERE CAST(timezone('Asia/Shanghai', finished_at) AS date)
                                  > CAST(timezone('Asia/Shanghai', promised_at) AS date)) AS late,
           count(*) FILTER (WHERE finished_at IS NULL) AS open
    FROM past_case WHERE promised_at >= timestamptz '2025-11-01 00:00+08' AND promised_at < timestamptz '2026-11-01 00:00+08'
    GROUP BY 1, 2, 3, 4, 5""")


def main(url: str) -> None:
    """Measure, the report first: what the process has taken by then is its memory."""
    db = connect(url)
    with time_machine.travel("2026-11-03T10:00:00+08:00"):
        report, report_s = _timed(lambda: _report(db))
        _, page_s = _timed(lambda: report_page(report))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    frame, bare_s = _timed(lambda: _bare(db))
    said = {"report_s": report_s, "page_s": page_s, "peak_mib": peak, "bare_s": bare_s}
    lines = sum(int(row["lines"]) for row in report.sections[0].rows)
    print(json.dumps(said | {"lines": lines, "bare_lines": int(frame.lines.sum())}))


def _report(db: Engine) -> Report:
    with db.connect() as connection:
        return cycle.made(connection, OCTOBER)


def _bare(db: Engine) -> Any:
    with db.connect() as connection:
        frame = pd.read_sql(BARE, connection)
    for group in GROUPS:
        frame.pivot_table(["lines", "on_time", "late", "open"], index=group, columns="month", aggfunc="sum")
    return frame


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    seconds = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - begun)
    return result, statistics.median(seconds)


main(sys.argv[1])
