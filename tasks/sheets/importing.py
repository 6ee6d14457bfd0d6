"""Take a sheet in: read it, check it, bring the good rows through the engine in chunks, send the others back.

Whatever is killed in between: sent again, nothing happens twice and nothing is lost.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, Engine

from schemas.expectations.suites import CASE, OFFICE, STAFF
from tasks.sheets.apply import apply_rows, row_chunks
from tasks.sheets.checks import Checked, Known, check_rows
from tasks.sheets.columns import SheetKind
from tasks.sheets.crew import Crew, crew
from tasks.sheets.kinds import sheet_kind
from tasks.sheets.outcome import RowOutcome, SheetRow
from tasks.sheets.queries import active_staff, known_numbers, office_codes
from tasks.sheets.reader import SheetTable, read_tables
from tasks.sheets.report import SheetReport, TableReport
from tasks.sheets.rows import case_number, read_key

RunChunk = Callable[[str, Callable[[], None]], None]


def import_sheet(
    db: Engine,
    path: Path,
    kind: SheetKind | None = None,
    out: Path | None = None,
    docs: Path | None = None,
    on_progress: Callable[[int, int], None] = lambda done, rows: None,
    run_chunk: RunChunk = lambda name, work: work(),
) -> SheetReport:
    """Take in all tables of a file, those of one `kind` if it is given; BadInput where the file is wrong.

    out           folder of the reject sheet; else it is laid beside the file
    docs          folder of the Data Docs pages; else there are none
    on_progress   hears how many of the good rows are done
    run_chunk     runs the work of a chunk, under its name
    """
    report, chunks = SheetReport(path.name, []), list[tuple[TableReport, list[SheetRow]]]()
    tables = read_tables(path, kind)
    while tables:
        table = tables.pop(0)
        told, good = _check(db, table, docs)
        report.tables.append(told)
        chunks += [(told, rows) for rows in row_chunks(table.kind, good)]
    _apply(db, chunks, on_progress, run_chunk)
    if report.rejected:
        report.write_rejects((out or path.parent) / f"{path.stem}.rejected.xlsx")
    return report


def _check(db: Engine, table: SheetTable, docs: Path | None) -> tuple[TableReport, list[SheetRow]]:
    """Check a table; gives its report so far and the rows that may go on."""
    with db.connect() as connection:
        known = _look_up(connection, table.kind, table.rows)
    checked = check_rows(table.kind, table.rows, known)
    told = TableReport(table.kind, checked.findings, columns_of(table))
    told.note(checked.outcomes)
    if docs and checked.page:
        told.docs = _write_docs(docs, table.kind, checked)
    return told, checked.accepted


def columns_of(table: SheetTable) -> list[str]:
    """Give the headings that a table really had, those that are only shown too, in their order."""
    return list(dict.fromkeys(heading for row in table.rows for heading in row.cells))


def _look_up(connection: Connection, kind: SheetKind, rows: Sequence[SheetRow]) -> Known:
    """Find what the rows name: cases that exist, people who work here, offices."""
    staff = active_staff(connection)
    found = {STAFF: staff, "申报人工号": staff, OFFICE: office_codes(connection)}
    if not kind.decides:
        return found
    numbers = {case_number(read_key(kind, row)) for row in rows}
    return found | {CASE: known_numbers(connection, numbers)}


def _apply(
    db: Engine,
    chunks: list[tuple[TableReport, list[SheetRow]]],
    on_progress: Callable[[int, int], None],
    run_chunk: RunChunk,
) -> None:
    done, total, many = 0, sum(len(rows) for _, rows in chunks), len(chunks)
    with crew(db, many) as helpers:
        while chunks:
            on_progress(done, total)
            some, chunks[:] = chunks[: helpers.size], chunks[helpers.size :]
            rows = sum(len(rows) for _, rows in some)
            name = f"{some[0][0].kind.title} 第 {many - len(chunks)}/{many} 批 · {rows} 行 rows"
            run_chunk(name, partial(_apply_some, helpers, some))
            done += rows
    on_progress(done, total)


def _apply_some(helpers: Crew, some: Sequence[tuple[TableReport, list[SheetRow]]]) -> None:
    outcomes = helpers.map(apply_sheet_rows, [(told.kind.code, rows) for told, rows in some])
    for (told, _), of_chunk in zip(some, outcomes, strict=True):
        told.note(of_chunk)


def apply_sheet_rows(db: Engine, kind: str, rows: Sequence[SheetRow]) -> list[RowOutcome]:
    """Take the rows of one chunk through the engine, in whatever process."""
    return apply_rows(db, sheet_kind(kind), rows)


def _write_docs(folder: Path, kind: SheetKind, checked: Checked) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / f"{kind.code}.html"
    page.write_text(checked.page, "utf-8")
    return page
