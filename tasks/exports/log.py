"""An event log in a file, whole or not at all."""

import os
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Engine

from tasks.exports.ocel import write_ocel
from tasks.exports.queries import ExportPeriod, ledger_rows
from tasks.exports.xes import write_xes
from tasks.unit.work import SHANGHAI


class LogFormat(StrEnum):
    """The formats that process-mining tools read."""

    XES = "xes"
    OCEL = "ocel"


def write_log(db: Engine, form: LogFormat, first: date, last: date, process: str, path: Path) -> int:
    """Write what happened from the first day to the last, both included, Asia/Shanghai; gives the number of events.

    process   only its cases; "" for all
    """
    period = ExportPeriod(_begin(first), _begin(last + timedelta(days=1)), process)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with (
            db.connect().execution_options(isolation_level="REPEATABLE READ") as connection,
            half.open("w", encoding="utf-8", newline="\n") as out,
        ):
            if form is LogFormat.XES:
                written = write_xes(ledger_rows(connection, period), out)
            else:
                written = write_ocel(connection, period, out)
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
    return written


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)
