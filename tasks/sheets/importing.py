"""Take a sheet in: read it, check it, bring the good rows through the engine in chunks, send the others back.

Whatever is killed in between: sent again, nothing happens twice and nothing is lost.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePath

from sqlalchemy import Engine

from schemas.forms.fields import Register
from schemas.sheet_kinds import SheetKind
from tasks.durable.stage import CHUNK
from tasks.people.queries import offices, people, stores
from tasks.sheets.apply import apply_forms
from tasks.sheets.checks import Known, check_rows
from tasks.sheets.crew import Crew, apart, crew
from tasks.sheets.forms import SheetForm, SheetRow, all_rows
from tasks.sheets.queries import cases_by_number, lines_of_cases
from tasks.sheets.reader import SheetTable, read_tables
from tasks.sheets.report import SheetReport, TableReport
from tasks.sheets.sentences import Ask, ask_sentences, load_library
from tasks.unit.collector import collector_at_rest
from tasks.unit.reading import reading

CHUNK_ROWS = 2_000  # of a chunk: for as long as it commits, a click waits for the next case number
LARGE = 128 << 10  # bytes: a workbook of 6,000 rows; the library that checks it takes as long to come as reading these
RunChunk = Callable[[str, Callable[[], None]], None]
Chunk = tuple[TableReport, list[SheetForm]]


def import_file(
    db: Engine,
    path: Path,
    kind: SheetKind | None = None,
    out: Path | None = None,
    docs: Path | None = None,
    on_progress: Callable[[int, int], None] = lambda done, rows: None,
    run_chunk: RunChunk = lambda name, work: work(),
    name: str = "",
) -> SheetReport:
    """Take in all tables of a file, those of one `kind` if it is given; BadInput where the file is wrong.

    out           folder of the reject sheet; else it is laid beside the file
    docs          folder of the Data Docs pages; else there are none
    on_progress   hears how many of the good rows are done
    run_chunk     runs the work of a chunk, under its name
    name          what people call the file; else its own name
    """
    report, chunks = SheetReport(name or path.name, []), list[Chunk]()
    with apart(ask_sentences, load_library, _is_large(path)) as asked, collector_at_rest():
        tables = read_tables(path, kind, report.name)
        while tables:
            told, good = check_table(db, tables.pop(0), docs, asked)
            report.tables.append(told)
            with reading(db) as connection:
                lines = lines_of_cases(connection, {form.key for form in good}) if told.kind.decides else {}
            chunks += [(told, forms) for forms in form_chunks(good, lines)]
    with crew(db, len(chunks)) as helpers:
        _apply(helpers, chunks, on_progress, run_chunk)
    if report.rejected:
        report.write_rejects((out or path.parent) / _rejects_of(report.name))
    return report


def _rejects_of(name: str) -> str:
    """Name the reject sheet of a file; where that is a reject sheet itself its tries are counted."""
    stem = PurePath(name).stem
    again = re.fullmatch(r"(.*\.rejected)(?:-(\d+))?", stem)
    return f"{again[1]}-{int(again[2] or 1) + 1}.xlsx" if again else f"{stem}.rejected.xlsx"


def _is_large(path: Path) -> bool:
    """Say whether a file has rows for several chunks, as far as its size tells; one that is not there has none."""
    return path.is_file() and path.stat().st_size > LARGE


def check_table(
    db: Engine, table: SheetTable, docs: Path | None = None, asked: Ask = ask_sentences
) -> tuple[TableReport, list[SheetForm]]:
    """Check a table; gives its report so far and the forms that may go on."""
    kind = table.kind
    checked = check_rows(kind, table.rows, _look_up(db, kind, table.rows), docs is not None, asked)
    told = TableReport(kind, checked.findings, list(dict.fromkeys(filter(None, table.headings))))
    told.note(checked.outcomes, table.rows)
    if docs and checked.page:
        docs.mkdir(parents=True, exist_ok=True)
        told.docs = docs / f"{kind.code}.html"
        told.docs.write_text(checked.page, "utf-8")
    return told, checked.accepted


def _look_up(db: Engine, kind: SheetKind, rows: Sequence[SheetRow]) -> Known:
    """Find what the rows name: cases that exist, people who work here, offices, stores."""
    with reading(db) as connection:
        named = [column.heading for column in kind.columns if column.register is Register.CASE]
        numbers = cases_by_number(connection, {row.values.get(name, "") for name in named for row in rows}).keys()
        staff = {code for code, person in people(connection).items() if person.active}
        places = {Register.OFFICE: offices(connection), Register.STORE: stores(connection)}
        return {Register.CASE: numbers, Register.STAFF: staff} | places


def _apply(helpers: Crew, chunks: list[Chunk], on_progress: Callable[[int, int], None], run_chunk: RunChunk) -> None:
    done, total, many = 0, sum(len(all_rows(forms)) for _, forms in chunks), len(chunks)
    while chunks:
        on_progress(done, total)
        some, chunks[:] = chunks[: helpers.at_once], chunks[helpers.at_once :]
        rows = sum(len(all_rows(forms)) for _, forms in some)
        name = f"{some[0][0].kind.title} 第 {many - len(chunks)}/{many} 批 · {rows} 行 rows"
        run_chunk(name, partial(_apply_some, helpers, some))
        done += rows
    on_progress(done, total)


def _apply_some(helpers: Crew, some: Sequence[Chunk]) -> None:
    outcomes = helpers.map(apply_forms, [(told.kind, forms) for told, forms in some])
    for (told, forms), of_chunk in zip(some, outcomes, strict=True):
        told.note(of_chunk, all_rows(forms))


def form_chunks(forms: Iterable[SheetForm], lines: Mapping[str, int] | None = None) -> list[list[SheetForm]]:
    """Cut forms into chunks of so many cases and rows; all forms of a case stay together, in order.

    `lines` says how many lines cases have: a row that decides a case moves them all.
    """
    groups: dict[str, list[SheetForm]] = {}
    for form in forms:
        groups.setdefault(form.key or f"row {form.rows[0].no}", []).append(form)
    chunks, cases, room = list[list[SheetForm]](), 0, 0
    for key, group in groups.items():
        rows = max(len(all_rows(group)), lines.get(key, 0) if lines else 0)
        if cases == CHUNK or rows > room:
            chunks.append([])
            cases, room = 0, CHUNK_ROWS
        chunks[-1] += group
        cases, room = cases + 1, room - rows
    return chunks
