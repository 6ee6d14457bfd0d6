"""One load of the journal in a process of its own: our whole import, or what any loading must do.

python -m tests.bench.sheet_child imported|bare|written PATH URL [URL of a database that has it all]
"""

import json
import resource
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import psutil

ADDED = ("decision", "ledger", "work_item", "document", "reservation", "stock_movement", "sheet_row")
Work = Callable[[], None]


def imported(path: Path, url: str) -> Work:
    """Read, check and apply it as the product does."""

    def work() -> None:
        import flows
        from deployments.database import connect, join
        from schemas.sheet_kinds import sheet_kind
        from tasks.durable.database import use
        from tasks.sheets.importing import import_file

        flows.load()
        db = connect(url)
        use(db, partial(join, url))
        report = import_file(db, path, sheet_kind("goods-in"), docs=path.parent)
        assert not report.rejected, report

    return work


def bare(path: Path, url: str) -> Work:
    """Read it with pandas and write its rows into a plain table."""

    def work() -> None:
        from sqlalchemy import Column, Date, Integer, MetaData, Numeric, Table, Text, create_engine, insert

        db, rows = create_engine(url), _read(path)
        number, day, staff, line_no, counted = rows[0]
        table = Table(
            "bare_journal",
            MetaData(),
            Column(number, Text),
            Column(day, Date),
            Column(staff, Text),
            Column(line_no, Integer),
            Column(counted, Numeric),
        )
        with db.begin() as connection:
            table.create(connection)
            connection.execute(insert(table), rows)

    return work


def written(path: Path, url: str, finished: str) -> Work:
    """Read it with pandas and write, with no question asked, all the rows that our import has added."""
    from sqlalchemy import create_engine, insert, select

    from schemas.tables import metadata

    db, tables = create_engine(url), [metadata.tables[name] for name in ADDED]
    added: dict[Any, list[dict[str, Any]]] = {}
    with db.connect() as before, create_engine(finished).connect() as after:
        for table in tables:
            keys = select(table.c.step_key).distinct()
            new = set(after.scalars(keys)) - set(before.scalars(keys))
            found = after.execute(select(table).where(table.c.step_key.in_(new))).mappings()
            added[table] = [dict(row) for row in found]

    def work() -> None:
        _read(path)
        with db.begin() as connection:
            for table, rows in added.items():
                connection.execute(insert(table), rows)

    return work


def _read(path: Path) -> list[dict[str, Any]]:
    import pandas as pd

    frame = pd.read_excel(path) if path.suffix == ".xlsx" else pd.read_csv(path)
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


class Peak(threading.Thread):
    """Watches the most memory that this process and its helpers have at once; what they share counts once."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._sampled, self._stopped = 0, threading.Event()

    def run(self) -> None:
        """Look twice a second."""
        me = psutil.Process()
        while not self._stopped.wait(0.5):
            everybody = [me, *me.children(recursive=True)]
            self._sampled = max(self._sampled, sum(map(_memory, everybody)))

    def mib(self) -> float:
        """Stop watching; gives the peak, at least what the system noted of this process."""
        self._stopped.set()
        self.join()
        return max(self._sampled, _own_peak()) / 1024**2


def _memory(process: psutil.Process) -> int:
    try:
        found = process.memory_full_info()
    except psutil.Error:  # it has ended meanwhile
        return 0
    return int(getattr(found, "pss", found.rss))


def _own_peak() -> int:
    """Give this process's own peak; where the system tells, without what its parent had."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    how, file, *urls = sys.argv[1:]
    ways: dict[str, Callable[..., Work]] = {"imported": imported, "bare": bare, "written": written}
    what = ways[how](Path(file), *urls)
    peak = Peak()
    peak.start()
    begun = time.perf_counter()
    what()
    print(json.dumps({"seconds": time.perf_counter() - begun, "peak_mib": peak.mib()}))
